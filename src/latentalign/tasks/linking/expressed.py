"""What is said of triples beside a text: the words that express each of them, and the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.text.spans import Evidence, Span
from latentalign.text.triples import Triple


@dataclass(frozen=True, kw_only=True)
class Expression:
    """How a text expresses a triple.

    Args:
        triple: as it was given.
        subject, object: stretches of the text that name them, one a sentence at most; none where none does.
        relation: the stretch that expresses the relation, in the sentence; None where none does.
        sentence: the number of the sentence that expresses the triple.
        probability: of this sentence among all, in [0, 1].
        covered: the share of the letters of subject and object that this sentence has words for, in [0, 1].
        evidence: the words of the sentence aligned with those of the triple.
    """

    triple: Triple
    subject: tuple[Span, ...]
    relation: Span | None
    object: tuple[Span, ...]
    sentence: int
    probability: float
    covered: float
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class ExpressedText:
    """A text with the expressions of its triples.

    Args:
        text: the text.
        sentences: its sentences.
        expressions: in the order of the triples.
        id: of the record, if it has one.
    """

    text: str
    sentences: tuple[Span, ...]
    expressions: tuple[Expression, ...]
    id: str | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence of each triple."""
        return tuple(one.evidence for one in self.expressions)

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "id": self.id,
            "text": self.text,
            "sentences": [list(one) for one in self.sentences],
            "triples": [_fields(one, self.text) for one in self.expressions],
        }


def _fields(one: Expression, text: str) -> dict[str, Any]:
    def part(name: str, spans: tuple[Span, ...]) -> dict[str, Any]:
        return {"name": name, "spans": [list(span) for span in spans], "words": [span.of(text) for span in spans]}

    return {
        "subject": part(one.triple.subject, one.subject),
        "relation": part(one.triple.relation, () if one.relation is None else (one.relation,)),
        "object": part(one.triple.object, one.object),
        "sentence": one.sentence,
        "probability": one.probability,
        "covered": one.covered,
        "evidence": evidence_fields(one.evidence),
    }
