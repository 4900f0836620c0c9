"""Brute force: every alignment that a family admits, written as plainly as its definition, for up to 5 by 5."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.families.family import AlignmentFamily
from latentalign.families.numerics import NEG

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
        hard_limit: whether the expected alignment goes to the best one as the temperature goes to 0; False where that
            limit may be fractional (balanced transport of unequal sides, the mean of two directions).
    """

    family: AlignmentFamily
    alignments: Enumeration | None = None
    hard_limit: bool = True

    def __str__(self) -> str:
        return str(self.family)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What enumeration says of one score matrix (query, key), in float64.

    ``links`` (alignment, query, key) are all admitted alignments, ``totals`` and ``probabilities`` (alignment,) their
    scores and chances. Where no alignment is admitted, ``value`` and ``highest`` are ``NEG``.
    """

    value: Tensor
    expected: Tensor
    entropy: Tensor
    highest: Tensor
    probabilities: Tensor
    totals: Tensor
    links: Tensor


def truth(case: Case, scores: Tensor, mask: Tensor) -> Truth:
    """Enumerate one item."""
    assert case.alignments is not None
    temperature = case.family.temperature
    links, structure = _listed(case.alignments, mask.shape, tuple(mask.flatten().tolist()))
    totals = links.flatten(1).double() @ torch.where(mask, scores, 0.0).flatten().double() + structure
    if not len(totals):
        impossible = torch.tensor(NEG, dtype=torch.float64)
        nothing = torch.zeros(scores.shape, dtype=torch.float64)
        return Truth(
            value=impossible,
            expected=nothing,
            entropy=nothing.sum(),
            highest=impossible,
            probabilities=totals,
            totals=totals,
            links=links,
        )
    probabilities = (totals / temperature).softmax(dim=0)
    return Truth(
        value=temperature * torch.logsumexp(totals / temperature, dim=0),
        expected=(probabilities @ links.flatten(1).double()).reshape(scores.shape),
        entropy=torch.special.entr(probabilities).sum(),
        highest=totals.max(),
        probabilities=probabilities,
        totals=totals,
        links=links,
    )


@functools.lru_cache(maxsize=512)
def _listed(alignments: Enumeration, shape: tuple[int, int], admitted: tuple[bool, ...]) -> tuple[Tensor, Tensor]:
    """Return all alignments under a mask as bool (alignment, query, key), and their structural scores.

    They do not depend on the scores, so each mask is enumerated once.
    """
    found = list(alignments(torch.tensor(admitted, dtype=torch.bool).reshape(shape)))
    links = torch.zeros((len(found), *shape), dtype=torch.bool)
    for number, (pairs, _) in enumerate(found):
        for i, j in pairs:
            links[number, i, j] = True
    return links, torch.tensor([structure for _, structure in found], dtype=torch.float64)


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


def matching(*, null: bool) -> Enumeration:
    """Every choice of keys in which no key is taken twice; without NULL, those with the most links."""

    def alignments(mask: Tensor) -> Iterator[tuple[Links, float]]:
        found = [links_of(choice) for choice in itertools.product(*choices(mask, null=True))]
        one_to_one = {links for links in found if len({j for _, j in links}) == len(links)}
        most = max(len(links) for links in one_to_one)
        for links in one_to_one:
            if null or len(links) == most:
                yield links, 0.0

    return alignments
