"""What a corpus tells of itself without labels: its topics, and which passages are neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentalign.index.content import Content
from latentalign.index.relevance import RelevanceWeights
from latentalign.index.vectors import Array, normalized
from latentalign.registry import require

FEWEST = 50
"""Passages below which a corpus has no topics to speak of."""
TOPICS, NEIGHBOURS = 200, 5
LEXICAL = 2.0
"""The weight of shared words, against 1 for the vectors, in what makes two passages neighbours."""
TOGETHER = 20_000
"""Passages among which neighbours are looked for together; more are first cut into parts of passages that are alike."""
_BLOCK = 1024


@dataclass(frozen=True, kw_only=True, eq=False)
class Adaptation:
    """What was fitted to a corpus.

    Args:
        topics: (term, topic) float32, the right singular vectors of the passages' weighted words.
        rarity: (term,) float32, inverse document frequencies when it was fitted.
        neighbours: (passage, k) int32, numbers of passages of the same segment.
        nearness: (passage, k) float32, rows that sum to 1, or to 0 where there is none.
    """

    topics: Array
    rarity: Array
    neighbours: Array
    nearness: Array


def counts(words: Array, bounds: Array, terms: int) -> Any:
    """Return (passage, term) a sparse matrix of how often each term is in each passage."""
    sparse = require("scipy.sparse", extra="index")
    owners = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    known = words >= 0
    ones = np.ones(int(known.sum()), dtype=np.float32)
    made = sparse.csr_matrix((ones, (owners[known], words[known])), shape=(len(bounds) - 1, terms))
    made.sum_duplicates()
    return made


def rarity_of(table: Any) -> Array:
    """Return (term,) inverse document frequencies."""
    have = np.bincount(table.indices, minlength=table.shape[1])
    found: Array = np.log1p((table.shape[0] - have + 0.5) / (have + 0.5)).astype(np.float32)
    return found


def weighted(table: Any, rarity: Array) -> Any:
    r"""Return counts as $\log (1 + n)\,\mathrm{idf}$, rows of length 1."""
    sparse = require("scipy.sparse", extra="index")
    found = table.copy()
    found.data = np.log1p(found.data) * rarity[found.indices]
    norms = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    return (sparse.diags_array(1 / np.maximum(norms, 1e-9)) @ found).tocsr().astype(np.float32)


def adapt(words: Array, bounds: Array, vectors: Array, *, terms: int, whole: float, topics: float) -> Adaptation:
    r"""Return the topics and the neighbours of a corpus.

    Topics are the largest singular directions of the weighted counts (latent semantic indexing). Neighbours are the
    ``NEIGHBOURS`` passages with the largest $2 \cos(w, w') + (a \cos(\bar x, \bar y) + b \cos(t, t')) / (a + b)$, where
    $w$ are weighted words.

    Args:
        words, bounds, vectors: of the only segment.
        terms: how many there are.
        whole, topics: $a$ and $b$, as in ``RelevanceWeights``.

    Cost: a few products with the sparse counts, and the products of all pairs of passages, in blocks; beyond
    ``TOGETHER`` passages, of all pairs of a part.

    Deerwester et al. 1990 (topics); Halko, Martinsson and Tropp 2011, algorithm 4.4 (how they are found).
    """
    table = counts(words, bounds, terms)
    rarity = rarity_of(table)
    rows = weighted(table, rarity)
    directions = singular(rows, most=min(TOPICS, rows.shape[0] // 4, terms))
    both = combined(vectors, normalized(rows @ directions), whole=whole, topics=topics)
    neighbours = np.zeros((len(both), NEIGHBOURS), dtype=np.int32)
    nearness = np.zeros((len(both), NEIGHBOURS), dtype=np.float32)
    for part in alike(both, np.arange(len(both)), most=TOGETHER):
        part_rows, part_both = rows[part], both[part]
        for some in blocks(len(part)):
            found, near = nearest(part_rows[some], part_both[some], part_rows, part_both, start=some.start)
            neighbours[part[some]], nearness[part[some]] = part[found], near
    return Adaptation(topics=directions, rarity=rarity, neighbours=neighbours, nearness=nearness)


def alike(vectors: Array, places: Array, *, most: int, seed: int = 0) -> Iterator[Array]:
    """Yield the places of some vectors in parts of at most so many, cut in two along their largest direction."""
    if len(places) <= most:
        yield places
        return
    some = vectors[places]
    direction = np.asarray(np.random.default_rng(seed).standard_normal(some.shape[1]), dtype=np.float32)
    centre = some.mean(axis=0)
    for _ in range(10):  # powers of the covariance
        direction = some.T @ (some @ direction - centre @ direction)
        direction /= np.linalg.norm(direction) + 1e-9
    order = np.argsort(some @ direction, kind="stable")
    for half in np.array_split(order, 2):
        yield from alike(vectors, places[half], most=most, seed=seed)


def adapt_content(content: Content, weights: RelevanceWeights) -> Adaptation:
    """Return the topics and the neighbours of what a segment holds."""
    return adapt(
        content.words,
        content.bounds,
        content.vectors,
        terms=len(content.terms),
        whole=weights.whole,
        topics=weights.topics,
    )


def singular(rows: Any, *, most: int, passes: int = 4, seed: int = 0) -> Array:
    """Return (column, most) the right singular vectors of a sparse matrix that belong to the largest values."""
    chance = np.random.default_rng(seed)
    basis = chance.standard_normal((rows.shape[1], min(most + 20, *rows.shape))).astype(np.float32)
    for _ in range(passes):
        basis = np.linalg.qr(rows.T @ np.linalg.qr(rows @ basis)[0])[0]
    _, _, small = np.linalg.svd(rows @ basis, full_matrices=False)
    found: Array = np.ascontiguousarray((basis @ small.T)[:, :most], dtype=np.float32)
    return found


def combined(vectors: Array, found: Array, *, whole: float, topics: float) -> Array:
    r"""Return rows whose inner products are $a \cos(\bar x, \bar y) + b \cos(t, t')$."""
    return np.concatenate([np.float32(whole**0.5) * vectors, np.float32(topics**0.5) * found], axis=1)


def nearest(some: Any, some_both: Array, rows: Any, both: Array, *, start: int | None = None) -> tuple[Array, Array]:
    """Return (passage, k) the nearest passages of some, and how near they are, as shares of 1.

    Args:
        some, some_both: weighted words and vectors of some passages.
        rows, both: of all passages.
        start: the number of the first of the some in all, if they are among them; none is its own neighbour.
    """
    scale = max(float((both[0] ** 2).sum()), 1e-9) if len(both) else 1.0
    close = some_both @ both.T / np.float32(scale) + np.float32(LEXICAL) * (some @ rows.T).toarray()
    if start is not None:
        close[np.arange(len(close)), start + np.arange(len(close))] = -np.inf
    size = min(NEIGHBOURS, close.shape[1] - (start is not None))
    if size < 1:
        return np.zeros((len(close), NEIGHBOURS), np.int32), np.zeros((len(close), NEIGHBOURS), np.float32)
    best = np.argpartition(-close, size - 1, axis=1)[:, :size]
    near = np.maximum(np.take_along_axis(close, best, axis=1), 0.0)
    near = near / np.maximum(near.sum(axis=1, keepdims=True), 1e-9)
    room = ((0, 0), (0, NEIGHBOURS - size))
    return np.pad(best, room).astype(np.int32), np.pad(near, room).astype(np.float32)


def blocks(count: int) -> Iterator[slice]:
    """Yield slices of ``count`` rows."""
    for start in range(0, count, _BLOCK):
        yield slice(start, min(count, start + _BLOCK))
