"""How much better a word is explained by a word of the other side than by NULL."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Found(NamedTuple):
    """What the tables of one view say about one pair of sentences.

    Args:
        links, own, alike: (source, target) how often the two types were linked; how much of that this pair itself has
            put in, 0 for a new pair; what their spelling adds.
        near: (source, target) the factor of each link for its place, see ``nearness``.
        source_links, target_links: (word,) the sum of the links of each word's type.
        null_source, null_target: (word,) how often its type was not linked.
        own_null_source, own_null_target: (word,) how much of that this pair has put in.
        null_total: (2,) the sums over all types.
        source_share, target_share: (word,) the share of its type in the text.
        smoothing, null_smoothing: as in ``StatisticalConfig``.
    """

    links: Array
    own: Array
    alike: Array
    near: Array
    source_links: Array
    target_links: Array
    null_source: Array
    null_target: Array
    own_null_source: Array
    own_null_target: Array
    null_total: Array
    source_share: Array
    target_share: Array
    smoothing: float
    null_smoothing: float


class Direction(NamedTuple):
    """The same for one direction: the words of the ``query`` side are explained by those of the ``key`` side."""

    links: Array
    own: Array
    alike: Array
    near: Array
    key_links: Array
    null: Array
    own_null: Array
    null_total: float
    share: Array
    smoothing: float
    null_smoothing: float


def nearness(rows: int, columns: int, diagonal: float) -> Array:
    r"""Return (row, column) the factor of a link for its distance from the diagonal.

    $$\exp(-\text{diagonal} \cdot |(i + 1/2) / n - (j + 1/2) / m|)$$
    """
    down, along = (np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns
    return np.exp(-diagonal * np.abs(down.reshape(-1, 1) - along))


def to_target(found: Found) -> Direction:
    """Return what explains the target words."""
    return Direction(
        found.links.T.copy(),
        found.own.T.copy(),
        found.alike.T.copy(),
        found.near.T.copy(),
        found.source_links,
        found.null_target,
        found.own_null_target,
        found.null_total[1],
        found.target_share,
        found.smoothing,
        found.null_smoothing,
    )


def to_source(found: Found) -> Direction:
    """Return what explains the source words."""
    return Direction(
        found.links,
        found.own,
        found.alike,
        found.near,
        found.target_links,
        found.null_source,
        found.own_null_source,
        found.null_total[0],
        found.source_share,
        found.smoothing,
        found.null_smoothing,
    )


def odds(side: Direction) -> tuple[Array, Array]:
    r"""Return (query, key) the odds of each key against NULL, and (query,) NULL's ratio to the share of the word.

    $$p(f | e) = \frac{[C_{ef} - c_{ef}]_+ + \alpha (g_f + s_{ef})}{[C_e - c_e]_+ + \alpha}, \quad
    p(f | \text{NULL}) = \frac{[N_f - n_f]_+ + \nu g_f}{N + \nu}, \quad
    \text{odds} = \text{near} \cdot \frac{p(f | e)}{p(f | \text{NULL})}$$

    C and N are the counts of the training text; c and n are what this pair itself has put into them and are left out,
    so that a pair of the training text is read as a new one is. Plain numpy that numba can compile, as all here.
    """
    prior = side.share.copy().reshape(-1, 1)
    explained = np.maximum(side.links - side.own, 0.0) + side.smoothing * (prior + side.alike)
    all_queries = np.maximum(side.key_links - side.own.sum(axis=0), 0.0) + side.smoothing
    unexplained = np.maximum(side.null - side.own_null, 0.0) + side.null_smoothing * side.share
    null = unexplained / (side.null_total + side.null_smoothing)
    return side.near * explained / all_queries / null.reshape(-1, 1), null / side.share
