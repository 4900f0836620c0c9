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

Array = NDArray[np.float64]

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
    if factor > 0.0:
        for k in range(len(row)):
            total[k] += factor * row[k]


@compiled
def _dot(one: Array, other: Array) -> float:
    total = 0.0
    for k in range(len(one)):
        total += one[k] * other[k]
    return total


@compiled
def steps(keys: int, jump: Array, null_chance: float) -> tuple[Array, Array]:
    """Return (1 + key, key) the chance of a step to each key from each position, position 0 before all keys, and
    (1 + key,) the chance that the next jump would leave the last key behind."""
    reach = len(jump) // 2
    step, end = np.empty((keys + 1, keys)), np.empty(keys + 1)
    for a in range(keys + 1):
        total = 0.0
        for k in range(keys):
            weight = jump[min(max(k + 1 - a, -reach), reach) + reach]
            step[a, k] = weight
            total += weight
        leaving = jump[min(max(keys + 1 - a, -reach), reach) + reach]
        end[a] = leaving / (total + leaving)
        for k in range(keys):
            step[a, k] *= (1.0 - null_chance) / total
    return step, end


@compiled
def markov(odds: Array, jump: Array, null_chance: float, mass: Array, seen: Array) -> float:
    r"""Return the value of ``Markov(start="jump", end="jump")`` at $\log$ odds, and write the (query, key) mass.

    Args:
        odds: (query, key), above 0.
        jump: (2W + 1,) weights of the jumps, not their logs.
        null_chance: of a step to NULL.
        mass: (query, key) is written.
        seen: (2W + 1,) the expected number of jumps of each distance is added; an empty array is left alone.
    """
    queries, keys = odds.shape
    step, end = steps(keys, jump, null_chance)
    before, arrive = np.zeros((queries + 1, keys + 1)), np.zeros((queries, keys))
    before[0, 0] = 1.0
    factor = np.empty(queries)
    value = 0.0
    for q in range(queries):
        arriving = arrive[q]
        for a in range(keys + 1):
            _add(arriving, before[q, a], step[a])
        total = before[q, 0] * null_chance
        for k in range(keys):
            arrive[q, k] *= odds[q, k]
            total += arrive[q, k] + before[q, k + 1] * null_chance
        factor[q] = 1.0 / total
        value += math.log(total)
        before[q + 1, 0] = before[q, 0] * null_chance * factor[q]
        for k in range(keys):
            arrive[q, k] *= factor[q]
            before[q + 1, k + 1] = arrive[q, k] + before[q, k + 1] * null_chance * factor[q]
    total = 0.0
    for a in range(keys + 1):
        total += before[queries, a] * end[a]
    value += math.log(total)
    _backward(odds, step, end / total, null_chance, before, arrive, factor, mass, seen)
    return value


@compiled
def _backward(
    odds: Array,
    step: Array,
    behind: Array,
    null_chance: float,
    before: Array,
    arrive: Array,
    factor: Array,
    mass: Array,
    seen: Array,
) -> None:
    queries, keys = odds.shape
    reach = len(seen) // 2
    ahead, pairs = np.empty(keys), np.zeros((keys + 1, keys + 1))
    for a in range(keys + 1):
        pairs[a, keys] = before[queries, a] * behind[a]
    for q in range(queries - 1, -1, -1):
        for k in range(keys):
            mass[q, k] = arrive[q, k] * behind[k + 1]
            ahead[k] = odds[q, k] * behind[k + 1] * factor[q]
        for a in range(keys + 1):
            behind[a] = behind[a] * null_chance * factor[q] + _dot(step[a], ahead)
            if len(seen):
                _add(pairs[a], before[q, a], ahead)
    if len(seen):
        for a in range(keys + 1):
            for k in range(keys + 1):
                jumped = pairs[a, k] * (step[a, k] if k < keys else 1.0)
                seen[min(max(k + 1 - a, -reach), reach) + reach] += jumped


@compiled
def both_ways(
    found: Found,
    jump: Array,
    null_chance: float,
    ordered: bool,  # noqa: FBT001 - numba has no keyword-only arguments
    forward: Array,
    backward: Array,
    seen: Array,
) -> tuple[float, float]:
    """Return the two values of a pair, and the sum of the log ratios of NULL; write the mass of the links.

    Args:
        found: what the tables say.
        jump: (2, 2W + 1) weights, for reading the target in order and for the source.
        ordered: whether words come in order (``markov``) or not (``independent``).
        forward: (target, source) is written: the mass of each link, given the source.
        backward: (source, target) is written.
        seen: (2, 2W + 1) the jumps are added; of width 0, it is left alone.
    """
    n, m = found.links.shape
    target_odds, source_odds = np.empty((m, n)), np.empty((n, m))
    null = odds(found, target_odds, source_odds)
    if ordered:
        value = markov(target_odds, jump[0], null_chance, forward, seen[0])
        return value + markov(source_odds, jump[1], null_chance, backward, seen[1]), null
    factor = (1.0 - null_chance) / null_chance
    value = independent(target_odds, factor / n, forward) + independent(source_odds, factor / m, backward)
    return value + (n + m) * math.log(null_chance), null


@compiled
def odds(found: Found, target_odds: Array, source_odds: Array) -> float:
    """Write what ``emissions.odds`` gives for the target words and for the source words; return the sum of the logs of
    NULL's ratios."""
    n, m = found.links.shape
    all_of_source, all_of_target = np.zeros(n), np.zeros(m)
    for i in range(n):
        for j in range(m):
            all_of_source[i] += found.own[i, j]
            all_of_target[j] += found.own[i, j]
    for i in range(n):
        all_of_source[i] = 1.0 / (max(found.source_links[i] - all_of_source[i], 0.0) + found.smoothing)
    for j in range(m):
        all_of_target[j] = 1.0 / (max(found.target_links[j] - all_of_target[j], 0.0) + found.smoothing)
    null_source = np.empty(n)
    ratio = _null(found.null_source, found.own_null_source, found.source_share, found, 0, null_source)
    null_target = np.empty(m)
    ratio += _null(found.null_target, found.own_null_target, found.target_share, found, 1, null_target)
    for i in range(n):
        for j in range(m):
            links = max(found.links[i, j] - found.own[i, j], 0.0)
            alike, near = found.alike[i, j], found.near[i, j]
            to_target = links + found.smoothing * (found.target_share[j] + alike)
            target_odds[j, i] = near * to_target * all_of_source[i] / null_target[j]
            to_source = links + found.smoothing * (found.source_share[i] + alike)
            source_odds[i, j] = near * to_source * all_of_target[j] / null_source[i]
    return ratio


@compiled
def _null(null: Array, own: Array, share: Array, found: Found, side: int, chance: Array) -> float:
    """Write the chance of each word of a side under NULL, and return the sum of the logs of its ratio to the share."""
    total = 0.0
    for i in range(len(null)):
        unlinked = max(null[i] - own[i], 0.0) + found.null_smoothing * share[i]
        chance[i] = unlinked / (found.null_total[side] + found.null_smoothing)
        total += math.log(chance[i] / share[i])
    return total
