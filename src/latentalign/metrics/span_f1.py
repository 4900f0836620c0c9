"""Labelled spans against gold, as conlleval counts them: a span is right if its borders and its label are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from latentalign.errors import InputError

LabelledSpan = tuple[int, int, str]


@dataclass(frozen=True, kw_only=True)
class SpanCounts:
    r"""Counts of spans, which add up over texts, and the rates that follow from the sums.

    Args:
        predicted, gold, right: how many spans were given, should have been, and are both.
    """

    predicted: int
    gold: int
    right: int

    @classmethod
    def of(cls, predicted: Sequence[Iterable[LabelledSpan]], gold: Sequence[Iterable[LabelledSpan]]) -> SpanCounts:
        """Count the spans ``(start, end, label)`` of some texts; one that is given twice counts twice.

        >>> SpanCounts.of([[(0, 1, "a"), (2, 3, "b")]], [[(0, 1, "a"), (2, 4, "b")]]).f1
        0.5
        """
        if len(predicted) != len(gold):
            raise InputError(wanted="as many texts as of gold", came=f"{len(predicted)} and {len(gold)}", where="spans")
        pairs = [(Counter(one), Counter(other)) for one, other in zip(predicted, gold, strict=True)]
        return cls(
            predicted=sum(one.total() for one, _ in pairs),
            gold=sum(other.total() for _, other in pairs),
            right=sum((one & other).total() for one, other in pairs),
        )

    @property
    def precision(self) -> float:
        """The share of the given spans that is right; 1 where nothing was given."""
        return self.right / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """The share of the gold spans that was given; 1 where there is none."""
        return self.right / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        r"""$2 \, \text{right} / (\text{predicted} + \text{gold})$; 1 where neither has a span."""
        both = self.predicted + self.gold
        return 2 * self.right / both if both else 1.0


def span_f1(predicted: Sequence[Iterable[LabelledSpan]], gold: Sequence[Iterable[LabelledSpan]]) -> float:
    """Return the micro-averaged F1 of labelled spans over texts.

    Args:
        predicted, gold: for each text its spans ``(start, end, label)``, disjoint.

    Raises:
        InputError: another number of texts.

    >>> span_f1([[(0, 2, "time")], []], [[(0, 2, "time")], [(1, 2, "day")]])
    0.6666666666666666

    Tjong Kim Sang and Buchholz 2000, section 5 (conlleval).
    """
    return SpanCounts.of(predicted, gold).f1
