"""A chance as a logistic function of a value: the level and the slope that make what was seen most likely."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from latentalign.models.matcher.minimum import minimum


class Logistic(NamedTuple):
    r"""A logistic function of a value and, where that counts, of something beside it.

    $$p = \sigma\,(k\,(v - \nu - \nu' n))$$

    Args:
        level: $\nu$.
        slope: $k$, above 0.
        step: $\nu'$.
    """

    level: float
    slope: float
    step: float = 0.0


def fitted(values: Tensor, right: Tensor, *, weights: Tensor | None = None, beside: Tensor | None = None) -> Logistic:
    """Return the function that makes it most likely what is right and what is not.

    Args:
        values: of any shape.
        right: bool, of the same shape; both kinds are there.
        weights: of each value; None counts all alike.
        beside: what the level may change with; None for nothing.

    Cost: a few hundred passes over the values.

    Platt 1999, eq. 1.
    """
    told = right.to(values.dtype)

    def loss(parameters: Tensor) -> Tensor:
        level = parameters[1] if beside is None else parameters[1] + parameters[2] * beside
        each = torch.nn.functional.binary_cross_entropy_with_logits(
            parameters[0].exp() * (values - level), told, reduction="none"
        )
        return (each.mean() if weights is None else (weights * each).sum()) + 1e-4 * (parameters**2).sum()

    scale, *levels = minimum(loss, [0.0, 0.0] if beside is None else [0.0, 0.0, 0.0])
    return Logistic(levels[0], math.exp(scale), *levels[1:])


def fitted_at_any_scale(values: Tensor, right: Tensor, *, weights: Tensor | None = None) -> Logistic:
    """Return what ``fitted`` does, for values whose unit and zero mean nothing: they are brought to spread 1 before."""
    centre, spread = float(values.mean()), float(values.std().clamp_min(1e-3))
    level, slope, _ = fitted((values - centre) / spread, right, weights=weights)
    return Logistic(centre + level * spread, slope / spread)


def evenly(right: Tensor) -> Tensor:
    """Return weights that sum to 1, with which what is right and what is not count alike.

    >>> evenly(torch.tensor([True, False, False])).tolist()
    [0.5, 0.25, 0.25]
    """
    return torch.where(right, 0.5 / right.sum(), 0.5 / (~right).sum())
