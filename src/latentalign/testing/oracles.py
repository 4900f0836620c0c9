"""Brute force: every alignment that a family admits, written as plainly as its definition, for up to 5 by 5."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.families.family import AlignmentFamily

Links = frozenset[tuple[int, int]]
Enumeration = Callable[[Tensor], Iterator[tuple[Links, float]]]
"""From a mask (query, key) to every admitted alignment: its links, and its score apart from them."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A family and the enumeration of its alignments, which is all that the laws need to know of it.

    Args:
        family: what is tested.
        alignments: every alignment it admits under a mask (query, key), with its structural score; None if the family
            is no function of discrete alignments (entmax, transport), which then skips the laws that count them.
    """

    family: AlignmentFamily
    alignments: Enumeration | None = None

    def __str__(self) -> str:
        return str(self.family)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What enumeration says of one score matrix (query, key), in float64."""

    value: Tensor
    expected: Tensor
    entropy: Tensor
    highest: Tensor
    probabilities: Tensor
    links: list[Links]


def truth(case: Case, scores: Tensor, mask: Tensor) -> Truth:
    """Enumerate one item. ``highest`` is the best score; ``probabilities`` are those of ``links``, in order."""
    assert case.alignments is not None
    temperature = case.family.temperature
    found = list(case.alignments(mask))
    totals = torch.stack(
        [
            sum((scores[i, j].double() for i, j in sorted(links)), torch.zeros((), dtype=torch.float64)) + structure
            for links, structure in found
        ]
    )
    probabilities = (totals / temperature).softmax(dim=0)
    expected = torch.zeros(scores.shape, dtype=torch.float64)
    for chance, (links, _) in zip(probabilities, found, strict=True):
        for i, j in links:
            expected[i, j] += chance
    return Truth(
        value=temperature * torch.logsumexp(totals / temperature, dim=0),
        expected=expected,
        entropy=torch.special.entr(probabilities).sum(),
        highest=totals.max(),
        probabilities=probabilities,
        links=[links for links, _ in found],
    )


def choices(mask: Tensor, *, null: bool) -> list[list[int | None]]:
    """Return, for each query that has any key, the keys it may take, and None for NULL."""
    nothing: list[int | None] = [None] if null else []
    return [row.nonzero().flatten().tolist() + nothing if bool(row.any()) else [None] for row in mask]


def links_of(choice: Sequence[int | None]) -> Links:
    """Return the links of one choice of key (or None) a query."""
    return frozenset((i, j) for i, j in enumerate(choice) if j is not None)


def independent(*, null: bool) -> Enumeration:
    """Every query chooses on its own."""

    def alignments(mask: Tensor) -> Iterator[tuple[Links, float]]:
        for choice in itertools.product(*choices(mask, null=null)):
            yield links_of(choice), 0.0

    return alignments
