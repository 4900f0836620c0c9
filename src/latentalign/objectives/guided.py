"""Guided training: towards gold links, or towards a posterior that is held fixed."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.families.alignment import LatentAlignment
from latentalign.objectives.reduction import Reduction, counted, reduce


def guided(
    alignment: LatentAlignment,
    gold: Tensor | LatentAlignment,
    *,
    share_rows: bool = True,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Return the Fenchel-Young loss of an alignment against the links that it should have.

    $$\Phi(S) - \langle S, G \rangle, \quad \partial / \partial S = A - G$$

    It is bounded below only if some alignment of the family has the mass $G$. So a query with several gold links
    shares its mass among them, unless ``share_rows`` is off.

    Args:
        alignment: what is trained.
        gold: (\*batch, query, key) links, bool or weights of at least 0; or an alignment of the same shape, whose
            expected alignment is the gold and gets no gradient. With ``alignment.posterior(emission)`` the gradient in
            the scores is that of ``likelihood``: one step of expectation-maximisation.
        share_rows: divide the row of a query with more than 1 in all by its sum; off for families that give a query
            several links (monotonic, transport).
        reduction: ``mean`` over items, ``query`` for a loss a token, ``sum``, or ``none``.

    Returns:
        A scalar, or (\*batch,) for ``none``. A query without gold links is guided towards NULL.

    Cost: one value of the family.

    The loss lacks a constant of $G$, so its least value is not 0 where the gold is soft.

    >>> from latentalign.families.independent import Independent
    >>> scores = torch.zeros(1, 1, 2, requires_grad=True)
    >>> alignment = LatentAlignment(family=Independent(null=False), scores=scores, mask=scores == 0)
    >>> loss = guided(alignment, torch.tensor([[[1.0, 0.0]]]))
    >>> torch.autograd.grad(loss, scores)
    (tensor([[[-0.5000,  0.5000]]]),)

    Blondel, Martins and Niculae 2020, eq. 14; Chen et al. 2016 (guiding a translation model by word alignments).
    """
    links = gold.expected.detach() if isinstance(gold, LatentAlignment) else gold.to(alignment.value.dtype)
    links = torch.where(alignment.mask, links, 0.0)
    if share_rows:
        links = links / links.sum(dim=-1, keepdim=True).clamp_min(1.0)
    return reduce(alignment.loss_against(links), counted(alignment).sum(dim=-1), reduction)
