"""How alike the hidden states of two units are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

from torch import Tensor
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.models.anisotropy import Centring
from latentalign.models.potentials.potential import Potential
from latentalign.models.units import Side


@final
@dataclass(frozen=True, kw_only=True)
class Similarity(Potential):
    r"""The cosine of two hidden states.

    $$P_{ij} = a \cos(C x_i, C y_j) + b$$

    Args:
        weight: of the potential in the score.
        scale: $a$.
        bias: $b$; a negative one is the cosine, in units of ``scale``, from which on a link is better than none.
        centring: $C$, against the large component that all states of a model share. ``none``; ``pair`` takes off the
            mean of all units of the two texts, which needs a dozen of them to be more help than harm; else the file of
            a fitted ``Centring``, or the object.

    Raises:
        ModelError: the file of the centring cannot be read.

    Cost: one product of matrices a pair, batched.

    >>> import torch
    >>> from latentalign.models.units import Side
    >>> states = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])
    >>> side = Side(units=[], mask=torch.ones(1, 2, dtype=torch.bool), states=states)
    >>> Similarity(bias=-0.5)(side, side)
    tensor([[[ 0.5000, -0.5000],
             [-0.5000,  0.5000]]])
    """

    weight: float = 1.0
    scale: float = 1.0
    bias: float = 0.0
    centring: str | Centring = "none"

    needs_states: ClassVar[bool] = True
    needs_pooled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _ = self._fitted

    def __call__(self, source: Side, target: Side) -> Tensor:
        if source.states is None or target.states is None:
            raise InputError(wanted="sides with states", came="sides without", where="similarity")
        query, key = source.states, target.states
        if self._fitted is not None:
            query, key = self._fitted(query), self._fitted(key)
        elif self.centring == "pair":
            mean = _pair_mean(source, target)
            query, key = query - mean, key - mean
        cosine = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(1, 2)
        return self.scale * cosine + self.bias

    @cached_property
    def _fitted(self) -> Centring | None:
        if isinstance(self.centring, Centring):
            return self.centring
        return None if self.centring in ("none", "pair") else Centring.load(self.centring)


def _pair_mean(source: Side, target: Side) -> Tensor:
    """Return (batch, 1, features) the mean over the units of both texts; padded states are 0 already."""
    assert source.states is not None
    assert target.states is not None
    total = source.states.sum(dim=1) + target.states.sum(dim=1)
    return (total / (source.lengths + target.lengths).clamp_min(1)[:, None])[:, None, :]
