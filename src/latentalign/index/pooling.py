"""Fewer states than words: words of a passage with states that are alike share one."""

from __future__ import annotations

import numpy as np

from latentalign.index.vectors import Array, normalized
from latentalign.registry import require


def pooled(states: Array, *, pool: int) -> tuple[Array, Array]:
    r"""Return a share $1 / n$ of the states of a passage, and which of them stands for each word.

    Words are clustered by Ward's method on the distances $1 - \cos$, into $\lceil m / n \rceil$ clusters; the state of
    a cluster is the mean of its words' states of length 1.

    Args:
        states: (word, features) of a passage.
        pool: $n$, at least 1.

    Returns:
        (state, features) float32 of length 1; (word,) int32.

    Cost: quadratic in the words of the passage.

    Clavié, Chaffin and Adams 2024, "Reducing the Footprint of Multi-Vector Retrieval with Minimal Performance Impact
    via Token Pooling", section 2.

    >>> found, numbers = pooled(np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.1, 0.9]]), pool=2)
    >>> found.shape, numbers.tolist()
    ((2, 2), [0, 1, 0, 1])
    """
    unit, words = normalized(states), len(states)
    count = -(-words // pool)
    if count == words:
        return unit, np.arange(words, dtype=np.int32)
    hierarchy = require("scipy.cluster.hierarchy", extra="index")
    distances = 1.0 - (unit @ unit.T)[np.triu_indices(words, 1)]
    labels = hierarchy.fcluster(hierarchy.ward(np.maximum(distances, 0.0)), count, criterion="maxclust")
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    numbers = np.argsort(np.argsort(first))[inverse].astype(np.int32)  # in the order of their first words
    totals = np.zeros((len(first), unit.shape[1]), dtype=np.float32)
    np.add.at(totals, numbers, unit)
    return normalized(totals), numbers


def state_bounds(bounds: Array, pools: Array | None) -> Array:
    """Return (passage + 1,) where the states of each passage begin.

    Args:
        bounds: (passage + 1,) where its words begin.
        pools: (word,) which of the states of its passage stands for each; None where each has its own.

    >>> state_bounds(np.array([0, 3, 4]), np.array([0, 1, 0, 0])).tolist()
    [0, 2, 3]
    """
    if pools is None:
        return bounds
    counts = np.maximum.reduceat(pools, bounds[:-1]) + 1 if len(bounds) > 1 else pools
    return np.concatenate([[0], np.cumsum(counts)])
