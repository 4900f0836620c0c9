"""The words of one side, with their states."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Side(NamedTuple):
    r"""The words of one side.

    Args:
        states: (\*batch, word, feature).
        real: bool (\*batch, word).
    """

    states: Tensor
    real: Tensor

    @property
    def progress(self) -> Tensor:
        r"""(\*batch, word) where each word stands in its text, from 0 to 1."""
        place = torch.arange(self.real.shape[-1], device=self.real.device)
        return (place + 0.5) / self.real.sum(dim=-1, keepdim=True).clamp_min(1)
