"""Where the right candidate stands, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def rank(values: Tensor, number: int) -> float:
    """Return the rank of a candidate, from 1; those of equal value share the mean of their ranks.

    >>> import torch
    >>> rank(torch.tensor([2.0, 3.0, 2.0, 1.0]), 0)
    2.5
    """
    own = values[number]
    return 1 + float((values > own).sum()) + (float((values == own).sum()) - 1) / 2


def recall(ranks: Sequence[float], depth: int) -> float:
    """Return the share of ranks down to a depth.

    >>> recall([1.0, 3.0], 1)
    0.5
    """
    return sum(one <= depth for one in ranks) / len(ranks)


def reciprocal(ranks: Sequence[float]) -> float:
    """Return the mean reciprocal rank.

    >>> reciprocal([1.0, 2.0])
    0.75
    """
    return sum(1 / one for one in ranks) / len(ranks)
