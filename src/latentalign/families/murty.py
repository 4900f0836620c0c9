"""All one-to-one alignments of one item, best first, by Murty's algorithm."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentalign.families.assignment import FREE, Assignment, Flags, Indices, Reals, penalty


@dataclass(frozen=True, kw_only=True)
class _Node:
    """The best assignment of one part of the space: rows before ``row`` are held, ``row`` may not take ``excluded``."""

    row: int
    excluded: Flags
    found: Assignment


def ranked(scores: Reals, mask: Flags, *, null: bool) -> Iterator[Indices]:
    r"""Yield the one-to-one alignments, best first: for each query (row) its key, or -1 for NULL.

    Args:
        scores: (query, key).
        mask: the links that are admitted.
        null: True yields every partial matching; False those that have as many links as the mask allows.

    Cost: up to ``query`` augmenting paths for each alignment, each at worst $(n + m)^2$.

    Murty 1968, with the dual variables of the parent kept, as in Miller, Stone and Cox 1997.

    >>> [keys.tolist() for keys in ranked(np.array([[2.0, -1.0]]), np.ones((1, 2), dtype=bool), null=True)]
    [[0], [-1], [1]]
    """
    size, width = scores.shape
    first = Assignment(_square(scores, mask, null=null)).solve()
    ticket = itertools.count()
    nodes = [(0.0, next(ticket), _Node(row=0, excluded=np.zeros(size + width, dtype=bool), found=first))]
    most = None
    while nodes:
        _, _, node = heapq.heappop(nodes)
        columns = node.found.columns[:size]
        keys = np.where(columns < width, columns, FREE)
        links = int((keys != FREE).sum())
        most = links if most is None else most
        if not null and links < most:
            return
        yield keys
        for child in _children(node, size):
            total = child.found.cost[np.arange(size), child.found.columns[:size]].sum()
            heapq.heappush(nodes, (float(total), next(ticket), child))


def _children(node: _Node, size: int) -> Iterator[_Node]:
    """Split what is left of a part after its best assignment: by the first row that takes another column."""
    banned = np.zeros_like(node.excluded)
    banned[node.found.columns[: node.row]] = True
    for row in range(node.row, size):
        column = int(node.found.columns[row])
        excluded = node.excluded.copy() if row == node.row else np.zeros_like(banned)
        excluded[column] = True
        found = node.found.copy()
        found.columns[row], found.rows[column] = FREE, FREE
        if found.augment(row, excluded=excluded, banned=banned):
            yield _Node(row=row, excluded=excluded, found=found)
        banned[column] = True


def _square(scores: Reals, mask: Flags, *, null: bool) -> Reals:
    """Return the costs (query + key, key + query) of a complete assignment.

    Each query has a NULL column of its own, so that partial matchings and the choices of the queries are one for one.
    The rows below take the columns that no query takes, at no cost: all columns are used, so no dual variable is
    tied to 0 and one augmenting path mends the assignment of a child.
    """
    size, width = scores.shape
    costs = np.full((size + width, width + size), np.inf)
    costs[:size, :width] = np.where(mask, -scores, np.inf)
    costs[range(size), range(width, width + size)] = 0.0 if null else penalty(scores, mask)
    costs[size:] = 0.0
    return costs
