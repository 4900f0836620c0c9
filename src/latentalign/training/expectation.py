"""One pass of expectation-maximisation over a text, compiled: links by tables, and tables by links."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.compiled import compiled
from latentalign.models.statistical.emissions import Found
from latentalign.models.statistical.kernels import all_jumps, both_ways
from latentalign.models.statistical.room import ALIKE, BACKWARD, FORWARD, LINKS, NEAR, OWN, TAKEN, Room, matrix, room
from latentalign.training.bitext import Ends, Ints, Meetings

Array = NDArray[np.float64]
UNLIKELY = 1e-9
"""A link of no more mass is not drawn."""


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
        steps: (pair of types,) how alike the two are spelled.
        alike: (step,) what the spelling adds.
        source_share, target_share: (type,) of the words of the text.
        jump: (2, 2W + 1) weights, for reading the target in order and for the source.
        diagonal, null_chance, smoothing, null_smoothing: as in ``StatisticalConfig``.
    """

    steps: NDArray[np.int8]
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
    every: int,
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
        every: of so many pairs, the jumps of one are counted.
        own: (cell,) the links, replaced.
        seen: (2, 2W + 1) the jumps are added.
    """
    longest, most = _sizes(first, end, met)
    space, value = room(longest, most), 0.0
    wide = all_jumps(prior.jump[0], longest), all_jumps(prior.jump[1], longest)
    jumps, none = np.zeros((2, 2 * longest + 3)), np.empty((2, 0))
    for p in range(first, end):
        found = _found(p, met, counts, prior, ordered, own, space)
        n, m = found.links.shape
        forward, backward = matrix(space, FORWARD, m, n), matrix(space, BACKWARD, n, m)
        counted = jumps if p % every == 0 else none
        both, null = both_ways(found, wide, prior.null_chance, ordered, forward, backward, counted, space)
        value += both + null
        _agree(forward, backward, sampled, agreement, key, met.cell_ends[p], own)
    reach = seen.shape[1] // 2
    for side in range(2):
        for place in range(2 * longest + 3):
            distance = min(max(place - longest - 1, -reach), reach)
            seen[side, distance + reach] += jumps[side, place] * wide[side][place]
    return value


@compiled
def _sizes(first: int, end: int, met: Meetings) -> tuple[int, int]:
    """Return how many words the longest side of some pairs has, and the most cells with a row and a column more."""
    longest = most = 0
    for p in range(first, end):
        n, m = met.source_ends[p + 1] - met.source_ends[p], met.target_ends[p + 1] - met.target_ends[p]
        longest, most = max(longest, n, m), max(most, (n + 1) * (m + 1))
    return longest, most


@compiled
def _found(
    p: int,
    met: Meetings,
    counts: Counts,
    prior: Prior,
    ordered: bool,  # noqa: FBT001
    own: NDArray[np.float32],
    space: Room,
) -> Found:
    """Return what the counts say about a pair, and what of that it has put in itself."""
    s, t, c = met.source_ends[p], met.target_ends[p], met.cell_ends[p]
    source, target = met.source_types[s : met.source_ends[p + 1]], met.target_types[t : met.target_ends[p + 1]]
    n, m = len(source), len(target)
    cells, put = met.cells[c : c + n * m].reshape(n, m), own[c : c + n * m].reshape(n, m)
    links, alike = matrix(space, LINKS, n, m), matrix(space, ALIKE, n, m)
    mine, near = matrix(space, OWN, n, m), matrix(space, NEAR, n, m)
    null_source, null_target = space.words[TAKEN + 4, :n], space.words[TAKEN + 5, :m]
    null_target[:] = 1.0
    for i in range(n):
        kinds, linked, spelled, mass, one = cells[i], links[i], alike[i], mine[i], put[i]
        left = 1.0
        for j in range(m):
            linked[j], spelled[j] = counts.links[kinds[j]], prior.alike[prior.steps[kinds[j]]]
            mass[j] = one[j]
            left -= mass[j]
            null_target[j] -= mass[j]
        null_source[i] = max(left, 0.0)
    for j in range(m):
        null_target[j] = max(null_target[j], 0.0)
    write_nearness(near, prior.diagonal if ordered else 0.0)
    return Found(
        links,
        mine,
        alike,
        near,
        _take(counts.source, source, space, 0),
        _take(counts.target, target, space, 1),
        _take(counts.null_source, source, space, 2),
        _take(counts.null_target, target, space, 3),
        null_source,
        null_target,
        counts.null_total,
        _take(prior.source_share, source, space, 6),
        _take(prior.target_share, target, space, 7),
        prior.smoothing,
        prior.null_smoothing,
    )


@compiled
def write_nearness(near: Array, diagonal: float) -> None:
    """Write ``emissions.nearness``: towards the diagonal and away from it, each cell is the last one times a factor."""
    n, m = near.shape
    away = math.exp(-diagonal / m)
    towards = 1.0 / away
    for i in range(n):
        row, middle = near[i], (i + 0.5) / n * m - 0.5
        crossing = min(max(math.ceil(middle), 0), m)
        factor = math.exp(-diagonal * middle / m)
        for j in range(crossing):
            row[j] = factor
            factor *= towards
        factor = math.exp(-diagonal * (crossing - middle) / m)
        for j in range(crossing, m):
            row[j] = factor
            factor *= away


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
        row, written = backward[i], own[place + i * m : place + (i + 1) * m]
        for j in range(m):
            one, other = forward[j, i], row[j]
            mass = math.sqrt(one * other) if agreement else (one + other) / 2
            if sampled:
                mass = 1.0 if mass > UNLIKELY and uniform(key, place + i * m + j) < mass else 0.0
            written[j] = mass


@compiled
def _take(values: Array, places: Ints, space: Room, number: int) -> Array:
    found = space.words[TAKEN + number, : len(places)]
    for i in range(len(places)):
        found[i] = values[places[i]]
    return found


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
