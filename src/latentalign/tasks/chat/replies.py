"""What a bot says, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from latentalign.tasks.chat.bot_file import IntentConfig, places
from latentalign.tasks.chat.filled_examples import filled

if TYPE_CHECKING:
    from latentalign.tasks.chat.turn_intent import TurnIntent


def best_reply(intent: IntentConfig, values: Mapping[str, str]) -> str:
    """Return the reply that uses most of the values that are known, the first of equals, with the values in it.

    >>> best_reply(IntentConfig(replies=("Booked.", "Booked for {day}.")), {"day": "Friday"})
    'Booked for Friday.'
    """
    usable = [one for one in intent.replies if set(places([one])) <= set(values)]
    return fill(max(usable, key=lambda one: len(places([one]))), values)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return a template with the values in their places; braces inside a value stay as they are."""
    return filled(template, values).text


def reason_of(turn: TurnIntent, *, told: Sequence[str] = (), agreed: Sequence[str] = ()) -> str:
    """Return why a text is taken to want something, or nothing that the bot knows, in a sentence.

    Args:
        turn: what it wants.
        told: the slots whose values it tells.
        agreed: the slots whose offered values it agrees to.
    """
    found = turn.classification
    first = found.ranked[0]
    agrees = f"agrees to what was offered for {', '.join(map(repr, agreed))}"
    if turn.label is None:
        return f"nothing explains it ({found.nothing:.2f}); the nearest is {first.label!r} ({first.probability:.2f})"
    if turn.label != found.label:
        if turn.continues is None:
            return f"means {turn.label!r}, for it has a value of {', '.join(map(repr, told))}"
        why = agrees if turn.continues in agreed else f"has a value of {turn.continues!r}"
        return f"goes on with {turn.label!r}, for it {why}"
    how = f"goes on with {turn.label!r}" if turn.continues else f"means {turn.label!r}"
    more = f"; {agrees}" if agreed else ""
    return f"{how} ({first.probability:.2f}), as in {found.evidence.target!r}{more}"
