r"""Stretches: the words of a passage, so many in a row, each as one text whose vector is the mean of its states."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentalign.index.vectors import Array

STRETCH = 8
"""Words of a stretch, a power of two."""
_AT_ONCE = 1 << 10  # words whose states are summed together, so few that the sums stay in the cache


def edges(starts: Array, lengths: Array) -> tuple[Array, Array]:
    """Return (word,) where the stretch of each word of some passages begins and ends: the word and those that follow
    it, or the last ones of its passage; all of a passage that is shorter than a stretch.

    Args:
        starts: (passage,) the place of the first word of each, one passage after the other.
        lengths: (passage,) words.

    >>> edges(np.array([0, 2]), np.array([2, 9]))
    (array([0, 0, 2, 3, 3, 3, 3, 3, 3, 3, 3]), array([ 2,  2, 10, 11, 11, 11, 11, 11, 11, 11, 11]))
    """
    first, last = np.repeat(starts, lengths), np.repeat(starts + lengths, lengths)
    begins = np.maximum(np.minimum(np.arange(len(first)), last - STRETCH), first)
    return begins, np.minimum(begins + STRETCH, last)


def sizes(states: Array, bounds: Array, state_bounds: Array, pools: Array | None) -> Array:
    r"""Return (word,) float32 $\lVert \sum_{j \in b} y_j \rVert$ of the stretch $b$ of each word.

    With it, the cosine of a vector and a stretch is a sum of the products with its words.

    Args:
        states, bounds, state_bounds, pools: of a segment.

    Cost: one pass over the states.
    """
    found = np.zeros(int(bounds[-1]), dtype=np.float32)
    scale = np.float32(1 / 127 if states.dtype == np.int8 else 1.0)
    for begin, end in _parts(bounds) if states.shape[1] else ():
        rows = scale * np.asarray(states[state_bounds[begin] : state_bounds[end]], dtype=np.float32)
        lengths, words = np.diff(bounds[begin : end + 1]), slice(bounds[begin], bounds[end])
        if pools is not None:
            rows = rows[pools[words] + np.repeat(state_bounds[begin:end] - state_bounds[begin], lengths)]
        found[words] = _sizes(rows, bounds[begin:end] - bounds[begin], lengths)
    return found


def _sizes(rows: Array, starts: Array, lengths: Array) -> Array:
    """Return (word,) how long the sum of the rows of each word's stretch is."""
    begins, ends = edges(starts, lengths)
    found, long = np.zeros(len(rows), dtype=np.float32), ends - begins == STRETCH
    if long.any():
        totals, step = rows, 1
        while step < STRETCH:  # sums of two rows, of four, ...
            totals, step = totals[:-step] + totals[step:], 2 * step
        found[long] = _norms(totals)[begins[long]]
    if not long.all():
        there = lengths > 0
        wholes = _norms(np.add.reduceat(rows, starts[there], axis=0))
        found[~long] = np.repeat(wholes, lengths[there])[~long]
    return found


def _norms(rows: Array) -> Array:
    found: Array = np.sqrt(np.einsum("wf,wf->w", rows, rows))
    return found


def best(products: Array, sizes: Array, starts: Array, lengths: Array) -> Array:
    r"""Return (passage,) the largest $\cos(x, \sum_{j \in b} y_j)$ of a stretch $b$ of each; 0 without words.

    Args:
        products: (word,) $\langle x, y_j \rangle$ of the words of some passages, one passage after the other.
        sizes: (word,) of their stretches.
        starts, lengths: as in ``edges``.
    """
    found = np.zeros(len(starts), dtype=np.float32)
    there = lengths > 0
    if there.any():
        begins, ends = edges(starts, lengths)
        totals = np.concatenate([[0.0], np.cumsum(products, dtype=np.float64)])
        cosines = (totals[ends] - totals[begins]) / np.maximum(sizes, 1e-9)
        found[there] = np.maximum.reduceat(cosines, starts[there])
    return found


def _parts(bounds: Array) -> Iterator[tuple[int, int]]:
    """Yield runs of passages, not too many words at once."""
    begin, count = 0, len(bounds) - 1
    while begin < count:
        end = int(np.searchsorted(bounds, bounds[begin] + _AT_ONCE, side="right")) - 1
        end = min(max(end, begin + 1), count)
        yield begin, end
        begin = end
