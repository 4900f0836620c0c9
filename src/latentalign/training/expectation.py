"""One pass of expectation-maximisation over a text, compiled: links by tables, and tables by links."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.compiled import compiled
from latentalign.models.statistical.emissions import Found
from latentalign.models.statistical.kernels import both_ways
from latentalign.training.bitext import Ends, Ints, Meetings

Array = NDArray[np.float64]


class Counts(NamedTuple):
    """What has been linked.

    Args:
        links: (pair of types,).
        source, target: (type,) the sums of the links.
        null_source, null_target: (type,) words that were not linked.
        null_total: (2,) their sums.
    """

    links: Array
    source: Array
    target: Array
    null_source: Array
    null_target: Array
    null_total: Array


class Prior(NamedTuple):
    """What is known beside the counts.

    Args:
        alike: (pair of types,) what the spelling adds.
        source_share, target_share: (type,) of the words of the text.
        jump: (2, 2W + 1) weights, for reading the target in order and for the source.
        diagonal, null_chance, smoothing, null_smoothing: as in ``StatisticalConfig``.
    """

    alike: Array
    source_share: Array
    target_share: Array
    jump: Array
    diagonal: float
    null_chance: float
    smoothing: float
    null_smoothing: float


@compiled
def meet(
    source_ends: Ends,
    target_ends: Ends,
    cell_ends: Ends,
    source_types: Ints,
    target_types: Ints,
    order: Ends,
    pair: Ints,
    target_size: int,
    cells: Ints,
) -> tuple[Ints, Ints]:
    """Number the pairs of types that meet, those of one source type together, and write the number of each cell."""
    last, place = np.full(target_size, -1, np.int32), np.empty(target_size, np.int32)
    rows, columns = np.empty(1024, np.int32), np.empty(1024, np.int32)
    count = 0
    for word in order:
        kind, p = source_types[word], pair[word]
        first, width = target_ends[p], target_ends[p + 1] - target_ends[p]
        start = cell_ends[p] + (word - source_ends[p]) * width
        for j in range(width):
            other = target_types[first + j]
            if last[other] != kind:
                if count == len(rows):
                    rows, columns = np.append(rows, rows), np.append(columns, columns)
                last[other], place[other] = kind, count
                rows[count], columns[count] = kind, other
                count += 1
            cells[start + j] = place[other]
    return rows[:count].copy(), columns[:count].copy()


@compiled
def uniform(key: np.uint64, number: int) -> float:
    """Return a number in [0, 1) that is a hash of two numbers (SplitMix64): no state, so no order and no threads."""
    x = key + np.uint64(number) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return np.float64(x >> np.uint64(11)) * 2.0**-53


@compiled
def expect(
    first: int,
    end: int,
    met: Meetings,
    counts: Counts,
    prior: Prior,
    ordered: bool,  # noqa: FBT001 - numba has no keyword-only arguments
    sampled: bool,  # noqa: FBT001
    agreement: bool,  # noqa: FBT001
    key: np.uint64,
    own: NDArray[np.float32],
    seen: Array,
) -> float:
    r"""Replace the links of some pairs by what the counts, without those links, expect of them; return their value.

    A link has the mass $\sqrt{P Q}$ of the two directions, or is drawn with that chance; without agreement the mass is
    $(P + Q) / 2$.

    Args:
        first, end: the pairs.
        ordered, sampled, agreement: whether words come in order (``Markov``) or not (``Independent``); whether links
            are drawn; whether both directions have to say so.
        key: of the random numbers.
        own: (cell,) the links, replaced.
        seen: (2, 2W + 1) the jumps are added.
    """
    value = 0.0
    for p in range(first, end):
        found = _found(p, met, counts, prior, ordered, own)
        n, m = found.links.shape
        forward, backward = np.empty((m, n)), np.empty((n, m))
        both, null = both_ways(found, prior.jump, prior.null_chance, ordered, forward, backward, seen)
        value += both + null
        _agree(forward, backward, sampled, agreement, key, met.cell_ends[p], own)
    return value


@compiled
def _found(
    p: int,
    met: Meetings,
    counts: Counts,
    prior: Prior,
    ordered: bool,  # noqa: FBT001
    own: NDArray[np.float32],
) -> Found:
    """Return what the counts say about a pair, and what of that it has put in itself."""
    s, t, c = met.source_ends[p], met.target_ends[p], met.cell_ends[p]
    source, target = met.source_types[s : met.source_ends[p + 1]], met.target_types[t : met.target_ends[p + 1]]
    n, m = len(source), len(target)
    links, alike, mine, near = np.empty((n, m)), np.empty((n, m)), np.empty((n, m)), np.empty((n, m))
    null_source, null_target = np.ones(n), np.ones(m)
    for i in range(n):
        for j in range(m):
            cell = met.cells[c + i * m + j]
            links[i, j], alike[i, j], mine[i, j] = counts.links[cell], prior.alike[cell], own[c + i * m + j]
            null_source[i] -= mine[i, j]
            null_target[j] -= mine[i, j]
            distance = abs((i + 0.5) / n - (j + 0.5) / m)
            near[i, j] = math.exp(-prior.diagonal * distance) if ordered else 1.0
    return Found(
        links,
        mine,
        alike,
        near,
        _take(counts.source, source),
        _take(counts.target, target),
        _take(counts.null_source, source),
        _take(counts.null_target, target),
        _not_below_zero(null_source),
        _not_below_zero(null_target),
        counts.null_total,
        _take(prior.source_share, source),
        _take(prior.target_share, target),
        prior.smoothing,
        prior.null_smoothing,
    )


@compiled
def _agree(
    forward: Array,
    backward: Array,
    sampled: bool,  # noqa: FBT001
    agreement: bool,  # noqa: FBT001
    key: np.uint64,
    place: int,
    own: NDArray[np.float32],
) -> None:
    """Write the mass that the two directions agree on, or links drawn by it, into the cells from a place on."""
    n, m = backward.shape
    for i in range(n):
        for j in range(m):
            one, other = forward[j, i], backward[i, j]
            mass = math.sqrt(one * other) if agreement else (one + other) / 2
            if sampled:
                mass = 1.0 if uniform(key, place + i * m + j) < mass else 0.0
            own[place + i * m + j] = mass


@compiled
def _take(values: Array, places: Ints) -> Array:
    found = np.empty(len(places))
    for i in range(len(places)):
        found[i] = values[places[i]]
    return found


@compiled
def _not_below_zero(values: Array) -> Array:
    for i in range(len(values)):
        values[i] = max(values[i], 0.0)
    return values


@compiled
def tally(met: Meetings, own: NDArray[np.float32], counts: Counts) -> None:
    """Add the links of all pairs, and the words that have none, to counts that are zero."""
    for p in range(len(met.cell_ends) - 1):
        s, t, c = met.source_ends[p], met.target_ends[p], met.cell_ends[p]
        n, m = met.source_ends[p + 1] - s, met.target_ends[p + 1] - t
        target = np.ones(m)
        for i in range(n):
            left = 1.0
            for j in range(m):
                mass = own[c + i * m + j]
                if mass > 0.0:
                    counts.links[met.cells[c + i * m + j]] += mass
                    left -= mass
                    target[j] -= mass
            counts.null_source[met.source_types[s + i]] += max(left, 0.0)
        for j in range(m):
            counts.null_target[met.target_types[t + j]] += max(target[j], 0.0)
    for cell in range(len(counts.links)):
        counts.source[met.rows[cell]] += counts.links[cell]
        counts.target[met.columns[cell]] += counts.links[cell]
    counts.null_total[0], counts.null_total[1] = counts.null_source.sum(), counts.null_target.sum()
