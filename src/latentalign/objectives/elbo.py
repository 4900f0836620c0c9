"""The evidence lower bound with an explicit approximation of the posterior, its expectation taken exactly."""

from __future__ import annotations

from torch import Tensor

from latentalign.families.alignment import LatentAlignment
from latentalign.objectives.emission import against_null
from latentalign.objectives.reduction import Reduction, counted, reduce


def elbo(
    alignment: LatentAlignment,
    emission: Tensor,
    approximation: LatentAlignment,
    *,
    null: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Return minus the evidence lower bound of the queries, for q an alignment of the same family.

    $$-\mathrm{E}_{a \sim q}[\log p(y | a, x)] + \mathrm{KL}(q \,\|\, p)
    = -\langle A_q, E \rangle - \sum_i \log p(y_i | \text{NULL}) + T \, \mathrm{KL}(q \,\|\, p)$$

    It is never below ``likelihood``, and equal to it where q is ``alignment.posterior(E)``.

    Args:
        alignment: the prior p, before the queries are known.
        emission: (\*batch, query, key) $\log p(y_i | x_j)$, in nats.
        approximation: q, of the same family and mask; it may have seen the queries.
        null: (\*batch, query) $\log p(y_i | \text{NULL})$; None where ``emission`` is against NULL already.
        reduction: ``mean`` over items, ``query`` for a loss a token, ``sum``, or ``none``.

    Returns:
        A scalar, or (\*batch,) for ``none``, with gradients to the emissions, the prior and q.

    Raises:
        UnsupportedError: the family is no distribution over discrete alignments, or q has another one.
        ShapeError: the emissions do not fit the scores.

    Cost: two values of the family and the expected alignment of q; no sampling.

    The paper samples the expectation; here it is a sum over the marginals of q, so the gradient has no variance.

    >>> import torch
    >>> from latentalign.families.independent import Independent
    >>> scores, emission = torch.zeros(1, 1, 2), torch.tensor([[[0.5, 0.25]]]).log()
    >>> prior = LatentAlignment(family=Independent(null=False), scores=scores, mask=scores == 0)
    >>> elbo(prior, emission, prior.posterior(emission)).exp(), elbo(prior, emission, prior).exp()
    (tensor(2.6667), tensor(2.8284))

    Kingma and Welling 2014, eq. 3.
    """
    alignment.family._must_be_a_distribution("elbo")
    relative, base = against_null(alignment, emission, null)
    gain = (approximation.expected * relative).sum(dim=(-2, -1))
    losses = alignment.family.temperature * approximation.kl(alignment) - gain - base
    return reduce(losses, counted(alignment).sum(dim=-1), reduction)
