"""How far two units are from the diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.models.potentials.potential import Potential
from latentalign.models.units import Side


@final
@dataclass(frozen=True, kw_only=True)
class Position(Potential):
    r"""Minus the distance from the diagonal, beyond a band that is free.

    $$P_{ij} = - \max(0, |(i + \tfrac12) / n - (j + \tfrac12) / m| - b)$$

    Args:
        weight: of the potential in the score.
        band: $b$, half the width of the free band, in lengths of the text; in [0, 1].

    Raises:
        InputError: a band outside [0, 1].

    Differs from fast_align: units are counted from their middle, so that the two ends are treated alike and a text of
    one unit sits in the middle.

    >>> from latentalign.models.units import Side
    >>> side = Side(units=[], mask=torch.ones(1, 2, dtype=torch.bool))
    >>> Position()(side, side)
    tensor([[[-0.0000, -0.5000],
             [-0.5000, -0.0000]]])

    Dyer, Chahuneau and Smith 2013, eq. 2.
    """

    weight: float = 1.0
    band: float = 0.0

    needs_states: ClassVar[bool] = False
    needs_pooled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 <= self.band <= 1:
            raise InputError(wanted="a band in [0, 1]", came=repr(self.band), where="position.band")

    def __call__(self, source: Side, target: Side) -> Tensor:
        distance = (_middles(source)[:, :, None] - _middles(target)[:, None, :]).abs()
        return -(distance - self.band).clamp_min(0.0)


def _middles(side: Side) -> Tensor:
    units = torch.arange(side.mask.shape[1], device=side.mask.device)
    return (units + 0.5) / side.lengths.clamp_min(1)[:, None]
