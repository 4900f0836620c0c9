"""What a network knows of each cell of the words by words matrix before it looks around."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from latentalign.models.neural.evidence import LEAST, Prior
from latentalign.models.neural.words import Side

TOLD = 12
"""Numbers that describe a cell, and two more a view of the prior."""


def described(prior: Prior | None, source: Side, target: Side, *, views: int) -> Tensor:
    """Return (pair, source, target, number) what a prior and the place say of each cell, each number of size 1 or so.

    The distance from the diagonal with and without its sign; and if there is a prior, the logs of both masses, the
    masses, the root of their product, the NULL masses of both words, the logs of the counts of both words, a 1, and the
    logs of the masses of each view.

    Args:
        prior: None if there is none.
        source, target: the words.
        views: of a prior.
    """
    apart = source.progress[:, :, None] - target.progress[:, None, :]
    told = [4 * apart, 4 * apart.abs()]
    if prior is None:
        told += [torch.zeros_like(apart)] * (TOLD + 2 * views - 2)
        return torch.stack(told, dim=-1)
    forward, backward = prior.forward.mean(dim=1), prior.backward.mean(dim=1)
    told += [(forward + LEAST).log() / 3, (backward + LEAST).log() / 3]
    told += [forward, backward, (forward * backward).clamp_min(LEAST**2).sqrt()]
    told += [prior.null_target, prior.null_source]
    told += [prior.source.clamp_min(1).log()[:, :, None] / 5, prior.target.clamp_min(1).log()[:, None, :] / 5]
    told += [torch.ones_like(apart)]
    told += [(view + LEAST).log() / 3 for way in (prior.forward, prior.backward) for view in way.unbind(dim=1)]
    return torch.stack([number.expand_as(apart) for number in told], dim=-1)


class WordCells(nn.Module):
    r"""What its two words, and how alike they are, add to the state of each cell.

    $$W_s h_i + W_u g_j + W_a [(A_k h_i) \cdot (B_k g_j)]_k$$

    Args:
        width: features of the words.
        channels: features of a cell.
        products: k, how many likenesses of the two words there are.
    """

    def __init__(self, *, width: int, channels: int, products: int) -> None:
        super().__init__()
        self.products = products
        self.source, self.target = (nn.Linear(width, channels, bias=False) for _ in range(2))
        self.rows, self.columns = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.alike = nn.Linear(products, channels, bias=False)

    def forward(self, source: Side, target: Side) -> Tensor:
        """Return (pair, source, target, channel)."""
        words = self.source(source.states)[:, :, None] + self.target(target.states)[:, None, :]
        cells: Tensor = words + self.alike(self.likeness(source, target))
        return cells

    def likeness(self, source: Side, target: Side) -> Tensor:
        r"""Return (\*batch, source, target, product) the scaled products; the batches broadcast."""
        rows, columns = (
            project(side.states).unflatten(-1, (self.products, -1)).transpose(-3, -2)
            for project, side in ((self.rows, source), (self.columns, target))
        )
        products: Tensor = (rows @ columns.mT).movedim(-3, -1)
        return products / math.sqrt(rows.shape[-1])
