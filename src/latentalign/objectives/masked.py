"""Masked reconstruction: hidden queries are read off the keys, through every alignment."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import ShapeError
from latentalign.families.alignment import LatentAlignment
from latentalign.objectives.likelihood import likelihood
from latentalign.objectives.reduction import Reduction, counted, reduce


def masked(
    alignment: LatentAlignment,
    emission: Tensor,
    hidden: Tensor,
    *,
    null: Tensor | None = None,
    reduction: Reduction = "query",
) -> Tensor:
    r"""Return minus the log-likelihood of the hidden queries, given the keys and the queries that were shown.

    $$-\log \sum_a p(a | x, y_{\text{shown}}) \prod_{i \text{ hidden}} p(y_i | x_{a_i})
    = \Phi(S) - \Phi(S + E) - \sum_{i \text{ hidden}} \log p(y_i | \text{NULL})$$

    where $E$ is 0 for the queries that were shown.

    Args:
        alignment: of scores that were computed with the hidden queries hidden.
        emission: (\*batch, query, key) $\log p(y_i | x_j)$, in nats; read at the hidden queries only.
        hidden: bool (\*batch, query), the queries to reconstruct.
        null: (\*batch, query) $\log p(y_i | \text{NULL})$; None where ``emission`` is against NULL already.
        reduction: ``query`` for a loss a hidden query, ``mean`` over the items that have one, ``sum``, or ``none``.

    Returns:
        A scalar, or (\*batch,) for ``none``; 0 where nothing is hidden.

    Raises:
        UnsupportedError: the family is no distribution over discrete alignments.
        ShapeError: ``hidden`` is not bool, or the shapes do not fit the scores.

    Cost: two values of the family.

    The masked language model of the paper predicts a hidden word from one state; here the prediction is a mixture over
    the words it may be aligned to, with the alignment summed out.

    >>> from latentalign.families.independent import Independent
    >>> scores = torch.zeros(1, 2, 2)
    >>> alignment = LatentAlignment(family=Independent(null=False), scores=scores, mask=scores == 0)
    >>> emission = torch.tensor([[[0.5, 0.25], [0.1, 0.1]]]).log().requires_grad_()
    >>> loss = masked(alignment, emission, torch.tensor([[True, False]]))
    >>> torch.autograd.grad(loss, emission)
    (tensor([[[-0.6667, -0.3333],
             [ 0.0000,  0.0000]]]),)

    Devlin et al. 2019, section 3.1 (hiding words); Brown et al. 1993, eq. 3 (the sum over alignments).
    """
    if hidden.dtype is not torch.bool or hidden.shape != alignment.scores.shape[:-1]:
        raise ShapeError(
            wanted=f"bool of shape {tuple(alignment.scores.shape[:-1])}",
            came=f"{hidden.dtype} {tuple(hidden.shape)}",
            where="hidden",
        )
    at_hidden = torch.where(hidden[..., None], emission, 0.0)
    null_at_hidden = None if null is None else torch.where(hidden, null, 0.0)
    losses = likelihood(alignment, at_hidden, null=null_at_hidden, reduction="none")
    return reduce(losses, (counted(alignment) & hidden).sum(dim=-1), reduction)
