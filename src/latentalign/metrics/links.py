"""Word and sentence links against gold: precision, recall and alignment error rate."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

Pairs = Collection[tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class LinkCounts:
    r"""Counts of links, which add up over sentence pairs, and the rates that follow from the sums.

    Args:
        predicted: $|A|$, links given.
        sure: $|S|$, links that have to be there.
        in_sure: $|A \cap S|$.
        in_possible: $|A \cap P|$, where the possible links P include the sure ones.

    >>> LinkCounts.of({(0, 0), (1, 1)}, sure={(0, 0)}, possible={(1, 1)}).aer
    0.0
    """

    predicted: int
    sure: int
    in_sure: int
    in_possible: int

    @classmethod
    def of(cls, links: Pairs, *, sure: Pairs, possible: Pairs = ()) -> LinkCounts:
        """Count one pair; ``possible`` need not repeat the sure links."""
        given, certain = set(links), set(sure)
        return cls(
            predicted=len(given),
            sure=len(certain),
            in_sure=len(given & certain),
            in_possible=len(given & (certain | set(possible))),
        )

    @classmethod
    def total(cls, counts: Iterable[LinkCounts]) -> LinkCounts:
        """Add up the counts of many pairs."""
        rows = [(count.predicted, count.sure, count.in_sure, count.in_possible) for count in counts]
        predicted, sure, in_sure, in_possible = (sum(column) for column in zip(*rows, strict=True)) if rows else [0] * 4
        return cls(predicted=predicted, sure=sure, in_sure=in_sure, in_possible=in_possible)

    @property
    def precision(self) -> float:
        r"""$|A \cap P| / |A|$; 1 where nothing was given."""
        return self.in_possible / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        r"""$|A \cap S| / |S|$; 1 where nothing was wanted."""
        return self.in_sure / self.sure if self.sure else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def aer(self) -> float:
        r"""$1 - (|A \cap S| + |A \cap P|) / (|A| + |S|)$, between 0 and 1, lower is better (Och and Ney 2003, eq. 43).

        0 where there was nothing to link and nothing was linked.
        """
        links = self.predicted + self.sure
        return 1 - (self.in_sure + self.in_possible) / links if links else 0.0


def aer(counts: Iterable[LinkCounts]) -> float:
    """Return the alignment error rate of the summed counts."""
    return LinkCounts.total(counts).aer
