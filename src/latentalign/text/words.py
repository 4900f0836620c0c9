"""A text into words, by the word boundaries of Unicode."""

from __future__ import annotations

import re
from unicodedata import category, normalize

from latentalign.text.breaks import pieces, trimmed
from latentalign.text.spans import Span

_TOKEN = re.compile(r"\S+")


def words(text: str, *, locale: str = "en") -> tuple[Span, ...]:
    """Return the words of a text and its punctuation marks, each a unit of its own.

    Every character that is neither whitespace nor a control or format character is in exactly one span. What the
    Unicode rules say is kept: an apostrophe or a full stop between letters or digits joins (``don't``, ``3.14``), a
    hyphen separates (``well``, ``-``, ``known``), an emoji sequence with joiners is one unit, a format character
    (joiner, direction mark, soft hyphen) belongs to the character before it. Chinese, Japanese, Thai, Lao, Khmer and
    Burmese are cut by dictionary. A piece of whitespace or of control and format characters alone, such as NUL, is
    no unit.

    Args:
        text: any string without lone surrogates.
        locale: a language tag; hardly any language changes the rules, so the default does for all.

    Returns:
        the spans, in order, disjoint, none empty.

    Raises:
        InputError: a lone surrogate; the message names its position.

    Cost: linear; some 50,000 short sentences a second.

    References:
        Unicode Standard Annex 29, Unicode Text Segmentation, section 4.

    >>> text = "I can't wait: 我在北京大学学习"
    >>> [span.of(text) for span in words(text)]
    ['I', "can't", 'wait', ':', '我在', '北京', '大学', '学习']
    """
    spans, end = [], 0
    for piece in pieces(text, unit="word", locale=locale):
        start, end = end, end + len(piece)
        if piece.isalnum():
            spans.append(Span(start, end))
        elif not piece.isspace() and (inner := trimmed(piece, start)):
            spans.append(Span(*inner))
    return tuple(spans)


def tokens(text: str) -> tuple[Span, ...]:
    """Return what stands between whitespace, for a text whose words are already separated by spaces.

    A token with no visible character in it is a token all the same: who split the text has decided.

    >>> text = "can 't  wait"
    >>> [span.of(text) for span in tokens(text)]
    ['can', "'t", 'wait']
    """
    return tuple(Span(match.start(), match.end()) for match in _TOKEN.finditer(text))


def spaced(text: str) -> str:
    """Return the letters and digits of a text in lower case, with one space before, between and after its words.

    Whether some words stand in a text as whole words is then whether the one string is in the other. A mark belongs to
    its letter, however it is encoded; a text without letters and digits is two spaces.

    >>> spaced("two") in spaced("For two, please."), spaced("two") in spaced("twofold")
    (True, False)
    >>> spaced("cafe") in spaced("cafe\u0301"), spaced("caf\u00e9") == spaced("Cafe\u0301")
    (False, True)
    """
    folded = normalize("NFC", text.casefold())
    kept = "".join(c if c.isalnum() or category(c).startswith("M") else " " for c in folded)
    return f" {' '.join(kept.split())} "
