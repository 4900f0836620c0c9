"""From a loss for each item to the loss of a batch, so that padding and empty items never count."""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor

from latentalign.errors import UnknownNameError
from latentalign.families.alignment import LatentAlignment
from latentalign.families.numerics import NEG
from latentalign.registry import nearest

Reduction = Literal["mean", "query", "sum", "none"]


def counted(alignment: LatentAlignment) -> Tensor:
    r"""Return (\*batch, query) bool, the queries that a loss counts.

    Not counted are queries that no link is admitted to, and all queries of an item that the family has no alignment
    for at all, such as two queries and one key where each key has to be used once.
    """
    return alignment.mask.any(dim=-1) & (alignment.value.detach() > NEG / 2)[..., None]


def reduce(losses: Tensor, queries: Tensor, reduction: Reduction) -> Tensor:
    r"""Return the loss of a batch from the losses of its items.

    Args:
        losses: (\*batch,); what stands at an item with no query is never read.
        queries: (\*batch,) how many queries of each item count.
        reduction: ``mean`` over the items with a query; ``query`` divides the sum by the number of queries; ``sum``;
            ``none`` keeps an entry an item, 0 where the item has no query.

    Raises:
        UnknownNameError: another reduction.

    >>> import torch
    >>> losses, queries = torch.tensor([3.0, 1.0, torch.nan]), torch.tensor([6, 2, 0])
    >>> reduce(losses, queries, "mean"), reduce(losses, queries, "query"), reduce(losses, queries, "none")
    (tensor(2.), tensor(0.5000), tensor([3., 1., 0.]))
    """
    known = get_args(Reduction)
    if reduction not in known:
        raise UnknownNameError(wanted="a reduction", came=repr(reduction), fix=nearest(str(reduction), known))
    kept = losses.where(queries > 0, 0.0)
    if reduction == "none":
        return kept
    if reduction == "sum":
        return kept.sum()
    share = (queries > 0).sum() if reduction == "mean" else queries.sum()
    return kept.sum() / share.clamp_min(1)
