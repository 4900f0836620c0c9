"""Brute force: every alignment that a family admits, written as plainly as its definition, for up to 5 by 5."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from latentalign.families.chain import Chain
from latentalign.families.family import AlignmentFamily
from latentalign.families.markov import Markov
from latentalign.families.monotonic import Monotonic
from latentalign.families.numerics import NEG

Links = frozenset[tuple[int, int]]
Steps = tuple[tuple[int, int], ...]
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


def live(mask: Tensor) -> tuple[list[int], list[int]]:
    """Return the queries and the keys that have any admitted link; for the lattices the others are not there."""
    return mask.any(dim=1).nonzero().flatten().tolist(), mask.any(dim=0).nonzero().flatten().tolist()


def markov(family: Markov) -> Enumeration:
    """Every query takes a key or NULL; a key is paid by its jump from the last key taken, which is -1 at first."""
    to_null = 1 / (1 + math.exp(-family.null_log_odds)) if family.null else 0.0

    def weight(last: int, key: int) -> float:
        if last == -1 and family.start == "uniform":
            return 0.0
        reach = len(family.jump) // 2
        return family.jump[min(max(key - last, -reach), reach) + reach]

    def log_chance(last: int, key: int, places: int) -> float:
        return weight(last, key) - math.log(sum(math.exp(weight(last, other)) for other in range(places)))

    def structure(choice: Sequence[int | None], keys: int) -> float:
        score, last = 0.0, -1
        for key in choice:
            if key is None:
                score += math.log(to_null)
            else:
                score += math.log(1 - to_null) + log_chance(last, key, keys)
                last = key
        return score + log_chance(last, keys, keys + 1) if family.end == "jump" and choice else score

    def alignments(mask: Tensor) -> Iterator[tuple[Links, float]]:
        rows, columns = live(mask)
        for choice in itertools.product(*choices(mask[rows][:, columns], null=family.null)):
            links = frozenset((rows[i], columns[j]) for i, j in links_of(choice))
            yield links, structure(choice, len(columns))

    return alignments


def chain(family: Chain) -> Enumeration:
    """Every query takes a key or NULL; a key is paid by the step from the last key taken, or from the start."""
    last = len(family.steps) - 2

    def structure(choice: Sequence[int | None]) -> float:
        score, row = 0.0, 0
        for key in choice:
            if key is None:
                score += family.null or 0.0
            else:
                score += family.steps[row][min(key, last)]
                row = min(key, last) + 1
        return score

    def alignments(mask: Tensor) -> Iterator[tuple[Links, float]]:
        rows, _ = live(mask)
        for choice in itertools.product(*choices(mask[rows], null=family.null is not None)):
            yield frozenset((rows[i], j) for i, j in links_of(choice)), structure(choice)

    return alignments


def monotonic(family: Monotonic) -> Enumeration:
    """Every chain of links inside the band; a query or key with no link pays its gap, unless it is a free end."""

    def may_follow(link: tuple[int, int], after: tuple[int, int]) -> bool:
        step = (after[0] - link[0], after[1] - link[1])
        repeated = (step == (1, 0) and family.repeat_query) or (step == (0, 1) and family.repeat_key)
        return repeated or (step[0] > 0 and step[1] > 0)

    def chains(allowed: list[tuple[int, int]], chain: Steps = ()) -> Iterator[Steps]:
        yield chain
        for link in allowed:
            if not chain or may_follow(chain[-1], link):
                yield from chains(allowed, (*chain, link))

    def gaps(linked: set[int], size: int, gap: float | None, *, ends_are_free: bool) -> float:
        first, last = (min(linked, default=size), max(linked, default=-1)) if ends_are_free else (0, size - 1)
        skipped = [place for place in range(first, last + 1) if place not in linked]
        if gap is None:
            return -math.inf if skipped else 0.0
        return gap * len(skipped)

    def alignments(mask: Tensor) -> Iterator[tuple[Links, float]]:
        rows, columns = live(mask)
        n, m = len(rows), len(columns)
        allowed = [(i, j) for i in range(n) for j in range(m) if bool(mask[rows[i], columns[j]])]
        if family.band is not None:
            allowed = [(i, j) for i, j in allowed if abs(Fraction((2 * i + 1) * m, 2 * n) - j - 0.5) <= family.band]
        for chain in chains(allowed):
            queries, keys = {i for i, _ in chain}, {j for _, j in chain}
            structure = gaps(queries, n, family.gap_query, ends_are_free=family.ends == "local")
            structure += gaps(keys, m, family.gap_key, ends_are_free=family.ends != "global")
            if structure > -math.inf:
                yield frozenset((rows[i], columns[j]) for i, j in chain), structure

    return alignments
