"""Where a group of source words stands on the target side, as one stretch: for tags and for labelled spans."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from latentalign.tasks.alignment.pair_aligner import Masses
from latentalign.text.spans import Span

MARGIN = 0.1
Group = dict[int, float]
"""The expected mass of some source words, by target unit, in order."""


class Interval(NamedTuple):
    """A stretch of target units, from ``start`` to before ``end``.

    Args:
        start, end: indices of units.
        confidence: in [0, 1], see `agreement`.
    """

    start: int
    end: int
    confidence: float


class Target(NamedTuple):
    """The mass of the target units from all source units.

    Args:
        before: for each point between units, the mass of all units before it; one more than units.
    """

    before: list[float]

    def mass(self, start: int, end: int) -> float:
        """Return the mass of a stretch of units."""
        return self.before[end] - self.before[start]


def touched(units: Sequence[Span], start: int, end: int) -> range:
    """Return the indices of the units that a stretch of the text touches; none if it is empty.

    Cost: logarithmic in the units.

    >>> touched([Span(0, 3), Span(4, 8), Span(9, 12)], 2, 6)
    range(0, 2)
    """
    if start >= end:
        return range(0)
    first = bisect.bisect_right(units, start, key=lambda unit: unit.end)
    return range(first, bisect.bisect_left(units, end, lo=first, key=lambda unit: unit.start))


def group(rows: Masses, words: Iterable[int]) -> Group:
    """Return the target mass of some source words, by target unit."""
    inside: Group = {}
    for index in words:
        for column, weight in rows[index].items():
            inside[column] = inside.get(column, 0.0) + weight
    return dict(sorted(inside.items()))


def target_mass(rows: Masses, columns: int) -> Target:
    """Return the mass of the target units.

    >>> target_mass([{0: 0.5}, {0: 0.25, 1: 1.0}], 2).mass(0, 1)
    0.75
    """
    totals = [0.0] * columns
    for row in rows:
        for column, weight in row.items():
            totals[column] += weight
    return Target([0.0, *itertools.accumulate(totals)])


def best_interval(inside: Group, target: Target, free: Iterable[tuple[int, int]]) -> tuple[float, int, int] | None:
    r"""Return the stretch that holds the most mass of the group and the least of others, with its gain.

    $$\arg\max_{[a, b)} \sum_{a \le j < b} (\text{inside}_j - \text{outside}_j - 0.1)$$

    A stretch that is not positive is none; then it is the one unit with the most mass inside, if that is above 0.1: a
    word that two source words share, only one of them in the group. The first and shortest of equal ones is taken.

    Args:
        inside: mass from the group, by unit, in order.
        target: mass from all words; what is not inside is outside.
        free: stretches that may be used.

    Cost: free stretches x units with mass inside (Kadane's algorithm on these).

    >>> target = Target([0.0, 0.9, 1.0, 1.8])
    >>> best_interval({0: 0.9, 2: 0.8}, target, [(0, 3)])[1:]
    (0, 3)
    >>> best_interval({0: 0.9, 2: 0.8}, Target([0.0, 0.9, 1.9, 2.7]), [(0, 3)])[1:]
    (0, 1)
    """
    best: tuple[float, int, int] | None = None
    single: tuple[float, int, int] | None = None
    for low, high in free:
        running, start, reached = 0.0, low, low
        for column, mass in inside.items():
            if not low <= column < high:
                continue
            running -= target.mass(reached, column) + MARGIN * (column - reached)
            if running <= 0:
                running, start = 0.0, column
            running += 2 * mass - target.mass(column, column + 1) - MARGIN
            reached = column + 1
            if running > (best[0] if best else 0.0) + 1e-9:
                best = running, start, reached
            if mass > (single[0] if single else MARGIN) + 1e-9:
                single = mass, column, reached
    return best or (single and (2 * single[0] - target.mass(*single[1:]), *single[1:]))


def agreement(inside: Group, target: Target, start: int, end: int) -> float:
    r"""Return how far a group and a stretch mean each other, in [0, 1].

    The expected mass that both have, over the mass that either has, times $\min(1, \text{mass of both})$: 1 if all
    words of the group are aligned into the stretch, it is aligned to nothing else, and there is at least one link's
    mass.

    >>> agreement({0: 0.5, 1: 0.5}, Target([0.0, 0.5, 1.0]), 0, 1)
    0.25
    """
    both = sum(mass for column, mass in inside.items() if start <= column < end)
    either = max(both, target.mass(start, end) + sum(inside.values()) - both)
    return both / either * min(1.0, both) if both > 0 else 0.0


def place_groups(groups: Sequence[Group], target: Target, low: int, high: int) -> list[Interval | None]:
    """Return a stretch for each group, disjoint, between two bounds; None where no mass is left for it.

    The group with the largest gain chooses first, then the next among the units that are left; at equal gain the
    first. An exact optimum over all orders would be exponential in the number of groups.

    Cost: groups x (free stretches + units with mass).
    """
    placed: list[Interval | None] = [None] * len(groups)
    free = [(low, high)]
    wishes = {index: best_interval(inside, target, free) for index, inside in enumerate(groups)}
    order = sorted((-found[0], index) for index, found in wishes.items() if found)
    for _, index in order:
        found = wishes[index]
        if found and not _is_free(found[1], found[2], free):
            found = best_interval(groups[index], target, free)
        if found:
            _, start, end = found
            placed[index] = Interval(start, end, agreement(groups[index], target, start, end))
            free = _without(free, start, end)
    return placed


def _is_free(start: int, end: int, free: Sequence[tuple[int, int]]) -> bool:
    return any(low <= start and end <= high for low, high in free)


def _without(free: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Return the free stretches with one taken out."""
    left = []
    for low, high in free:
        parts = ((low, min(high, start)), (max(low, end), high)) if start < high and low < end else ((low, high),)
        left += [part for part in parts if part[0] < part[1]]
    return left
