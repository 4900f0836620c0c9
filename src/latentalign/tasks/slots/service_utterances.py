"""What people say to services, with the values in it: utterances of dialogues, to learn from or to measure on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.dialogues import Dialogue, Frame, Service, ServiceSlot
from latentalign.text.spans import Span

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
AGREES = frozenset({"AFFIRM", "SELECT"})
OFFERS = frozenset({"OFFER", "CONFIRM"})


class ServiceUtterance(NamedTuple):
    """What a person says to one service.

    Args:
        annotated: the text with its values, and the slots that the system has just asked for.
        service: the name of the service.
        frame: what it does.
        offered: the values that the system has offered or asked to confirm, all turns before together.
        first: whether no earlier turn of the dialogue spoke of the service.
    """

    annotated: AnnotatedText
    service: str
    frame: Frame
    offered: Mapping[str, str]
    first: bool


def ways(slot: ServiceSlot) -> dict[str, tuple[str, ...]]:
    """Return the values of a slot, each with other ways to say it: small numbers as words.

    >>> ways(ServiceSlot("how many", ("2", "many")))
    {'2': ('two',), 'many': ()}
    """
    return {one: (WORDS[int(one)],) if one.isdecimal() and int(one) < len(WORDS) else () for one in slot.values}


def service_utterances(
    dialogues: Iterable[Dialogue], services: Mapping[str, Service]
) -> Iterator[list[ServiceUtterance]]:
    """Yield what each dialogue says to some services, in order; dialogues that speak of none are left out."""
    for dialogue in dialogues:
        found = list(_of_dialogue(dialogue, services))
        if found:
            yield found


def _of_dialogue(dialogue: Dialogue, services: Mapping[str, Service]) -> Iterator[ServiceUtterance]:
    asked: dict[str, tuple[str, ...]] = {}
    offered: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for turn in dialogue.turns:
        known = [one for one in turn.frames if one.service in services]
        if not turn.user:
            asked = {one.service: _asked(one) for one in turn.frames}
            for one in known:
                offered.setdefault(one.service, {}).update(_offered(one, services[one.service]))
            continue
        for one in known:
            annotated = AnnotatedText(
                text=turn.text,
                slots=values_of(turn.text, one, services[one.service]),
                asked=asked.get(one.service, ()),
            )
            before = dict(offered.get(one.service, {}))
            yield ServiceUtterance(annotated, one.service, one, before, one.service not in seen)
            seen.add(one.service)


def values_of(text: str, frame: Frame, service: Service) -> tuple[tuple[Span, str], ...]:
    """Return the values in a text: those that are marked, and those of a list that are told and stand there."""
    open_to = service.asked
    found = [(span, name) for span, name in frame.spans if name in open_to and span.end <= len(text)]
    for act in frame.acts:
        slot = open_to.get(act.slot)
        if slot is not None and slot.values and act.values:
            said = (act.values[0], *ways(slot).get(act.values[0], ()))
            found += [(span, act.slot) for span in _mentions(text, said)][:1]
    return tuple(sorted(found))


def _mentions(text: str, said: Sequence[str]) -> list[Span]:
    return [
        Span(*match.span())
        for way in said
        for match in re.finditer(rf"(?<!\w){re.escape(way)}(?!\w)", text, re.IGNORECASE)
    ]


def _asked(frame: Frame) -> tuple[str, ...]:
    return tuple(one.slot for one in frame.acts if one.kind == "REQUEST")


def _offered(frame: Frame, service: Service) -> dict[str, str]:
    return {
        one.slot: one.values[0] for one in frame.acts if one.kind in OFFERS and one.values and one.slot in service.asked
    }
