"""The marginal likelihood: what is known of the queries once every alignment has been summed over."""

from __future__ import annotations

from torch import Tensor

from latentalign.families.alignment import LatentAlignment
from latentalign.objectives.emission import against_null
from latentalign.objectives.reduction import Reduction, counted, reduce


def likelihood(
    alignment: LatentAlignment, emission: Tensor, *, null: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    r"""Return minus the log-likelihood of the queries given the keys, whatever the alignment.

    $$-\log \sum_a p(a | x) \, p(y | a, x) = \Phi(S) - \Phi(S + E) - \sum_i \log p(y_i | \text{NULL})$$

    with $E_{ij} = \log p(y_i | x_j) - \log p(y_i | \text{NULL})$. At another temperature than 1 it is the same
    difference of values, in the unit of the scores. Where a family lets a query have several links, it counts the
    emission of each.

    Args:
        alignment: before the queries are known.
        emission: (\*batch, query, key) $\log p(y_i | x_j)$, in nats.
        null: (\*batch, query) $\log p(y_i | \text{NULL})$; None where ``emission`` is against NULL already, and then so
            is the loss.
        reduction: ``mean`` over items, ``query`` for a loss a token, ``sum``, or ``none``.

    Returns:
        A scalar, or (\*batch,) for ``none``. Its gradient in the emissions is minus the posterior mass, and in the
        scores the prior mass less the posterior mass.

    Raises:
        UnsupportedError: the family is no distribution over discrete alignments.
        ShapeError: the emissions do not fit the scores.

    Cost: two values of the family.

    >>> import torch
    >>> from latentalign.families.independent import Independent
    >>> scores, emission = torch.zeros(1, 1, 2), torch.tensor([[[0.5, 0.25]]]).log().requires_grad_()
    >>> alignment = LatentAlignment(family=Independent(null=False), scores=scores, mask=scores == 0)
    >>> loss = likelihood(alignment, emission)
    >>> loss.exp()
    tensor(2.6667, grad_fn=<ExpBackward0>)
    >>> torch.autograd.grad(loss, emission)
    (tensor([[[-0.6667, -0.3333]]]),)

    Brown et al. 1993, eq. 3.
    """
    alignment.family._must_be_a_distribution("likelihood")
    relative, base = against_null(alignment, emission, null)
    losses = alignment.value - alignment.posterior(relative).value - base
    return reduce(losses, counted(alignment).sum(dim=-1), reduction)
