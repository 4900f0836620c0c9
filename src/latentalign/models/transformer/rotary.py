"""Rotary positions: queries and keys are turned by an angle that grows with their place."""

from __future__ import annotations

import torch
from torch import Tensor

BASE = 10_000.0


def angles(length: int, size: int, *, like: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return (length, size / 2) the cosines and sines of the angles $t \cdot 10000^{-2k / d}$.

    Args:
        length: places.
        size: d, the features of a head, even.
        like: a tensor of the wanted type and device.

    Su et al. 2021, eq. 15.
    """
    frequency = BASE ** (-torch.arange(0, size, 2, device=like.device, dtype=torch.float32) / size)
    turned = torch.arange(length, device=like.device, dtype=torch.float32)[:, None] * frequency
    return turned.cos().to(like.dtype), turned.sin().to(like.dtype)


def turn(states: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    r"""Return states turned by their places, so that a product of two depends on the distance of their places alone.

    $$(a, b) \mapsto (a \cos - b \sin, \; b \cos + a \sin)$$

    Args:
        states: (\*batch, place, feature).
        cosines, sines: (place, feature / 2) of ``angles``.

    The paper turns neighbouring features; here a is the first half of the features and b the second.

    >>> states = torch.ones(3, 2)
    >>> turned = turn(states, *angles(3, 2, like=states))
    >>> torch.allclose(turned[0] @ turned[1], turned[1] @ turned[2])
    True

    Su et al. 2021, eq. 34.
    """
    first, second = states.chunk(2, dim=-1)
    return torch.cat([first * cosines - second * sines, second * cosines + first * sines], dim=-1)
