"""Where the values of a text are once the text was perturbed."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from random import Random

from latentalign.evaluation.perturbations import SYNONYMS, WORD_ORDER, Perturbation, Perturbations
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.segment import segment
from latentalign.text.spans import Span

WHOLE = (WORD_ORDER, SYNONYMS)
"""Perturbations of the words around values; a value is moved as one word, and said as it was."""
FIRST_MARK = 0xE000
"""The first character for private use; each value is one of them while its text is changed."""


def perturbed_slots(rows: list[AnnotatedText], ways: Perturbations, name: str, *, seed: int = 0) -> list[AnnotatedText]:
    """Return annotated texts perturbed in one way, their values moved along."""
    if name in WHOLE:
        chance = Random(f"{name} {seed}")
        return [around_values(one, ways.ways[name], chance) for one in rows]
    texts = ways.changed([one.text for one in rows], name, seed=seed)
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


def around_values(row: AnnotatedText, way: Perturbation, chance: Random) -> AnnotatedText:
    """Return a text whose words around the values are perturbed; of values that overlap, only the first is kept.

    Where a value is lost on the way, as one that is written together with a word may be, the text stays as it was.

    >>> row = AnnotatedText(text="in New York today", slots=((Span(3, 11), "city"),))
    >>> found = around_values(row, lambda text, chance: " ".join(reversed(text.split(" "))), Random(0))
    >>> found.text, [span.of(found.text) for span, _ in found.slots]
    ('today New York in', ['New York'])
    """
    kept: list[tuple[str, str]] = []
    marked, reached = "", 0
    for span, name in sorted(row.slots):
        if span.start < reached:
            continue
        marked += row.text[reached : span.start] + chr(FIRST_MARK + len(kept))
        kept.append((span.of(row.text), name))
        reached = span.end
    text, slots = "", []
    for char in way(marked + row.text[reached:], chance):
        number = ord(char) - FIRST_MARK
        if 0 <= number < len(kept):
            value, name = kept[number]
            slots.append((Span(len(text), len(text) + len(value)), name))
            text += value
        else:
            text += char
    return replace(row, text=text, slots=tuple(slots)) if len(slots) == len(kept) else row
