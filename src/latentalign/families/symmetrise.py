"""Two directional alignments into one: intersection, union, and the heuristics that grow from one to the other.

Every function takes two bool matrices of links (query, key): of the forward direction, and of the backward one,
transposed to the same axes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import torch
from torch import Tensor

NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""The eight links beside a link, in the order of the paper."""


def intersection(forward: Tensor, backward: Tensor) -> Tensor:
    """Return the links of both directions: precise."""
    return forward & backward


def union(forward: Tensor, backward: Tensor) -> Tensor:
    """Return the links of either direction: complete."""
    return forward | backward


def grow_diag(forward: Tensor, backward: Tensor) -> Tensor:
    """Return the intersection, grown by links of the union that are beside a link and cover a new query or key.

    Cost: eight neighbours for each link of the result; for a batch, one item after the other.

    >>> forward = torch.tensor([[True, True], [False, False]])
    >>> backward = torch.tensor([[True, False], [False, True]])
    >>> grow_diag(forward, backward)
    tensor([[ True,  True],
            [False,  True]])

    Och and Ney 2003; Koehn, Och and Marcu 2003. The order of the links is that of the pseudo-code of Koehn et al. 2005:
    row by row, until nothing is added.
    """
    return _each(_grow, forward, backward)


def grow_diag_final_and(forward: Tensor, backward: Tensor) -> Tensor:
    """Return ``grow_diag``, then the links of each direction whose query and key are both still without a link.

    >>> forward = torch.tensor([[True, False, False], [False, False, True]])
    >>> grow_diag_final_and(forward, torch.zeros(2, 3, dtype=torch.bool))
    tensor([[ True, False, False],
            [False, False,  True]])

    Koehn et al. 2005, with "and" in FINAL.
    """
    return _each(_grow_final_and, forward, backward)


RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "intersection": intersection,
    "union": union,
    "grow-diag": grow_diag,
    "grow-diag-final-and": grow_diag_final_and,
}


class _Cover:
    """Links, with the queries and keys that have one."""

    def __init__(self, links: Tensor) -> None:
        self.links = {(i, j) for i, j in links.nonzero().tolist()}
        self.queries = {i for i, _ in self.links}
        self.keys = {j for _, j in self.links}

    def add(self, link: tuple[int, int]) -> None:
        self.links.add(link)
        self.queries.add(link[0])
        self.keys.add(link[1])


def _grow(forward: Tensor, backward: Tensor) -> _Cover:
    """Visit links row by row. A link that was passed over stays passed over, since covers only grow: so each link is
    visited once, in the same pass if it comes later, else in the next."""
    cover = _Cover(forward & backward)
    candidates = {(i, j) for i, j in (forward | backward).nonzero().tolist()}
    waiting = [(0, link) for link in sorted(cover.links)]
    while waiting:
        visit, (i, j) = heapq.heappop(waiting)
        for down, right in NEIGHBOURS:
            beside = (i + down, j + right)
            new = beside[0] not in cover.queries or beside[1] not in cover.keys
            if new and beside in candidates:
                cover.add(beside)
                heapq.heappush(waiting, (visit + (beside < (i, j)), beside))
    return cover


def _grow_final_and(forward: Tensor, backward: Tensor) -> _Cover:
    cover = _grow(forward, backward)
    for i, j in forward.nonzero().tolist() + backward.nonzero().tolist():
        if i not in cover.queries and j not in cover.keys:
            cover.add((i, j))
    return cover


def _each(rule: Callable[[Tensor, Tensor], _Cover], forward: Tensor, backward: Tensor) -> Tensor:
    """Apply a rule to every item of a batch."""
    shape = forward.shape
    result = torch.zeros((shape[:-2].numel(), *shape[-2:]), dtype=torch.bool)
    pairs = zip(forward.reshape(result.shape), backward.reshape(result.shape), strict=True)
    for item, (one, other) in zip(result, pairs, strict=True):
        links = sorted(rule(one, other).links)
        if links:
            item[tuple(torch.tensor(links).T)] = True
    return result.reshape(shape).to(forward.device)
