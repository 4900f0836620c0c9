"""From the cells to the scores of both directions, against NULL."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentalign.models.neural.evidence import LEAST, Prior
from latentalign.models.neural.grid import LOW


class Heads(nn.Module):
    r"""The scores of both directions: what the prior says, and what the cells add to it.

    $$S_{ij} = \log \frac{P_{ij} + \epsilon}{P_{i 0} + \epsilon} + u \cdot c_{ij} - v \cdot \max_j c_{ij}$$

    where P is the mass of the prior, the mean of its views, and $P_{i 0}$ that of NULL. The weights begin at 0, so an
    untrained network repeats the prior.

    Args:
        channels: features of a cell.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.link = nn.Linear(channels, 2)
        self.null_target, self.null_source = nn.Linear(channels, 1), nn.Linear(channels, 1)
        for layer in (self.link, self.null_target, self.null_source):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, cells: Tensor, mask: Tensor, prior: Prior | None) -> tuple[Tensor, Tensor]:
        """Return (pair, target, source) the forward scores, and (pair, source, target) the backward scores."""
        cells = self.norm(cells)
        low = torch.where(mask[..., None], cells, LOW)
        forward, backward = self.link(cells).unbind(dim=-1)
        forward = forward - self.null_target(low.amax(dim=1, keepdim=True))[..., 0]
        backward = backward - self.null_source(low.amax(dim=2, keepdim=True))[..., 0]
        if prior is not None:
            forward = forward + (prior.forward.mean(dim=1) + LEAST).log() - (prior.null_target + LEAST).log()
            backward = backward + (prior.backward.mean(dim=1) + LEAST).log() - (prior.null_source + LEAST).log()
        return forward.mT, backward
