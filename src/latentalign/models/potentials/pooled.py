"""How alike two whole texts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.models.potentials.potential import Potential
from latentalign.models.units import Side


@final
@dataclass(frozen=True, kw_only=True)
class Pooled(Potential):
    r"""The cosine of the vectors of the two texts, the same for every pair of units.

    $$P_{ij} = a \cos(\bar x, \bar y) + b$$

    It moves no link against another one of the same pair, but all of them against NULL, and so the value.

    Args:
        weight: of the potential in the score.
        scale: $a$.
        bias: $b$.
    """

    weight: float = 1.0
    scale: float = 1.0
    bias: float = 0.0

    needs_states: ClassVar[bool] = False
    needs_pooled: ClassVar[bool] = True

    def __call__(self, source: Side, target: Side) -> Tensor:
        if source.pooled is None or target.pooled is None:
            raise InputError(wanted="sides with pooled vectors", came="sides without", where="pooled")
        cosine = F.cosine_similarity(source.pooled, target.pooled, dim=-1)
        return (self.scale * cosine + self.bias)[:, None, None]
