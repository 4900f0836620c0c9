"""The examples of a bot with values in their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle

from latentalign.tasks.chat.bot_file import PLACE, SlotConfig
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.spans import Span


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
