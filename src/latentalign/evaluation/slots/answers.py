"""Values that some system finds in utterances, and how many of them are right."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from latentalign.metrics.span_f1 import LabelledSpan, SpanCounts
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.spans import Span


@dataclass(frozen=True)
class Answer:
    """A value that some system gives, with its probability."""

    span: Span
    slot: str
    probability: float

    @property
    def key(self) -> LabelledSpan:
        """Its characters and its slot."""
        return (self.span.start, self.span.end, self.slot)


class SlotSystem(ABC):
    """Anything that finds values in utterances."""

    @abstractmethod
    def find(self, rows: Sequence[AnnotatedText]) -> list[list[Answer]]:
        """Return the values of each text; those that the texts bring are not looked at."""


def gold_of(row: AnnotatedText) -> list[LabelledSpan]:
    """Return the values of a text, each once, by their characters and their slot."""
    return sorted({(span.start, span.end, name) for span, name in row.slots})


def counted(answers: Sequence[Sequence[Answer]], rows: Sequence[AnnotatedText]) -> SpanCounts:
    """Return how many values are right, by their characters and their slot."""
    return SpanCounts.of([[one.key for one in some] for some in answers], [gold_of(one) for one in rows])
