"""Contrastive training: tell the true pairs of a batch from the false ones (parallel sentence identification)."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import InputError, ShapeError
from latentalign.families.alignment import LatentAlignment
from latentalign.families.numerics import NEG
from latentalign.objectives.reduction import Reduction, counted, reduce


def contrastive(
    grid: LatentAlignment, *, temperature: float = 1.0, per_query: bool = False, reduction: Reduction = "mean"
) -> Tensor:
    r"""Return the loss of finding each item's partner among all items of the batch, in both directions.

    $$L_k = \tfrac{1}{2} \Big[ \log \sum_l \exp \tfrac{\Phi(S_{kl}) - \Phi(S_{kk})}{\tau}
    + \log \sum_l \exp \tfrac{\Phi(S_{lk}) - \Phi(S_{kk})}{\tau} \Big]$$

    Args:
        grid: of scores (item, item, query, key), every first side against every second side; the true pairs stand on
            the diagonal.
        temperature: $\tau$, above 0, in the unit of the values; apart from the family's own temperature.
        per_query: divide each value by the number of real queries of its pair. Without it a long text outbids a short
            one where the values of several queries' sides are compared, in the second term.
        reduction: ``mean`` over items, ``sum``, or ``none``; ``query`` divides by the queries of the true pairs.

    Returns:
        A scalar, or (item,) for ``none``. An item that has no true pair, because a side of it is empty, has the loss 0
        and is no candidate for the others.

    Raises:
        ShapeError: the grid is not square in the items.
        InputError: a temperature that is not positive.

    Cost: the value of every pair of the batch. Items in other processes are not candidates.

    >>> from latentalign.families.independent import Independent
    >>> scores = torch.tensor([[4.0, 0.0], [0.0, 4.0]])[:, :, None, None].requires_grad_()
    >>> grid = LatentAlignment(family=Independent(null=False), scores=scores, mask=torch.ones_like(scores).bool())
    >>> loss = contrastive(grid)
    >>> loss.exp()
    tensor(1.0183, grad_fn=<ExpBackward0>)
    >>> torch.autograd.grad(loss, scores)[0][:, :, 0, 0]
    tensor([[-0.0090,  0.0090],
            [ 0.0090, -0.0090]])

    van den Oord, Li and Vinyals 2018, eq. 4, with the value of an alignment as the critic, once in each direction.
    """
    shape = grid.scores.shape
    if len(shape) != 4 or shape[0] != shape[1]:
        raise ShapeError(wanted="scores (item, item, query, key), square in the items", came=str(tuple(shape)))
    if not temperature > 0:
        raise InputError(wanted="a positive temperature", came=repr(temperature), where="contrastive.temperature")
    queries = counted(grid).sum(dim=-1)
    values = grid.value / queries.clamp_min(1) if per_query else grid.value
    real = queries.diagonal() > 0
    logits = torch.where(real[:, None] & real, values / temperature, NEG)
    both = logits.logsumexp(dim=0) + logits.logsumexp(dim=1)
    return reduce(both / 2 - logits.diagonal(), queries.diagonal(), reduction)
