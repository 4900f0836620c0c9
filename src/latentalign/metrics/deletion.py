"""Whether the words that the evidence names are the words that the score rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentalign.errors import InputError
from latentalign.metrics.bootstrap import Interval, bootstrap


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """How much the scores of some items fall.

    Args:
        linked: for each item, how far the score falls when the words with the most mass are removed.
        random: for each item, how far it falls, on average, when as many random words are.
    """

    linked: Sequence[float]
    random: Sequence[float]

    @property
    def effect(self) -> Interval:
        """The mean of the differences with its 95% bootstrap interval over items; above 0 is faithful."""
        return bootstrap(self._differences, lambda values: float(np.mean(values)))

    @property
    def share(self) -> float:
        """The share of items where the linked words count more than random ones; ties count half."""
        differences = np.asarray(self._differences)
        return float((differences > 0).mean() + (differences == 0).mean() / 2)

    @property
    def _differences(self) -> list[float]:
        if len(self.linked) != len(self.random) or not len(self.linked):
            raise InputError(
                wanted="two falls for each of at least 1 item",
                came=f"{len(self.linked)} and {len(self.random)}",
                where="deletion",
            )
        return [one - other for one, other in zip(self.linked, self.random, strict=True)]


def deletion(linked: Sequence[float], random: Sequence[float]) -> float:
    r"""Return how much more the score falls without the linked words than without random ones, on average.

    $$\frac1n \sum_i \left[(s(x_i) - s(x_i \setminus L_i)) - \mathrm{E}_R\,(s(x_i) - s(x_i \setminus R))\right],
    \quad |R| = |L_i|$$

    Args:
        linked: the fall of each item without its linked words.
        random: the mean fall of each item without random words, as many.

    Raises:
        InputError: unequal lengths, or no items.

    >>> deletion([2.0, 1.0], [0.5, 0.5])
    1.0

    DeYoung et al. 2020, eq. 1 (comprehensiveness), here against random words of the same number.
    """
    return Deletion(linked=linked, random=random).effect.value
