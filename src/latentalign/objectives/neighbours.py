"""Neighbourhood components: each text should be explained by texts of its own class."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from latentalign.objectives.reduction import Reduction, reduce


def neighbours(values: Tensor, labels: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""Return how unlikely the right candidates are, each text explained by any other text.

    $$L_i = -\log \frac{\exp V(x_i, c_i)}{\sum_c \exp V(x_i, c)}$$

    where the value of a candidate is reduced over its texts without the text itself
    (``models.matcher.reduction.by_candidate``). So what is trained is the very function that answers later, and
    candidates that were not there in training can be answered. It takes values and no alignment, since those of a whole
    memory are reduced before; so it is not in the registry of objectives, which all take an alignment.

    Args:
        values: (text, candidate) values of alignments.
        labels: (text,) the right candidates.
        reduction: ``mean`` over texts, ``sum``, or ``none``.

    Returns:
        A scalar, or (text,) for ``none``.

    Cost: one softmax.

    >>> import torch
    >>> neighbours(torch.zeros(1, 4), torch.tensor([0])).exp()
    tensor(4.)

    Goldberger, Roweis, Hinton and Salakhutdinov 2005, eq. 7 (the logarithm of the chance of the right class), with the
    value of an alignment in place of a distance; Wu, Efros and Yu 2018, section 3.2 (a memory of all texts).
    """
    losses = F.cross_entropy(values, labels, reduction="none")
    return reduce(losses, losses.new_ones(losses.shape), reduction)
