"""Short words that are written together with the next or the last one: l'homme, qu'il, John's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from latentalign.text.spans import Span

_ELIDED = re.compile(r"\w+['’](?=\w)")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s$", re.IGNORECASE)
_WHOLE = frozenset({"aujourd'hui", "quelqu'un", "quelqu'une", "quelqu'uns", "prud'homme", "prud'hommes"})
RULES = {"fr": "elision", "it": "elision", "ca": "elision", "oc": "elision", "en": "possessive"}
"""Which rule a language has; the others have none."""


def split_clitics(text: str, spans: Sequence[Span], *, language: str) -> tuple[Span, ...]:
    """Return the words of a text with the clitics of its language cut off, as word aligners count them.

    After an apostrophe that stands for a lost vowel (French, Italian, Catalan, Occitan) a new word begins, but in
    words like ``aujourd'hui``. In English, ``'s`` is a word of its own; ``don't`` stays whole. Other languages: as is.

    Args:
        text: the text.
        spans: its words, see ``words``.
        language: a language tag; what comes after ``-`` or ``_`` does not matter.

    Cost: linear.

    >>> from latentalign.text.words import words
    >>> text = "L'homme qu'on voit aujourd'hui"
    >>> [span.of(text) for span in split_clitics(text, words(text), language="fr")]
    ["L'", 'homme', "qu'", 'on', 'voit', "aujourd'hui"]
    >>> text = "John's dog doesn't"
    >>> [span.of(text) for span in split_clitics(text, words(text), language="en-GB")]
    ['John', "'s", 'dog', "doesn't"]
    """
    rule = RULES.get(re.split("[-_]", language)[0].lower())
    if rule is None:
        return tuple(spans)
    found: list[Span] = []
    for span in spans:
        word, start = span.of(text), span.start
        if "'" not in word and "’" not in word:
            found.append(span)
            continue
        if rule == "elision" and word.replace("’", "'").casefold() not in _WHOLE:
            for match in _ELIDED.finditer(word):
                found.append(Span(start, span.start + match.end()))
                start = span.start + match.end()
        elif rule == "possessive" and (ending := _POSSESSIVE.search(word)):
            found.append(Span(start, span.start + ending.start()))
            start = span.start + ending.start()
        found.append(Span(start, span.end))
    return tuple(found)
