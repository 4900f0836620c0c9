"""How far stated probabilities are from what happened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from latentalign.errors import InputError


def brier(probabilities: ArrayLike, labels: Sequence[int]) -> float:
    r"""Return the Brier score of probabilities of several classes, between 0 and 2, lower is better.

    $$\frac{1}{n} \sum_i \sum_c (p_{ic} - [y_i = c])^2$$

    Args:
        probabilities: (item, class), each row a distribution.
        labels: the class of each item, from 0.

    Raises:
        InputError: no items, other shapes, or a label that is no class.

    Cost: linear in the probabilities.

    >>> brier([[1.0, 0.0], [0.5, 0.5]], [0, 1])
    0.25

    Brier 1950, eq. 2.
    """
    stated, told = np.asarray(probabilities, dtype=np.float64), np.asarray(labels)
    if stated.ndim != 2 or told.shape != stated.shape[:1] or not len(told):
        raise InputError(
            wanted="probabilities (item, class) and a label an item",
            came=f"{stated.shape} and {told.shape}",
            where="brier",
        )
    if told.min() < 0 or told.max() >= stated.shape[1]:
        raise InputError(
            wanted=f"labels from 0 to {stated.shape[1] - 1}", came=f"{told.min()} to {told.max()}", where="brier"
        )
    happened = np.zeros_like(stated)
    happened[np.arange(len(told)), told] = 1.0
    return float(((stated - happened) ** 2).sum(axis=1).mean())
