"""Queries and keys that no link admits are as if they were not there: the others move to the front, and back again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """A batch whose live queries and keys come first, in their order, in the float64 that lattices are summed in.

    Args:
        scores: (batch, query, key) float64, ``NEG`` where no link is admitted.
        mask: (batch, query, key) bool, the admitted links.
        queries: (batch,) how many queries are live.
        keys: (batch,) how many keys are live.
        query_places: (batch, query) where each query of the original went.
        key_places: (batch, key) where each key of the original went.
    """

    scores: Tensor
    mask: Tensor
    queries: Tensor
    keys: Tensor
    query_places: Tensor
    key_places: Tensor

    def unpack(self, matrix: Tensor) -> Tensor:
        """Return a (batch, query, key) matrix in the order of the original."""
        return _take(matrix, self.query_places, self.key_places)


def pack(scores: Tensor, mask: Tensor) -> Packed:
    """Pack scores (batch, query, key), which are ``NEG`` outside the mask.

    Cost: two gathers. float64 because the totals of a long lattice are thousands of times the scores, and the mass is
    the exponential of a difference of two of them: in float32 a text of 1000 words loses the second digit.

    >>> mask = torch.tensor([[[False, False], [False, True]]])
    >>> packed = pack(torch.where(mask, 3.0, -1e30), mask)
    >>> packed.scores[0, 0, 0], packed.queries, packed.keys
    (tensor(3., dtype=torch.float64), tensor([1]), tensor([1]))
    >>> torch.equal(packed.unpack(packed.mask), mask)
    True
    """
    live_queries, live_keys = mask.any(dim=-1), mask.any(dim=-2)
    query_order, key_order = _live_first(live_queries), _live_first(live_keys)
    return Packed(
        scores=_take(scores.double(), query_order, key_order),
        mask=_take(mask, query_order, key_order),
        queries=live_queries.sum(dim=-1),
        keys=live_keys.sum(dim=-1),
        query_places=query_order.argsort(dim=-1),
        key_places=key_order.argsort(dim=-1),
    )


def _live_first(live: Tensor) -> Tensor:
    return (~live).to(torch.uint8).argsort(dim=-1, stable=True)


def _take(matrix: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    return matrix.take_along_dim(queries[:, :, None], dim=1).take_along_dim(keys[:, None, :], dim=2)
