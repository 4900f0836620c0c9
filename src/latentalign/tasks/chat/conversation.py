"""What a bot keeps between turns, and what it says in one: plain data that any server can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from latentalign import config
from latentalign.errors import InputError
from latentalign.tasks.chat.slot_filling import SlotValue
from latentalign.tasks.classification.result import Classification


@dataclass(frozen=True, kw_only=True)
class State:
    """A conversation so far; a bot changes none, it returns another one.

    Args:
        intent: what the conversation is about.
        values: of each slot that is known.
        asked: the slots that were asked for with the last reply: a bot asks for one, a program may ask for more.
        offered: values that were offered with the last reply, by the bot or by the program that runs it; the slots have
            them once the person agrees.
        latest: the slot that was filled last.
        turns: how many texts were answered.

    >>> State.from_fields(State(intent="book a table", values={"day": "Friday"}).to_fields()).values
    {'day': 'Friday'}
    """

    intent: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    offered: dict[str, str] = field(default_factory=dict)
    latest: str | None = None
    turns: int = 0

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], *, where: str = "state") -> State:
        """Return the state that ``to_fields`` made fields of.

        Raises:
            InputError: no object, or a value of the wrong type.
            UnknownNameError: a field that a state does not have.
        """
        if not isinstance(fields, Mapping):
            raise InputError(wanted="an object with the fields of a state", came=type(fields).__name__, where=where)
        return config.parse(cls, fields, where=where)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a bot says to one text, and why.

    Args:
        text: the reply.
        said: what it answers.
        intent: what the text is taken to want; None is an abstention, and the text is the fallback.
        follows: whether the text goes on with what was said before, and does not stand for itself.
        slots: the values in it, each with its span, its score, and the text that it is like.
        corrected: slots whose value was replaced.
        agreed: slots that now have the value that was offered, since the text agrees to it.
        values: all that is known now.
        asked: the slots that are asked for.
        offered: values that the reply proposes.
        reason: why this intent, or why none.
        classification: the ranked intents, and the words of the text aligned with those that explain it.
        id: of the record, if it has one.
    """

    text: str
    said: str
    intent: str | None
    follows: bool
    slots: tuple[SlotValue, ...]
    corrected: tuple[str, ...]
    agreed: tuple[str, ...]
    values: dict[str, str]
    asked: tuple[str, ...]
    offered: dict[str, str]
    reason: str
    classification: Classification
    id: str | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def abstains(self) -> bool:
        """Whether nothing that the bot knows explains the text."""
        return self.intent is None

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        kept = ("ranked", "nothing", "evidence", "shares", "carried")
        fields = self.classification.to_fields()
        return {
            "id": self.id,
            "text": self.said,
            "reply": self.text,
            "intent": self.intent,
            "abstains": self.abstains,
            "follows": self.follows,
            "slots": [asdict(one) for one in self.slots],
            "corrected": list(self.corrected),
            "agreed": list(self.agreed),
            "values": dict(self.values),
            "asked": list(self.asked),
            "offered": dict(self.offered),
            "reason": self.reason,
            **{name: fields[name] for name in kept},
        }
