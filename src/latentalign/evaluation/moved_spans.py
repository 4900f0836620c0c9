"""Where the values of a text are once the text was perturbed."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from latentalign.evaluation.perturbations import perturbed
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.segment import segment
from latentalign.text.spans import Span

KEPT_ORDER = ("typos", "casing", "punctuation")
"""Perturbations that leave the words in their places."""


def perturbed_slots(rows: list[AnnotatedText], name: str, *, seed: int = 0) -> list[AnnotatedText]:
    """Return annotated texts perturbed in one way that keeps the order of words, their values moved along."""
    texts = perturbed([one.text for one in rows], name, seed=seed)
    return [moved(one, text) for one, text in zip(rows, texts, strict=True)]


def moved(row: AnnotatedText, text: str) -> AnnotatedText:
    """Return the values of a text in a changed form of it: those words of which some character is still there.

    >>> row = AnnotatedText(text="at 7:30pm, please", slots=((Span(3, 9), "time"),))
    >>> found = moved(row, "AT 730PM PLEASE")
    >>> [(span.of(found.text), name) for span, name in found.slots]
    [('730PM', 'time')]
    """
    places: dict[int, int] = {}
    same = SequenceMatcher(None, row.text.lower(), text.lower(), autojunk=False)
    for _, first, last, begin, end in same.get_opcodes():
        if last - first == end - begin:
            places |= dict(zip(range(first, last), range(begin, end), strict=True))
    words = segment(text)
    slots = []
    for span, name in row.slots:
        here = [places[one] for one in range(*span) if one in places and not row.text[one].isspace()]
        touched = [one for one in words if any(one.start <= place < one.end for place in here)]
        if touched:
            slots.append((Span(touched[0].start, touched[-1].end), name))
    return replace(row, text=text, slots=tuple(slots))
