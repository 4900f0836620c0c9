"""Whether two sentences are of a length that a translation would have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from latentalign.errors import InputError
from latentalign.models.potentials.potential import Potential
from latentalign.models.units import Side


@final
@dataclass(frozen=True, kw_only=True)
class Length(Potential):
    r"""The log-probability that a translation differs in length by as much as this, or more.

    $$P_{ij} = \log 2\,\Phi(-|\delta_{ij}|), \quad
      \delta_{ij} = (m_j - c\,l_i) / \sqrt{s^2 (l_i + m_j / c) / 2}$$

    with lengths $l_i$ and $m_j$ in code points, blanks left out. It is 0 for the expected length and negative
    otherwise, so it needs a ``null`` of negative bias, or another potential, before any link is better than none.

    Args:
        weight: of the potential in the score.
        ratio: $c$, code points of the target for one of the source.
        variance: $s^2$, of the target's length, for one code point of the source.
        floor: the lowest value, at most 0; what is that unlikely is left to the other potentials.

    Raises:
        InputError: a ratio or a variance that is not positive, a floor above 0.

    Differs from the paper: the variance is that of the mean length of the two, so that the score is the same in both
    directions.

    >>> from latentalign.models.units import Side, Units
    >>> one = Units(text="abcd", spans=((0, 4),))
    >>> side = Side(units=[one], mask=torch.ones(1, 1, dtype=torch.bool))
    >>> Length()(side, side)
    tensor([[[0.]]])

    Gale and Church 1993, section 3.1 (ratio 1 and variance 6.8 are theirs).
    """

    weight: float = 1.0
    ratio: float = 1.0
    variance: float = 6.8
    floor: float = -25.0

    needs_states: ClassVar[bool] = False
    needs_pooled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not (self.ratio > 0 and self.variance > 0):
            raise InputError(
                wanted="a positive ratio and variance", came=f"{self.ratio!r} and {self.variance!r}", where="length"
            )
        if not self.floor <= 0:
            raise InputError(wanted="a floor of at most 0", came=repr(self.floor), where="length.floor")

    def __call__(self, source: Side, target: Side) -> Tensor:
        query, key = _lengths(source)[:, :, None], _lengths(target)[:, None, :]
        spread = (self.variance * (query + key / self.ratio) / 2).clamp_min(1e-6).sqrt()
        distance = (key - self.ratio * query).abs() / spread
        unlikely: Tensor = math.log(2) + torch.special.log_ndtr(-distance)
        return unlikely.clamp(self.floor, 0.0)


def _lengths(side: Side) -> Tensor:
    """Return (batch, size) the visible code points of each unit."""
    rows = [
        torch.tensor([len("".join(string.split())) for string in one.strings], dtype=torch.float32)
        for one in side.units
    ]
    return pad_sequence(rows, batch_first=True).to(side.mask.device)
