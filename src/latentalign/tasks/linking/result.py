"""What a linker says of a text: its mentions, what they mean, how probable that is, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.text.spans import Evidence, Span


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """One concept that a mention may mean.

    Args:
        concept: its id.
        label: its preferred name.
        name: that of its names which is most like the mention.
        probability: calibrated, in [0, 1].
        value: in log-odds.
    """

    concept: str
    label: str
    name: str
    probability: float
    value: float


@dataclass(frozen=True, kw_only=True)
class LinkedMention:
    """A mention with its meaning.

    Args:
        span: of the text.
        text: the words.
        concept: the id of the answer; None where no concept of the catalogue is probable enough (NIL).
        ranked: concepts, the most probable one first.
        nothing: the probability that no concept of the catalogue is meant.
        found: the probability that these words are a mention at all; 1 for a given one.
        form: what was compared with the name: the words, or with their abbreviations written out.
        evidence: the words of the form aligned with those of the name of the first concept; None if there is no
            candidate.
        parts: what each feature gives to the value of the first concept, in log-odds; they sum to the value.
        carried: of each word of the form, what it carries of the value, in log-odds.
    """

    span: Span
    text: str
    concept: str | None
    ranked: tuple[Meaning, ...]
    nothing: float
    found: float
    form: str
    evidence: Evidence | None
    parts: Mapping[str, float]
    carried: tuple[float, ...]

    @property
    def label(self) -> str | None:
        """The preferred name of the answer."""
        return self.ranked[0].label if self.concept is not None else None

    @property
    def probability(self) -> float:
        """That of the answer, NIL or not."""
        return self.ranked[0].probability if self.concept is not None else self.nothing

    @property
    def abstains(self) -> bool:
        """Whether no concept is the answer."""
        return self.concept is None

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "start": self.span.start,
            "end": self.span.end,
            "text": self.text,
            "concept": self.concept,
            "label": self.label,
            "probability": self.probability,
            "nothing": self.nothing,
            "found": self.found,
            "form": self.form,
            "ranked": [
                {"concept": one.concept, "label": one.label, "name": one.name, "probability": one.probability}
                for one in self.ranked
            ],
            "parts": dict(self.parts),
            "carried": list(self.carried),
            "evidence": None if self.evidence is None else evidence_fields(self.evidence),
        }


@dataclass(frozen=True, kw_only=True)
class LinkedText:
    """A text with its mentions linked.

    Args:
        text: the text.
        mentions: in the order of the text, or of the given ones.
        id: of the record, if it has one.
    """

    text: str
    mentions: tuple[LinkedMention, ...]
    id: str | None = None

    @property
    def evidence(self) -> tuple[Evidence | None, ...]:
        """The evidence of each mention."""
        return tuple(one.evidence for one in self.mentions)

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {"id": self.id, "text": self.text, "mentions": [one.to_fields() for one in self.mentions]}
