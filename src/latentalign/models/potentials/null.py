"""What it is worth to a unit to align to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import torch
from torch import Tensor

from latentalign.models.bags import Bags
from latentalign.models.features import Featurizer
from latentalign.models.idf import Idf, as_idf
from latentalign.models.potentials.potential import Potential
from latentalign.models.units import Side


@final
@dataclass(frozen=True, kw_only=True)
class Null(Potential):
    r"""Minus what NULL scores, taken off every link.

    $$P_{ij} = -[b + c\,(e_i + e_j) / 2], \quad e_i = 1 - \mathrm{idf}_i / \mathrm{idf}_{\max}$$

    Scores are log-odds against NULL, which itself stays at 0. Words that are everywhere ($e$ near 1) are left
    unaligned more easily than rare ones ($e$ near 0).

    Args:
        weight: of the potential in the score.
        bias: $b$, for every unit; a negative one favours links.
        ease: $c$, for frequent words on top; it needs a table.
        idf: document frequencies of exact words, or the file of them; None sets $e$ to 0.

    Raises:
        ModelError: the file of the table cannot be read.

    >>> from latentalign.models.units import Units, side
    >>> one = side([Units(text="cat", spans=((0, 3),))])
    >>> Null(bias=2.0)(one, one)
    tensor([[[-2.]]])
    """

    weight: float = 1.0
    bias: float = 1.0
    ease: float = 0.0
    idf: Idf | str | None = None

    needs_states: ClassVar[bool] = False
    needs_pooled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _ = self._idf

    def __call__(self, source: Side, target: Side) -> Tensor:
        constant = torch.full((1, 1, 1), -self.bias, device=source.mask.device)
        if self._idf is None or self.ease == 0:
            return constant
        bags = Bags.of(source, target, featurizer=Featurizer(), idf=self._idf)
        query, key = (1 - bags.saliences(side) / self._idf.highest for side in (source, target))
        return constant - self.ease * (query[:, :, None] + key[:, None, :]) / 2

    @cached_property
    def _idf(self) -> Idf | None:
        return as_idf(self.idf)
