"""Consistency of two views of one pair: two dropout passes, two cuts into subwords, a student and a teacher."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import ShapeError, UnsupportedError
from latentalign.families.alignment import LatentAlignment
from latentalign.objectives.reduction import Reduction, reduce


def consistency(first: LatentAlignment, second: LatentAlignment, *, reduction: Reduction = "mean") -> Tensor:
    r"""Return the symmetric divergence between two alignments of the same pair.

    $$\tfrac{1}{2} [\mathrm{KL}(p_1 \| p_2) + \mathrm{KL}(p_2 \| p_1)]
    = \tfrac{1}{2T} \langle S_1 - S_2, A_1 - A_2 \rangle$$

    The values cancel in the sum, so only the two expected alignments are computed. For a family that is no distribution
    it is the symmetric Bregman divergence of its value.

    Args:
        first: one view.
        second: another, of the same family, shape and mask. Detach the scores of a teacher.
        reduction: ``mean`` over items, ``query`` for a loss a token, ``sum``, or ``none``.

    Returns:
        A scalar, or (\*batch,) for ``none``, at least 0, in nats where the family is a distribution.

    Raises:
        UnsupportedError: the two have different families.
        ShapeError: the two have different shapes or masks.

    Cost: two expected alignments, and in the gradient their derivatives.

    >>> from latentalign.families.independent import Independent
    >>> scores = torch.zeros(1, 2, requires_grad=True)
    >>> mask = torch.ones(1, 2, dtype=torch.bool)
    >>> one = LatentAlignment(family=Independent(null=False), scores=scores, mask=mask)
    >>> other = LatentAlignment(family=Independent(null=False), scores=torch.tensor([[2.0, 0.0]]), mask=mask)
    >>> torch.autograd.grad(consistency(one, other), scores)
    (tensor([[-0.4404,  0.4404]]),)
    >>> consistency(other, other)
    tensor(0.)

    Wu et al. 2021, eq. 2 (R-Drop, there of output distributions).
    """
    if first.family != second.family:
        raise UnsupportedError(wanted=f"two alignments of one family, {first.family}", came=str(second.family))
    if first.scores.shape != second.scores.shape or not torch.equal(first.mask, second.mask):
        raise ShapeError(
            wanted=f"two alignments of one shape {tuple(first.scores.shape)} and one mask",
            came=f"{tuple(second.scores.shape)}, " + ("another mask" if first.mask.shape == second.mask.shape else ""),
        )
    apart = torch.where(first.mask, first.scores - second.scores, 0.0)
    losses = (apart * (first.expected - second.expected)).sum(dim=(-2, -1)) / (2 * first.family.temperature)
    return reduce(losses, first.mask.any(dim=-1).sum(dim=-1), reduction)
