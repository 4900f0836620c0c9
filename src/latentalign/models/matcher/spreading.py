"""Labels of a few texts carried over to texts without labels, from neighbour to neighbour."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import InputError


def spread(likeness: Tensor, labels: Tensor, *, neighbours: int = 10, reach: float = 0.95) -> Tensor:
    r"""Return (text, label) how probable each label is, by those of the texts that it is near to.

    $$F = (I - \alpha\, D^{-1/2} W D^{-1/2})^{-1} Y, \quad p_{ic} \propto F_{ic} / \textstyle\sum_k F_{kc}$$

    $W$ holds $e^{s_{ij}}$ where j is one of the nearest texts of i, made symmetric, and $D$ its sums. Each label is
    brought to the same mass, so that one in a dense region does not swallow the others.

    Args:
        likeness: (text, text) $s$, in log-odds.
        labels: (text,) the number of each label, -1 where it is not known; every label is there.
        neighbours: of each text, at least 1.
        reach: $\alpha$, in (0, 1); near 1 a label goes far.

    Returns:
        rows that sum to 1; those of labelled texts are their labels.

    Raises:
        InputError: no label, or a value out of its range.

    Cost: one linear system of the number of texts: 5,000 take 100 MB and some seconds.

    >>> likeness = torch.tensor([[0.0, 5.0, 1.0], [5.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    >>> spread(likeness, torch.tensor([0, -1, 1]), neighbours=1).argmax(dim=1).tolist()
    [0, 0, 1]

    Zhou, Bousquet, Lal, Weston and Schölkopf 2004, section 2 (the closed form); Zhu, Ghahramani and Lafferty 2003,
    section 4 (class mass normalisation). Here both.
    """
    known = labels >= 0
    if not bool(known.any()) or neighbours < 1 or not 0 < reach < 1:
        raise InputError(
            wanted="a labelled text, at least 1 neighbour and a reach in (0, 1)",
            came=f"{int(known.sum())}, {neighbours} and {reach}",
            where="spread",
        )
    size = len(likeness)
    apart = likeness.double().masked_fill(torch.eye(size, dtype=torch.bool), -torch.inf)
    near = apart.topk(min(neighbours, max(1, size - 1)), dim=1)
    weights = torch.zeros_like(apart).scatter(1, near.indices, (near.values - near.values.amax()).exp())
    weights = (weights + weights.T) / 2
    scale = weights.sum(dim=1).clamp_min(1e-30).rsqrt()
    graph = scale[:, None] * weights * scale[None]
    told = torch.nn.functional.one_hot(labels.clamp_min(0), int(labels.max()) + 1).double() * known[:, None]
    found: Tensor = torch.linalg.solve(torch.eye(size, dtype=torch.float64) - reach * graph, told)
    found = found.clamp_min(1e-12)
    found = found / found.sum(dim=0, keepdim=True)
    found = found / found.sum(dim=1, keepdim=True)
    return torch.where(known[:, None], told, found).float()
