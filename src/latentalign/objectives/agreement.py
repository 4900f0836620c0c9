"""Agreement of two directions: the mass that a forward and a backward alignment put on the same links."""

from __future__ import annotations

from torch import Tensor

from latentalign.errors import ShapeError
from latentalign.families.alignment import LatentAlignment
from latentalign.objectives.reduction import Reduction, reduce

LEAST = 1e-6
"""Mass below this counts as this: nearer to 0 the rounding of single precision would be most of the gradient."""


def agreement(forward: LatentAlignment, backward: LatentAlignment, *, reduction: Reduction = "mean") -> Tensor:
    r"""Return minus the log of the mass that the two directions have in common.

    $$-\log \sum_z p_1(z) \, p_2(z) = -\sum_{ij} \log [A_{ij} B_{ji} + (1 - A_{ij}) (1 - B_{ji})]$$

    over all sets of links z, where each direction is taken as the product of its link marginals A and B. It is 0 where
    both are the same and certain, and grows with doubt as well as with disagreement. Aligning nothing at all agrees
    perfectly, so train it with an objective that says what to align, such as ``likelihood`` of both directions.

    Args:
        forward: from queries to keys, scores (\*batch, query, key).
        backward: from keys to queries, scores (\*batch, key, query); the family may be another.
        reduction: ``mean`` over items, ``query`` for a loss a query of the forward direction, ``sum``, or ``none``.

    Returns:
        A scalar, or (\*batch,) for ``none``, with gradients to both directions.

    Raises:
        ShapeError: the backward scores are not of the transposed shape.

    Cost: the expected alignment of both directions, and in the gradient its derivative.

    The paper sums over alignments of two chains, which cannot be done exactly, and then replaces each posterior by the
    product of its link marginals; here that product is the objective itself, so it has a gradient.

    >>> import torch
    >>> from latentalign.families.independent import Independent
    >>> scores = torch.tensor([[50.0, -50.0], [-50.0, 50.0]], requires_grad=True)
    >>> mask = torch.ones(2, 2, dtype=torch.bool)
    >>> there = LatentAlignment(family=Independent(), scores=scores, mask=mask)
    >>> back = LatentAlignment(family=Independent(), scores=scores.mT, mask=mask)
    >>> agreement(there, back)
    tensor(0., grad_fn=<DivBackward0>)

    Liang, Taskar and Klein 2006, eq. 3.
    """
    if backward.scores.shape != forward.scores.mT.shape:
        raise ShapeError(
            wanted=f"backward scores of the transposed shape {tuple(forward.scores.mT.shape)}",
            came=str(tuple(backward.scores.shape)),
        )
    there, back = forward.expected, backward.expected.mT
    common = there * back + (1 - there) * (1 - back)
    losses = -common.clamp_min(LEAST).log().sum(dim=(-2, -1))
    return reduce(losses, forward.mask.any(dim=-1).sum(dim=-1), reduction)
