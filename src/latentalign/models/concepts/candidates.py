"""Which concepts are compared at all: for each one, those whose names share the most with its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentalign.models.concepts.likeness import Likeness
from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.vocabulary import Floats, Integers, Vocabulary

BLOCK = 256
ALIKE = 0.45
"""Words at least so alike count for the choice of candidates."""


def candidates(source: Ontology, target: Ontology, words: Vocabulary, likeness: Likeness, *, most: int) -> Integers:
    r"""Return (pair, 2) the numbers of the source and the target of each pair to compare, sorted.

    For each concept of either side, the ``most`` of the other with the highest
    $\max \hat x^\top L \, \hat y$ over their names as bags of idf-weighted words. Concepts of different kinds, such as
    a class and a property, are never compared.

    Cost: one sparse product of names by names, in blocks.
    """
    left, right = (_bags(one, words) for one in (source, target))
    table = _matrix(likeness)
    rows = [_best(scores, most) for scores in _blocks(left, table, right, source.first, target.first)]
    columns = [_best(scores, most) for scores in _blocks(right, table, left, target.first, source.first)]
    pairs: Integers = np.concatenate([_numbered(rows), _numbered(columns)[:, ::-1]])
    pairs = np.unique(pairs, axis=0)
    kinds = [np.array([concept.kind for concept in one.concepts]) for one in (source, target)]
    alike: NDArray[np.bool_] = kinds[0][pairs[:, 0]] == kinds[1][pairs[:, 1]]
    return pairs[alike]


def _bags(ontology: Ontology, words: Vocabulary) -> Tensor:
    rows = words.rows(ontology.flat)
    term, place = np.nonzero(rows >= 0)
    column = rows[term, place]
    weights = words.idf[column]
    norms = np.sqrt(np.bincount(term, weights**2, len(rows)))
    return torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([term, column])),
        torch.from_numpy((weights / norms[term]).astype(np.float32)),
        (len(rows), len(words)),
        check_invariants=False,
    ).coalesce()


def _matrix(likeness: Likeness) -> Tensor:
    kept = likeness.values >= ALIKE
    keys = likeness.keys[kept]
    return torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([keys // likeness.size, keys % likeness.size])),
        torch.from_numpy(likeness.values[kept]),
        (likeness.size, likeness.size),
        check_invariants=False,
    ).coalesce()


def _blocks(bags: Tensor, table: Tensor, other: Tensor, first: Integers, other_first: Integers) -> Iterator[Floats]:
    """Yield blocks of (concept, other concept) scores, the best over the names of both."""
    row, column = bags.indices()
    for start in range(0, len(first) - 1, BLOCK):
        stop = min(start + BLOCK, len(first) - 1)
        low, high = int(first[start]), int(first[stop])
        inside = (row >= low) & (row < high)
        dense = torch.zeros(bags.shape[1], high - low)
        dense[column[inside], row[inside] - low] = bags.values()[inside]
        scores = torch.sparse.mm(other, torch.sparse.mm(table, dense)).numpy().T
        yield _highest(_highest(scores, other_first, axis=1), first[start : stop + 1] - low, axis=0)


def _highest(scores: Floats, first: Integers, *, axis: int) -> Floats:
    """Return the maximum over the names of each concept; 0 where it has none."""
    counts = np.diff(first)
    shape = list(scores.shape)
    shape[axis] = len(counts)
    found = np.zeros(shape, dtype=np.float32)
    if scores.shape[axis] and counts.any():
        there = np.flatnonzero(counts)
        place = (slice(None), there) if axis == 1 else (there,)
        found[place] = np.maximum.reduceat(scores, first[:-1][there], axis=axis)
    return found


def _best(scores: Floats, most: int) -> Integers:
    """Return (concept, candidate) the columns of the highest scores, -1 for those of 0."""
    count = min(most, scores.shape[1])
    top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    return np.where(np.take_along_axis(scores, top, axis=1) > 0, top, -1)


def _numbered(blocks: list[Integers]) -> Integers:
    table = np.concatenate(blocks)
    row, place = np.nonzero(table >= 0)
    return np.stack([row, table[row, place]], axis=1).astype(np.int64)
