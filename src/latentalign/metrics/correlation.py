"""Agreement of scores with human scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Return the rank of each value, counted from 1, ties sharing their mean rank.

    >>> ranks([10.0, 30.0, 10.0]).tolist()
    [1.5, 3.0, 1.5]
    """
    found = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(found, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    mean: NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return mean


def pearson(left: Sequence[float], right: Sequence[float]) -> float:
    """Return Pearson's correlation, between -1 and 1; 0 where one side is constant.

    Raises:
        InputError: unequal lengths, or fewer than two values.
    """
    if len(left) != len(right) or len(left) < 2:
        raise InputError(wanted="two equally long sequences of at least 2", came=f"{len(left)} and {len(right)}")
    x, y = (np.asarray(side, dtype=np.float64) - np.mean(side) for side in (left, right))
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0


def spearman(left: Sequence[float], right: Sequence[float]) -> float:
    """Return Spearman's rank correlation: Pearson's, of the ranks.

    >>> spearman([1.0, 2.0, 3.0], [10.0, 20.0, 90.0])
    1.0
    """
    return pearson(ranks(left).tolist(), ranks(right).tolist())
