"""What a classifier says of a text: its answer or an abstention, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.text.sentences import sentences
from latentalign.text.spans import Evidence, Span


@dataclass(frozen=True, kw_only=True)
class Guess:
    """One candidate with its probability.

    Args:
        label: its name.
        probability: calibrated, in [0, 1]; with several answers at once, against NULL alone.
        value: of the match, in log-odds.
    """

    label: str
    probability: float
    value: float


@dataclass(frozen=True, kw_only=True)
class Named:
    """Words that name something in the catalogue that the classifier was trained with.

    Args:
        span: of the text.
        concepts: the ids of the concepts that have the name.
        carried: what its words carry of the value of the best candidate, in log-odds.
    """

    span: Span
    concepts: tuple[str, ...]
    carried: float


@dataclass(frozen=True, kw_only=True)
class Classification:
    """The answer for one text.

    Args:
        text: what was classified.
        labels: the answer: one label, several where several are allowed, or none.
        ranked: candidates, the most probable one first.
        nothing: the probability that no candidate explains the text.
        possible: the labels of the conformal set, which misses the right one no more often than the error rate says.
        evidence: the words of the text aligned with those of the text that explains it best, also for an abstention.
        shares: of each link of the evidence, its share of what all links carry.
        carried: of each word of the text, what it carries of the value, in log-odds.
        named: the names of a catalogue in the text, from left to right; empty where there is no catalogue.
        id: of the record, if it has one.
    """

    text: str
    labels: tuple[str, ...]
    ranked: tuple[Guess, ...]
    nothing: float
    possible: tuple[str, ...]
    evidence: Evidence
    shares: tuple[float, ...]
    carried: tuple[float, ...]
    named: tuple[Named, ...] = ()
    id: str | None = None

    @property
    def label(self) -> str | None:
        """The most probable label of the answer; None is an abstention."""
        return self.labels[0] if self.labels else None

    @property
    def abstains(self) -> bool:
        """Whether no candidate is good enough to say so."""
        return not self.labels

    @property
    def sentences(self) -> tuple[tuple[Span, float], ...]:
        """The sentences of the text with what their words carry together, those that carry most first."""
        words = list(zip(self.evidence.source_spans, self.carried, strict=True))
        found = [
            (one, sum(carried for span, carried in words if one.start <= span.start < one.end))
            for one in sentences(self.text, wrapped=True)
        ]
        return tuple(sorted(found, key=lambda pair: -pair[1]))

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "id": self.id,
            "text": self.text,
            "label": self.label,
            "labels": list(self.labels),
            "abstains": self.abstains,
            "nothing": self.nothing,
            "ranked": [{"label": one.label, "probability": one.probability, "value": one.value} for one in self.ranked],
            "possible": list(self.possible),
            "evidence": evidence_fields(self.evidence),
            "shares": list(self.shares),
            "carried": list(self.carried),
            "named": [
                {"span": list(one.span), "concepts": list(one.concepts), "carried": one.carried} for one in self.named
            ],
            "sentences": [{"span": list(span), "carried": carried} for span, carried in self.sentences],
        }
