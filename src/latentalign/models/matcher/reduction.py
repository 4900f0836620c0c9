"""From the values of single texts to the values of the candidates that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def by_candidate(values: Tensor, owner: Tensor, counts: Tensor, *, without: Sequence[int] | None = None) -> Tensor:
    r"""Return (query, candidate) the logarithm of the mean over a candidate's texts of the exponential of their values.

    $$V_c = \log \frac{1}{|c|} \sum_{k \in c} \exp v_k$$

    Args:
        values: (query, text).
        owner: (text,) the candidate of each text.
        counts: (candidate,) how many texts each has.
        without: for each query, the number of a text that does not count.

    Returns:
        the values; minus infinity would have no gradient, so a candidate that is left without a text has -1e4.

    >>> values = torch.tensor([[2.0, 2.0, 1.0]])
    >>> by_candidate(values, torch.tensor([0, 0, 1]), torch.tensor([2, 1]))
    tensor([[2., 1.]])
    """
    sizes = counts.to(values.dtype).expand(len(values), -1)
    if without is not None:
        rows, gone = torch.arange(len(values)), torch.as_tensor(without, dtype=torch.long)
        values = values.index_put((rows, gone), values.new_tensor(-torch.inf))
        sizes = sizes.index_put((rows, owner[gone]), values.new_tensor(-1.0), accumulate=True)
    top = values.detach().new_full(sizes.shape, -torch.inf)
    top = top.scatter_reduce(1, owner.expand_as(values), values.detach(), "amax").clamp_min(-1e4)
    shares = (values - top.gather(1, owner.expand_as(values))).exp()
    sums = torch.zeros_like(sizes).index_add(1, owner, shares)
    found = top + (sums.clamp_min(1e-30) / sizes.clamp_min(1.0)).log()
    return torch.where(sums > 0, found, values.new_tensor(-1e4))
