"""What is said of the slots of an utterance: each value with its span, its probability, and the words that carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.tasks.sections.sectioned import CarryingWord
from latentalign.text.spans import Evidence, Span


@dataclass(frozen=True, kw_only=True)
class FoundSlot:
    """A value that was found in an utterance.

    Args:
        slot: whose value it is.
        span: of the utterance.
        text: the words.
        probability: that exactly these words are a value of this slot.
        words: the words of the utterance with what they carry, in order.
    """

    slot: str
    span: Span
    text: str
    probability: float
    words: tuple[CarryingWord, ...]

    @property
    def because(self) -> tuple[Span, ...]:
        """The words that carry most, at most five, the most carrying first."""
        carrying = sorted((one for one in self.words if one.carried > 0), key=lambda one: -one.carried)
        return tuple(one.span for one in carrying[:5])


@dataclass(frozen=True, kw_only=True)
class TaggedUtterance:
    """The answer for one utterance.

    Args:
        text: what was read.
        slots: its values, in order, disjoint.
        evidence: the words (source) aligned with the names of slots (target); NULL is no slot.
        id: of the record, if it has one.
    """

    text: str
    slots: tuple[FoundSlot, ...]
    evidence: Evidence
    id: str | None = None

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "id": self.id,
            "text": self.text,
            "slots": [
                {
                    "slot": one.slot,
                    "span": list(one.span),
                    "text": one.text,
                    "probability": one.probability,
                    "because": [span.of(self.text) for span in one.because],
                }
                for one in self.slots
            ],
            "evidence": evidence_fields(self.evidence),
        }
