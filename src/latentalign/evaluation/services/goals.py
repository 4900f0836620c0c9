"""The goals of users of services: which are right after a turn, and how a table says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from latentalign.evaluation.report import Cell
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.span_f1 import SpanCounts
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.chat.service_bot import value_of
from latentalign.tasks.slots.dialogues import Service
from latentalign.tasks.slots.service_utterances import ServiceUtterance

Values = dict[str, str]
"""Slot to value."""
Said = list[ServiceUtterance]
"""What one dialogue says to one service, in order."""


def by_service(utterances: Sequence[ServiceUtterance]) -> list[Said]:
    """Return what a dialogue says to each service, in order."""
    found: dict[str, Said] = {}
    for one in utterances:
        found.setdefault(one.service, []).append(one)
    return list(found.values())


def goals(
    said: Sequence[Said],
    told: Sequence[Sequence[Values]],
    *,
    carried: bool = True,
    agrees: Sequence[bool] | None = None,
) -> list[list[Values]]:
    """Return the goal after each turn: what was told replaces what was known, and offers that are agreed to add to it.

    Args:
        said: what each dialogue says to a service.
        told: the values of each turn.
        carried: whether what was known before a turn stays.
        agrees: for each turn of all dialogues, whether the user agrees; None takes no offers.
    """
    agreed, found = iter(agrees or ()), []
    for some, row in zip(said, told, strict=True):
        state, states = State(), []
        for one, values in zip(some, row, strict=True):
            offered = dict(one.offered) if agrees is not None and next(agreed) else {}
            before = state.values if carried else {}
            state = replace(state, values={**before, **offered, **values}, turns=state.turns + 1)
            states.append(state.values)
        found.append(states)
    return found


def goal_row(
    name: str,
    said: Sequence[Said],
    told: Sequence[Sequence[Values]],
    states: Sequence[Sequence[Values]],
    services: Mapping[str, Service],
    *,
    chances: Sequence[Sequence[float]] = (),
    intents: Sequence[Sequence[str | None]] = (),
) -> dict[str, Cell]:
    """Return the row of a system.

    Args:
        name: of the system.
        said: what each dialogue says to a service.
        told: the values that it finds in each turn.
        states: the goal that it has after each turn.
        services: by name.
        chances: the probabilities of the values, if it gives any.
        intents: what it takes each turn to want, if it says so; None where it abstains.
    """
    turns = [one for some in said for one in some]
    given = [[(0, 0, f"{slot}={value.casefold()}") for slot, value in values.items()] for row in told for values in row]
    gold = [_told(one, services) for one in turns]
    counts = SpanCounts.of(given, gold)
    right = [value in some for row, some in zip(given, gold, strict=True) for value in row]
    stated = [chance for row in chances for chance in row]
    joint, average = [], []
    for one, values in zip(turns, (values for row in states for values in row), strict=True):
        met = sum(_is_one_of(values.get(name), wanted) for name, wanted in one.frame.state.items())
        joint.append(met == len(one.frame.state) == len(values))
        if one.frame.state:
            average.append(met / len(one.frame.state))
    return {
        "system": name,
        "told F1": counts.f1,
        "ECE": calibration_error(stated, right) if stated else "–",
        "goal": sum(joint) / len(joint),
        "average": sum(average) / max(1, len(average)),
        "intent": _right_intents(turns, [one for row in intents for one in row], services) if intents else "–",
    }


def _right_intents(
    turns: Sequence[ServiceUtterance], intents: Sequence[str | None], services: Mapping[str, Service]
) -> float:
    """Return the share of the turns while something is wanted that are taken to want that."""
    pairs = [
        (one.frame.intent, given)
        for one, given in zip(turns, intents, strict=True)
        if one.frame.intent in services[one.service].intents
    ]
    return sum(wanted == given for wanted, given in pairs) / max(1, len(pairs))


def _is_one_of(value: str | None, given: Sequence[str]) -> bool:
    return value is not None and value.casefold() in {one.casefold() for one in given}


def _told(one: ServiceUtterance, services: Mapping[str, Service]) -> list[tuple[int, int, str]]:
    slots = services[one.service].slots
    values = {name: value_of(slots[name], span.of(one.annotated.text)) for span, name in one.annotated.slots}
    return [(0, 0, f"{name}={value.casefold()}") for name, value in values.items()]


def per_slot(said: Sequence[Said], told: Sequence[Sequence[Values]], services: Mapping[str, Service]) -> Iterator[str]:
    """Yield the F1 of the values of each slot that is told, and how often it is."""
    pairs = [(one, values) for some, row in zip(said, told, strict=True) for one, values in zip(some, row, strict=True)]
    for service in services.values():
        mine = [(one, values) for one, values in pairs if one.service == service.name]
        for name in service.asked:
            gold = [[one for one in _told(turn, services) if one[2].startswith(f"{name}=")] for turn, _ in mine]
            given = [
                [(0, 0, f"{name}={values[name].casefold()}")] if name in values else list[tuple[int, int, str]]()
                for _, values in mine
            ]
            counts = SpanCounts.of(given, gold)
            if counts.gold:
                yield f"{service.name} {name} {counts.f1:.2f} ({counts.gold})"
