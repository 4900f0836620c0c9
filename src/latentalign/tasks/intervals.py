"""Where a group of source words stands on the target side, as one stretch: for tags and for labelled spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from latentalign.tasks.pair_aligner import Masses
from latentalign.text.spans import Span

MARGIN = 0.05


class Interval(NamedTuple):
    """A stretch of target units, from ``start`` to before ``end``.

    Args:
        start, end: indices of units.
        confidence: in [0, 1], see `agreement`.
    """

    start: int
    end: int
    confidence: float


class Group(NamedTuple):
    """The target mass of some source words, and that of all the others.

    Args:
        inside: for each target unit, the expected mass from the words of the group.
        outside: the same from all other words.
    """

    inside: list[float]
    outside: list[float]


def shares(units: Sequence[Span], start: int, end: int) -> dict[int, float]:
    """Return the units that a stretch of the text touches, each with the share of it that is inside.

    >>> shares([Span(0, 3), Span(4, 8)], 0, 6)
    {0: 1.0, 1: 0.5}
    """
    found = {}
    for index, unit in enumerate(units):
        common = min(end, unit.end) - max(start, unit.start)
        if common > 0:
            found[index] = common / (unit.end - unit.start)
    return found


def group(rows: Masses, words: Mapping[int, float], totals: Sequence[float]) -> Group:
    """Return the target mass inside and outside of some source words.

    Args:
        rows: the expected alignment.
        words: source units with the share of each that counts.
        totals: the mass of each target unit from all source units.
    """
    inside = [0.0] * len(totals)
    for index, share in words.items():
        for column, weight in rows[index].items():
            inside[column] += share * weight
    return Group(inside, [max(0.0, total - mass) for total, mass in zip(totals, inside, strict=True)])


def column_totals(rows: Masses, columns: int) -> list[float]:
    """Return the mass of each target unit from all source units.

    >>> column_totals([{0: 0.5}, {0: 0.25, 1: 1.0}], 2)
    [0.75, 1.0]
    """
    totals = [0.0] * columns
    for row in rows:
        for column, weight in row.items():
            totals[column] += weight
    return totals


def best_interval(masses: Group, free: Iterable[tuple[int, int]]) -> tuple[float, int, int] | None:
    r"""Return the stretch that holds the most mass of the group and the least of others, with its gain.

    $$\arg\max_{[a, b)} \sum_{a \le j < b} (\text{inside}_j - \text{outside}_j - 0.05)$$

    A stretch that is not positive is none; then it is the one unit with the most mass inside, if that is above 0.05:
    a word that two source words share, only one of them in the group. The first and shortest of equal ones is taken.

    Args:
        masses: of the group.
        free: stretches that may be used.

    Cost: linear in the units (Kadane's algorithm).

    >>> best_interval(Group([0.9, 0.0, 0.8], [0.0, 0.1, 0.0]), [(0, 3)])[1:]
    (0, 3)
    >>> best_interval(Group([0.9, 0.0, 0.8], [0.0, 1.0, 0.0]), [(0, 3)])[1:]
    (0, 1)
    """
    best: tuple[float, int, int] | None = None
    single: tuple[float, int, int] | None = None
    for low, high in free:
        running, start = 0.0, low
        for column in range(low, high):
            mass = masses.inside[column]
            if running <= 0:
                running, start = 0.0, column
            running += mass - masses.outside[column] - MARGIN
            if running > (best[0] if best else 0.0) + 1e-12:
                best = running, start, column + 1
            if mass > (single[0] if single else MARGIN):
                single = mass, column, column + 1
    return best or (single and (single[0] - masses.outside[single[1]], *single[1:]))


def agreement(masses: Group, start: int, end: int) -> float:
    r"""Return how far a group and a stretch mean each other, in [0, 1].

    The expected mass that both have, over the mass that either has, times $\min(1, \text{mass inside})$: 1 if all
    words of the group are aligned into the stretch, it is aligned to nothing else, and there is at least one link's
    mass.

    >>> agreement(Group([0.9, 0.9], [0.0, 0.0]), 0, 1)
    0.45
    """
    both = sum(masses.inside[start:end])
    either = both + sum(masses.outside[start:end]) + sum(masses.inside[:start]) + sum(masses.inside[end:])
    return both / either * min(1.0, both) if both > 0 else 0.0


def place_groups(groups: Sequence[Group], low: int, high: int) -> list[Interval | None]:
    """Return a stretch for each group, disjoint, between two bounds; None where no mass is left for it.

    The group with the largest gain chooses first, then the next among the units that are left; at equal gain the
    first. An exact optimum over all orders would be exponential in the number of groups.

    Cost: groups x units.
    """
    placed: list[Interval | None] = [None] * len(groups)
    free = [(low, high)]
    wishes = {index: best_interval(masses, free) for index, masses in enumerate(groups)}
    order = sorted((-found[0], index) for index, found in wishes.items() if found)
    for _, index in order:
        found = wishes[index]
        if found and not _is_free(found[1], found[2], free):
            found = best_interval(groups[index], free)
        if found:
            _, start, end = found
            placed[index] = Interval(start, end, agreement(groups[index], start, end))
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
