"""The few numerical rules that every family keeps: a finite floor, selection instead of multiplication, one maximum."""

from __future__ import annotations

import torch
from torch import Tensor

NEG = -1e30
"""The score of what is impossible: finite, because ``logsumexp`` of minus infinities has a NaN gradient."""


def smooth_max(scores: Tensor, *, dim: int, temperature: float | Tensor) -> Tensor:
    r"""Return the maximum, softened by entropy.

    $$\max_T(x) = T \log \sum_i \exp(x_i / T)$$

    Its gradient is the softmax of $x / T$, and at temperature 0 it is the plain maximum (Mensch and Blondel 2018,
    eq. 3, with their gamma as T).

    >>> round(float(smooth_max(torch.tensor([0.0, 0.0]), dim=0, temperature=1.0).exp()), 4)
    2.0
    """
    return temperature * torch.logsumexp(scores / temperature, dim=dim)


def pair_mask(*, query_lengths: Tensor, key_lengths: Tensor, query_size: int, key_size: int) -> Tensor:
    """Return the full mask (*batch, query, key) of a padded batch from the lengths of its two sides.

    >>> pair_mask(query_lengths=torch.tensor([1]), key_lengths=torch.tensor([2]), query_size=2, key_size=2)
    tensor([[[ True,  True],
             [False, False]]])
    """
    rows = torch.arange(query_size, device=query_lengths.device) < query_lengths[..., None]
    columns = torch.arange(key_size, device=key_lengths.device) < key_lengths[..., None]
    return rows[..., :, None] & columns[..., None, :]
