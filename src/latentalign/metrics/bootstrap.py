"""How far a figure would move on another sample of the same size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from latentalign.errors import InputError

T = TypeVar("T")


class Interval(NamedTuple):
    """A figure with its percentile bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    items: Sequence[T],
    statistic: Callable[[Sequence[T]], float],
    *,
    resamples: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a statistic of the items and the percentile interval of it over resampled items.

    Args:
        items: what is drawn with replacement: sentence pairs, queries, never links of one pair.
        level: the share of resamples inside the interval, in (0, 1).

    Raises:
        InputError: no items.

    Cost: ``resamples`` evaluations of the statistic. Efron and Tibshirani 1993, section 13.3.

    >>> bootstrap([1.0, 1.0, 1.0], lambda values: sum(values) / len(values))
    Interval(value=1.0, low=1.0, high=1.0)
    """
    if not items:
        raise InputError(wanted="at least one item to resample", came="none", where="bootstrap")
    random = np.random.default_rng(seed)
    draws = random.integers(len(items), size=(resamples, len(items)))
    found = [statistic([items[index] for index in draw]) for draw in draws]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(statistic(items), float(low), float(high))
