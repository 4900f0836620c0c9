"""The assignment problem: one column for each row at the least total cost, by shortest augmenting paths."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Reals = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

FREE = -1
"""The column of a row that has none yet, and the row of a column that has none."""


class Assignment:
    r"""A partial assignment that is optimal for the rows it covers, with the dual variables that prove it.

    $$u_i + v_j \le c_{ij}, \quad \text{with equality on the assigned pairs, and } v_j = 0 \text{ on free columns}$$

    Args:
        cost: (rows, columns), at least as many columns as rows, infinite where a pair is excluded.

    >>> Assignment(np.array([[4.0, 1.0], [3.0, 2.0]])).solve().columns
    array([1, 0])
    """

    def __init__(self, cost: Reals) -> None:
        rows, columns = cost.shape
        self.cost = np.ascontiguousarray(cost)
        self.u = cost.min(axis=1) if columns else np.zeros(rows)
        self.v = np.zeros(columns)
        self.columns: Indices = np.full(rows, FREE)
        self.rows: Indices = np.full(columns, FREE)

    def copy(self) -> Assignment:
        """Return one that can be changed on its own; the cost matrix is shared."""
        new = object.__new__(Assignment)
        new.cost, new.u, new.v = self.cost, self.u.copy(), self.v.copy()
        new.columns, new.rows = self.columns.copy(), self.rows.copy()
        return new

    def solve(self) -> Assignment:
        """Assign every row, and return this object.

        Cost: rows times rows times columns at worst; each inner step is one pass over a row.
        """
        for row, column in enumerate(self.cost.argmin(axis=1).tolist()):
            if self.rows[column] == FREE:
                self.columns[row], self.rows[column] = column, row
        for row in np.flatnonzero(self.columns == FREE).tolist():
            self.augment(row)
        return self

    def augment(self, row: int, *, excluded: Flags | None = None, banned: Flags | None = None) -> bool:
        """Assign one more row along the shortest augmenting path; return whether there is one.

        Args:
            row: a row without a column.
            excluded: (columns,) columns which this row may not take.
            banned: (columns,) columns which the path may not touch.

        Jonker and Volgenant 1987, in the rectangular form of Crouse 2016.
        """
        ahead = np.full(len(self.v), np.inf)
        distance, previous = ahead.copy(), np.full(len(self.v), FREE)
        price = self.v if banned is None else np.where(banned, -np.inf, self.v)
        price, free = price.copy(), self.rows == FREE
        costs = self.cost[row] if excluded is None else np.where(excluded, np.inf, self.cost[row])
        current, travelled = row, 0.0
        while True:
            reached = costs - price
            reached += travelled - self.u[current]
            np.copyto(previous, current, where=reached < ahead)
            np.minimum(ahead, reached, out=ahead)
            column = int(ahead.argmin())
            travelled = float(ahead[column])
            if travelled == np.inf:
                return False
            ends = (ahead == travelled) & free
            if ends.any():
                column = int(ends.argmax())
                break
            distance[column], ahead[column], price[column] = travelled, np.inf, -np.inf
            current = int(self.rows[column])
            costs = self.cost[current]
        self._reprice(row, distance, travelled)
        self._flip(row, column, previous)
        return True

    def _reprice(self, row: int, distance: Reals, travelled: float) -> None:
        scanned = np.flatnonzero(distance < np.inf)
        slack = travelled - distance[scanned]
        self.u[row] += travelled
        self.u[self.rows[scanned]] += slack
        self.v[scanned] -= slack

    def _flip(self, row: int, column: int, previous: Indices) -> None:
        while True:
            giver = int(previous[column])
            self.rows[column] = giver
            column, self.columns[giver] = int(self.columns[giver]), column
            if giver == row:
                return


def costs_of(scores: Reals, mask: Flags, *, null: bool) -> Reals:
    """Return the costs (rows, columns) whose least assignment is the best one-to-one alignment.

    With ``null``, a link that does not pay costs 0 and is left out afterwards. Without it, a masked link costs more
    than all scores together, so that there are as many links as the mask allows.
    """
    if null:
        return -np.where(mask, scores, 0.0).clip(min=0.0)
    return np.where(mask, -scores, penalty(scores, mask))


def penalty(scores: Reals, mask: Flags) -> float:
    """Return a cost that no gain elsewhere in an assignment can outweigh."""
    largest = np.abs(scores[mask]).max(initial=0.0)
    return float(2.0 * (min(scores.shape) + 1) * largest + 1.0)


def match(scores: Tensor, mask: Tensor, *, null: bool) -> Tensor:
    """Return (batch, query, key) bool, the one-to-one alignment of highest score for each item.

    Args:
        scores: (batch, query, key).
        mask: the links that are admitted.
        null: True takes a link only where it pays (score above 0); False takes as many links as the mask allows, and
            of those alignments the best.
    """
    links = torch.zeros(scores.shape, dtype=torch.bool)
    for index, query, key, worth, admitted in items(scores, mask):
        flip = len(query) > len(key)
        costs = costs_of(worth, admitted, null=null)
        columns = Assignment(costs.T if flip else costs).solve().columns
        every = np.arange(len(columns))
        rows, taken = (columns, every) if flip else (every, columns)
        kept = admitted[rows, taken] & ((worth[rows, taken] > 0) | (not null))
        links[index, query[rows[kept]], key[taken[kept]]] = True
    return links.to(mask.device)


def items(scores: Tensor, mask: Tensor) -> Iterator[tuple[int, Indices, Indices, Reals, Flags]]:
    """Yield the items of a batch that admit any link, without their masked rows and columns: the index, the rows and
    columns that are left, their scores and mask."""
    values = scores.detach().double().cpu().numpy()
    admitted = mask.cpu().numpy()
    for index in np.flatnonzero(admitted.any(axis=(1, 2))).tolist():
        query = np.flatnonzero(admitted[index].any(axis=1))
        key = np.flatnonzero(admitted[index].any(axis=0))
        yield index, query, key, values[index][np.ix_(query, key)], admitted[index][np.ix_(query, key)]
