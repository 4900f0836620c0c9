"""A text into sentences, by the sentence boundaries of Unicode."""

from __future__ import annotations

import re

from latentalign.text.breaks import pieces, trimmed
from latentalign.text.spans import Span

# Titles and labels that stand before a name or a number. CLDR leaves them out; "no." and "p." are absent because they
# also end sentences.
_BEFORE_A_NAME = re.compile(r"\b(?:Dr|Drs|Mr|Mrs|Ms|Mme|Mlle|Hr|Fr|Prof|Rev|Gen|Sen|Gov|Capt|Lt|Sgt|St|Fig|Eq|cf)\.$")
_LONGEST = 6
_LINE_BREAK = re.compile(r"[\n\r\x85\u2028\u2029]")
# A line break that no blank line follows; the last break of a blank line matches too, which leaves the first.
_WRAP = re.compile(r"(?:\r\n|[\n\r\x85\u2028])(?![^\S\n\r\x85\u2028\u2029]*[\n\r\x85\u2028\u2029])")


def sentences(text: str, *, locale: str = "en", wrapped: bool = False) -> tuple[Span, ...]:
    """Return the sentences of a text, without the whitespace around them.

    Every visible character is in exactly one span. A line break ends a sentence: a heading, an item of a list and a
    line of a file with one sentence a line have no full stop. In a text that was wrapped to a width it does not, so
    ``wrapped`` reads a single line break as a space; a blank line ends a sentence in both cases.

    An abbreviation ends no sentence if CLDR lists it for the locale or if it is a title before a name (Dr., Prof.);
    others, and initials, still do: this is rules, no model.

    Args:
        text: any string without lone surrogates.
        locale: a language tag; it chooses the abbreviations (de, en, es, fr, it, pt, ru have some).
        wrapped: the lines were cut to a width and not at the end of a sentence.

    Returns:
        the spans, in order, disjoint, none empty.

    Raises:
        InputError: a lone surrogate; the message names its position.

    Cost: linear, and 0.2 ms a call in which ICU loads the abbreviations.

    References:
        Unicode Standard Annex 29, Unicode Text Segmentation, section 5; CLDR, segmentation suppressions.

    >>> text = "Dr. Wu met Mr. Li. 他们谈了。很久。"
    >>> [span.of(text) for span in sentences(text)]
    ['Dr. Wu met Mr. Li.', '他们谈了。', '很久。']
    """
    if wrapped:
        text = _WRAP.sub(lambda match: " " * len(match.group()), text)
    spans: list[Span] = []
    end = 0
    for piece in pieces(text, unit="sentence", locale=locale):
        start, end = end, end + len(piece)
        inner = trimmed(piece, start)
        if inner is None:
            continue
        if spans and _goes_on(text, spans[-1], inner[0]):
            spans[-1] = Span(spans[-1].start, inner[1])
        else:
            spans.append(Span(*inner))
    return tuple(spans)


def _goes_on(text: str, last: Span, start: int) -> bool:
    """Return whether the sentence before ``start`` ended with a title, and not with a line."""
    tail = text[max(last.start, last.end - _LONGEST) : last.end]
    return bool(_BEFORE_A_NAME.search(tail)) and not _LINE_BREAK.search(text, last.end, start)
