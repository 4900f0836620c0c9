"""Labels of a few texts carried over to texts without labels, from neighbour to neighbour."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import InputError


def passing(likeness: Tensor, labels: Tensor, *, neighbours: int, reach: float) -> Tensor:
    r"""Return (text, text) how much of the label of one text comes to another, from neighbour to neighbour.

    $$(I - \alpha\, D^{-1/2} W D^{-1/2})^{-1}$$

    $W$ holds $e^{s_{ij}}$ where j is one of the nearest texts of i, made symmetric, and $D$ its sums.

    Args:
        likeness: (text, text) $s$, in log-odds.
        labels: (text,) the number of each label, -1 where it is not known.
        neighbours: of each text, at least 1.
        reach: $\alpha$, in (0, 1); near 1 a label goes far.

    Raises:
        InputError: no label, or a value out of its range.

    Cost: one inverse of a matrix of the number of texts.

    >>> likeness = torch.tensor([[0.0, 5.0, 1.0], [5.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    >>> passed = passing(likeness, torch.tensor([0, -1, 1]), neighbours=1, reach=0.9)
    >>> bool(passed[1, 0] > passed[1, 2])
    True

    Zhou, Bousquet, Lal, Weston and Schölkopf 2004, section 2 (the closed form).
    """
    known = labels >= 0
    if not bool(known.any()) or neighbours < 1 or not 0 < reach < 1:
        raise InputError(
            wanted="a labelled text, at least 1 neighbour and a reach in (0, 1)",
            came=f"{int(known.sum())}, {neighbours} and {reach}",
            where="passing",
        )
    size = len(likeness)
    apart = likeness.double().masked_fill(torch.eye(size, dtype=torch.bool), -torch.inf)
    near = apart.topk(min(neighbours, max(1, size - 1)), dim=1)
    weights = torch.zeros_like(apart).scatter(1, near.indices, (near.values - near.values.amax()).exp())
    weights = (weights + weights.T) / 2
    scale = weights.sum(dim=1).clamp_min(1e-30).rsqrt()
    graph = scale[:, None] * weights * scale[None]
    found: Tensor = torch.linalg.inv(torch.eye(size, dtype=torch.float64) - reach * graph)
    return found
