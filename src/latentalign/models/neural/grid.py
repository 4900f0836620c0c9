"""A layer over the cells of the words by words matrix: neighbours, and the best of a row and of a column."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOW = -9.0
"""What padding has in a maximum: below any normalised state."""


class GridLayer(nn.Module):
    r"""Each cell sees the eight cells around it, and the maximum of its row and of its column.

    $$c \leftarrow c + W_o \, \mathrm{GELU}\big(K * \hat c + W_r \max_j \hat c_{ij} + W_c \max_i \hat c_{ij}\big),
    \quad \hat c = \mathrm{Norm}(c)$$

    The neighbours tell of words in order, and the maxima of words that are spoken for, which no likeness of two words
    can tell.

    Args:
        channels: features of a cell.

    Cost: 9 products of a state with a matrix a cell.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.around = nn.Conv2d(channels, channels, 3, padding=1)
        self.row, self.column, self.out = (
            nn.Linear(channels, channels),
            nn.Linear(channels, channels),
            nn.Linear(channels, channels),
        )

    def forward(self, cells: Tensor, mask: Tensor) -> Tensor:
        """Return (pair, source, target, channel) the states of the cells, 0 outside the mask.

        Args:
            cells: (pair, source, target, channel).
            mask: bool (pair, source, target).
        """
        real = mask[..., None]
        normed = self.norm(cells)
        inside, low = torch.where(real, normed, 0.0), torch.where(real, normed, LOW)
        found = self.around(inside.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        found = found + self.row(low.amax(dim=2, keepdim=True)) + self.column(low.amax(dim=1, keepdim=True))
        return torch.where(real, cells + self.out(F.gelu(found)), 0.0)
