"""The two families that statistical aligners need, compiled: ``Independent`` and ``Markov`` on odds against NULL.

They take odds and not scores, because the tables give odds: odds = exp(score). Each sum is kept between 0 and 1 by a
factor a row, so it cannot overflow, and NULL, whose odds are 1, keeps it from vanishing. tests/test_statistical.py
holds both to the families in float64.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical import spelling
from latentalign.models.statistical.compiled import compiled
from latentalign.models.statistical.emissions import Found
from latentalign.models.statistical.room import (
    AHEAD,
    ARRIVE,
    BEFORE,
    BEHIND,
    FACTOR,
    NULL_SOURCE,
    NULL_TARGET,
    OF_SOURCE,
    OF_TARGET,
    SCALE,
    SOURCE_ODDS,
    TARGET_ODDS,
    Room,
    matrix,
)

Array = NDArray[np.float64]
TINY = 1e-150
"""Products of chances are logged when they leave the range from this to its inverse; a chance is never outside."""

likeness = compiled(spelling.likeness)
"""``spelling.likeness``, compiled."""


@compiled
def independent(odds: Array, factor: float, mass: Array) -> float:
    r"""Return $\sum_q \log(1 + \text{factor} \sum_k \text{odds}_{qk})$ and write the (query, key) mass of each link."""
    value = 0.0
    for q in range(odds.shape[0]):
        total = 1.0
        for k in range(odds.shape[1]):
            mass[q, k] = factor * odds[q, k]
            total += mass[q, k]
        value += math.log(total)
        for k in range(odds.shape[1]):
            mass[q, k] /= total
    return value


@compiled
def _add(total: Array, factor: float, row: Array) -> None:
    for k in range(len(total)):
        total[k] += factor * row[k]


@compiled
def _dot(one: Array, other: Array) -> float:
    total = 0.0
    for k in range(len(one)):
        total += one[k] * other[k]
    return total


@compiled
def _sum(row: Array) -> float:
    total = 0.0
    for k in range(len(row)):
        total += row[k]
    return total


@compiled
def all_jumps(jump: Array, keys: int) -> Array:
    """Return (2 keys + 3,) the weight of each jump from -(keys + 1) to keys + 1; the outermost serve beyond."""
    reach, furthest = len(jump) // 2, keys + 1
    wide = np.empty(2 * furthest + 1)
    for distance in range(-furthest, furthest + 1):
        wide[distance + furthest] = jump[min(max(distance, -reach), reach) + reach]
    return wide


@compiled
def markov(
    odds: Array,
    wide: Array,
    null_chance: float,
    mass: Array,
    seen: Array,
    room: Room,
) -> float:
    r"""Return the value of ``Markov(start="jump", end="jump")`` at $\log$ odds, and write the (query, key) mass.

    The chance of a step from one position to each key is a stretch of the weights of the jumps, so no matrix of steps
    is made.

    Args:
        odds: (query, key), above 0.
        wide: from ``all_jumps``, for at least so many keys: weights of the jumps, not their logs.
        null_chance: of a step to NULL.
        mass: (query, key) is written.
        seen: like ``wide``; the expected number of jumps of each distance is added, each divided by the weight of its
            jump. An empty array is left alone.
        room: to work in.
    """
    queries, keys = odds.shape
    first = len(wide) // 2 + 1
    before, arrive = matrix(room, BEFORE, queries + 1, keys + 1), matrix(room, ARRIVE, queries, keys)
    factor, scale, behind = room.words[FACTOR], room.words[SCALE], room.words[BEHIND]
    for a in range(keys + 1):
        total, leaving = _sum(wide[first - a : first - a + keys]), wide[first - a + keys]
        scale[a], behind[a] = (1.0 - null_chance) / total, leaving / (total + leaving)
    before[0, :] = 0.0
    before[0, 0] = 1.0
    value, product = 0.0, 1.0
    for q in range(queries):
        arriving, here, there, row = arrive[q], before[q], before[q + 1], odds[q]
        arriving[:] = 0.0
        for a in range(keys + 1):
            weight = here[a] * scale[a]
            if weight > 0.0:
                _add(arriving, weight, wide[first - a : first - a + keys])
        total = here[0] * null_chance
        for k in range(keys):
            arriving[k] *= row[k]
            total += arriving[k] + here[k + 1] * null_chance
        product *= min(max(total, TINY), 1 / TINY)
        if not TINY < product < 1 / TINY:
            value, product = value + math.log(product), 1.0
        factor[q] = 1.0 / total
        staying = null_chance * factor[q]
        there[0] = here[0] * staying
        for k in range(keys):
            arriving[k] *= factor[q]
            there[k + 1] = arriving[k] + here[k + 1] * staying
    total = _dot(before[queries], behind[: keys + 1])
    for a in range(keys + 1):
        behind[a] /= total
        if len(seen):
            seen[first - a + keys] += before[queries, a] * behind[a] / wide[first - a + keys]
    _backward(odds, wide, null_chance, mass, seen, room)
    return value + math.log(product) + math.log(total)


@compiled
def _backward(odds: Array, wide: Array, null_chance: float, mass: Array, seen: Array, room: Room) -> None:
    queries, keys = odds.shape
    first = len(wide) // 2 + 1
    before, arrive = matrix(room, BEFORE, queries + 1, keys + 1), matrix(room, ARRIVE, queries, keys)
    factor, scale, behind = room.words[FACTOR], room.words[SCALE], room.words[BEHIND]
    ahead, after, counting = room.words[AHEAD, :keys], behind[1 : keys + 1], len(seen) > 0
    for q in range(queries - 1, -1, -1):
        arriving, here, row, found = arrive[q], before[q], odds[q], mass[q]
        staying = null_chance * factor[q]
        for k in range(keys):
            found[k] = arriving[k] * after[k]
            ahead[k] = row[k] * after[k] * factor[q]
        for a in range(keys + 1):
            begin = first - a
            behind[a] = behind[a] * staying + scale[a] * _dot(wide[begin : begin + keys], ahead)
            if counting:
                weight = here[a] * scale[a]
                if weight > 0.0:
                    _add(seen[begin : begin + keys], weight, ahead)


@compiled
def both_ways(
    found: Found,
    wide: tuple[Array, Array],
    null_chance: float,
    ordered: bool,  # noqa: FBT001 - numba has no keyword-only arguments
    forward: Array,
    backward: Array,
    seen: Array,
    room: Room,
) -> tuple[float, float]:
    """Return the two values of a pair, and the sum of the log ratios of NULL; write the mass of the links.

    Args:
        found: what the tables say.
        wide: from ``all_jumps``, for reading the target in order and for the source.
        ordered: whether words come in order (``markov``) or not (``independent``).
        forward: (target, source) is written: the mass of each link, given the source.
        backward: (source, target) is written.
        seen: (2, 2 size + 3) the jumps are added, see ``markov``; of width 0, it is left alone.
        room: to work in.
    """
    n, m = found.links.shape
    target_odds, source_odds = matrix(room, TARGET_ODDS, m, n), matrix(room, SOURCE_ODDS, n, m)
    null = odds(found, target_odds, source_odds, room)
    if ordered:
        value = markov(target_odds, wide[0], null_chance, forward, seen[0], room)
        return value + markov(source_odds, wide[1], null_chance, backward, seen[1], room), null
    factor = (1.0 - null_chance) / null_chance
    value = independent(target_odds, factor / n, forward) + independent(source_odds, factor / m, backward)
    return value + (n + m) * math.log(null_chance), null


@compiled
def odds(found: Found, target_odds: Array, source_odds: Array, room: Room) -> float:
    """Write what ``emissions.odds`` gives for the target words and for the source words; return the sum of the logs of
    NULL's ratios."""
    n, m = found.links.shape
    of_source, of_target = room.words[OF_SOURCE, :n], room.words[OF_TARGET, :m]
    of_target[:] = 0.0
    for i in range(n):
        of_source[i] = 1.0 / (max(found.source_links[i] - _sum(found.own[i]), 0.0) + found.smoothing)
        _add(of_target, 1.0, found.own[i])
    for j in range(m):
        of_target[j] = 1.0 / (max(found.target_links[j] - of_target[j], 0.0) + found.smoothing)
    null_source, null_target = room.words[NULL_SOURCE, :n], room.words[NULL_TARGET, :m]
    ratio = _null(found.null_source, found.own_null_source, found.source_share, found, 0, null_source)
    ratio += _null(found.null_target, found.own_null_target, found.target_share, found, 1, null_target)
    for i in range(n):
        links, own, alike, near, to_source = found.links[i], found.own[i], found.alike[i], found.near[i], source_odds[i]
        share, factor, source_factor = found.source_share[i], of_source[i], null_source[i]
        for j in range(m):
            linked = max(links[j] - own[j], 0.0) + found.smoothing * alike[j]
            explained = linked + found.smoothing * found.target_share[j]
            target_odds[j, i] = near[j] * explained * factor * null_target[j]
            to_source[j] = near[j] * (linked + found.smoothing * share) * of_target[j] * source_factor
    return ratio


@compiled
def _null(null: Array, own: Array, share: Array, found: Found, side: int, inverse: Array) -> float:
    """Write the inverse of the chance of each word of a side under NULL, and return the sum of the logs of the ratio of
    that chance to the share of the word."""
    total, product = 0.0, 1.0
    for i in range(len(null)):
        unlinked = max(null[i] - own[i], 0.0) + found.null_smoothing * share[i]
        inverse[i] = (found.null_total[side] + found.null_smoothing) / unlinked
        product *= min(max(inverse[i] * share[i], TINY), 1 / TINY)
        if not TINY < product < 1 / TINY:
            total, product = total - math.log(product), 1.0
    return total - math.log(product)
