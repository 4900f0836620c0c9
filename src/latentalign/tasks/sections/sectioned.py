"""What is said of a document's sections: the section of each sentence, how sure, and the words that carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.tasks.classification.result import Guess
from latentalign.text.spans import Evidence, Span


@dataclass(frozen=True, kw_only=True)
class CarryingWord:
    """A word with what it adds to the value of its sentence's section, in log-odds over the mean of all sections."""

    span: Span
    carried: float


@dataclass(frozen=True, kw_only=True)
class SectionedSentence:
    """One sentence of a document.

    Args:
        span: where it is.
        label: its section; None is an abstention.
        ranked: sections, the most probable first; the probability is the posterior, which has seen the order.
        nothing: the probability that no section fits.
        alone: the probability of the most probable section without the order of the document.
        words: its words with what they carry, in order.
    """

    span: Span
    label: str | None
    ranked: tuple[Guess, ...]
    nothing: float
    alone: float
    words: tuple[CarryingWord, ...]

    @property
    def probability(self) -> float:
        """Of the answer."""
        found = {one.label: one.probability for one in self.ranked}
        return self.nothing if self.label is None else found[self.label]

    @property
    def because(self) -> tuple[Span, ...]:
        """The words that carry most, at most five, the most carrying first."""
        carrying = sorted((one for one in self.words if one.carried > 0), key=lambda one: -one.carried)
        return tuple(one.span for one in carrying[:5])


@dataclass(frozen=True, kw_only=True)
class Sectioned:
    """The answer for one document.

    Args:
        text: what was read.
        sentences: in order.
        evidence: the sentences (source) aligned with the names of the sections (target); the matrix is the posterior.
        id: of the record, if it has one.
    """

    text: str
    sentences: tuple[SectionedSentence, ...]
    evidence: Evidence
    id: str | None = None

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The section of each sentence."""
        return tuple(one.label for one in self.sentences)

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "id": self.id,
            "text": self.text,
            "sentences": [self._sentence(one) for one in self.sentences],
            "evidence": evidence_fields(self.evidence),
        }

    def _sentence(self, one: SectionedSentence) -> dict[str, Any]:
        return {
            "span": list(one.span),
            "text": one.span.of(self.text),
            "label": one.label,
            "probability": one.probability,
            "nothing": one.nothing,
            "alone": one.alone,
            "ranked": [
                {"label": guess.label, "probability": guess.probability, "value": guess.value} for guess in one.ranked
            ],
            "words": [{"span": list(word.span), "carried": word.carried} for word in one.words],
        }
