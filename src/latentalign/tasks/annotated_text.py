"""Texts whose words are known to be values of slots: the examples of a bot with values in their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from latentalign.tasks.bot_file import PLACE, SlotConfig
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class AnnotatedText:
    """A text with the spans that are values.

    Args:
        text: as somebody may say it.
        slots: the span of each value, and the name of its slot.
        asked: the slots that had been asked for, where that is known.
    """

    text: str
    slots: tuple[tuple[Span, str], ...] = ()
    asked: tuple[str, ...] = ()

    def labels(self, spans: Sequence[Span]) -> tuple[str | None, ...]:
        """Return, for each word, the slot that it is part of a value of."""
        return tuple(
            next((name for place, name in self.slots if place.start <= one.start and one.end <= place.end), None)
            for one in spans
        )


def filled(template: str, values: Mapping[str, str]) -> AnnotatedText:
    """Return a template with values in its places.

    >>> filled("a table for {people}", {"people": "two"}).slots
    ((Span(start=12, end=15), 'people'),)
    """
    text, slots, reached = "", [], 0
    for place in PLACE.finditer(template):
        text += template[reached : place.start()]
        value = values[place[1]]
        slots.append((Span(len(text), len(text) + len(value)), place[1]))
        text += value
        reached = place.end()
    return AnnotatedText(text=text + template[reached:], slots=tuple(slots))


def fill_in_turn(templates: Iterable[str], slots: Mapping[str, SlotConfig]) -> Iterator[AnnotatedText]:
    """Yield each template once, filled with the ways to say the values, one after the other.

    >>> slots = {"day": SlotConfig(values=("today", "Monday"))}
    >>> [one.text for one in fill_in_turn(["on {day}", "and {day}?", "{day}"], slots)]
    ['on today', 'and Monday?', 'today']
    """
    ways = {name: cycle(sayings(slot, name)) for name, slot in slots.items()}
    for template in templates:
        yield filled(template, {name: next(ways[name]) for name in PLACE.findall(template)})


def sayings(slot: SlotConfig, name: str) -> tuple[str, ...]:
    """Return ways to say a value; where none is known, what it is."""
    return tuple(slot.ways) or (slot.description or name,)
