"""Sparse scores of concepts against concepts into an alignment: expected by agreement, decoded one to one."""

from __future__ import annotations

import numpy as np
import torch

from latentalign.families.matching import Matching
from latentalign.models.concepts.vocabulary import Floats, Integers


def expected(pairs: Integers, scores: Floats, sizes: tuple[int, int]) -> Floats:
    r"""Return (pair,) the expected alignment of two directions with NULL that agree.

    $$A_{ij} = \sqrt{\frac{e^{S_{ij}}}{1 + \sum_l e^{S_{il}}} \cdot \frac{e^{S_{ij}}}{1 + \sum_k e^{S_{kj}}}}$$

    Args:
        pairs: (pair, 2) source and target.
        scores: in log-odds against NULL.
        sizes: how many sources and targets there are.
    """
    mass = np.exp(np.clip(scores.astype(np.float64), -30.0, 30.0))
    rows, columns = (np.bincount(pairs[:, side], mass, sizes[side])[pairs[:, side]] for side in (0, 1))
    return np.asarray(mass / np.sqrt((1 + rows) * (1 + columns)), dtype=np.float32)


def decode(pairs: Integers, scores: Floats) -> Integers:
    """Return the places of the pairs of the best one-to-one alignment; only scores above 0 beat NULL.

    The pairs that score above 0 fall into groups that share no concept; each is one item of the family `Matching`,
    so the whole is exact.

    Cost: cubic in the size of the largest group, which the words of names keep small.
    """
    worth = np.flatnonzero(scores > 0)
    groups: dict[int, list[int]] = {}
    for place, group in zip(worth.tolist(), _groups(pairs[worth]), strict=True):
        groups.setdefault(group, []).append(place)
    found = [place for places in groups.values() for place in _matched(pairs, scores, places)]
    return np.array(sorted(found), dtype=np.int64)


def _matched(pairs: Integers, scores: Floats, places: list[int]) -> list[int]:
    if len(places) == 1:
        return places
    rows = {number: row for row, number in enumerate(sorted(set(pairs[places, 0].tolist())))}
    columns = {number: column for column, number in enumerate(sorted(set(pairs[places, 1].tolist())))}
    cells = [(rows[one], columns[other]) for one, other in pairs[places].tolist()]
    table = torch.zeros(len(rows), len(columns), dtype=torch.float64)
    admitted = torch.zeros(table.shape, dtype=torch.bool)
    for (row, column), place in zip(cells, places, strict=True):
        table[row, column] = float(scores[place])
        admitted[row, column] = True
    best = Matching().best(table, admitted)
    return [place for cell, place in zip(cells, places, strict=True) if best[cell]]


def _groups(pairs: Integers) -> list[int]:
    """Return the connected component of each pair, by the number of its first concept."""
    parent: dict[tuple[int, int], tuple[int, int]] = {}

    def root(node: tuple[int, int]) -> tuple[int, int]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in pairs.tolist():
        parent[root((1, other))] = root((0, one))
    names: dict[tuple[int, int], int] = {}
    return [names.setdefault(root((0, one)), len(names)) for one, _ in pairs.tolist()]
