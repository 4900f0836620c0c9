"""How near the diagonal the links of a text stay, which says how alike the word orders of its two languages are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.compiled import compiled
from latentalign.training.bitext import Meetings

SAMPLE = 500
"""Pairs that are looked at, spread evenly over the text."""
STEEPEST = 40.0


def tension(met: Meetings, own: NDArray[np.float32]) -> float:
    r"""Return the $\lambda$ of highest likelihood for the places of the links, if each target word chose its own.

    $$p(i | j) \propto e^{-\lambda d_{ij}}, \quad d_{ij} = |(i + 1/2) / n - (j + 1/2) / m|$$

    It is the $\lambda$, in [0, 40], at which the distance that is expected is the one that was seen; 0 where the links
    stand as far from the diagonal as chance would put them, or where there are none.

    Args:
        met: the text.
        own: (cell,) the mass of each link.

    Cost: 16 looks at the cells of up to 500 pairs.

    Dyer, Chahuneau and Smith 2013, eq. 2 and section 3.2 (there by gradient steps, from the corner of each word).
    """
    step = max((len(met.cell_ends) - 1) // SAMPLE, 1)
    low, high = 0.0, STEEPEST
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if _excess(met, own, step, middle) > 0 else (low, middle)
    return low


@compiled
def _excess(met: Meetings, own: NDArray[np.float32], step: int, slope: float) -> float:
    """Return how much further from the diagonal than the links of every so many pairs a slope expects them to be."""
    excess = 0.0
    for p in range(0, len(met.cell_ends) - 1, step):
        n, m = met.source_ends[p + 1] - met.source_ends[p], met.target_ends[p + 1] - met.target_ends[p]
        for j in range(m):
            mass = seen = total = expected = 0.0
            for i in range(n):
                distance = abs((i + 0.5) / n - (j + 0.5) / m)
                chance, link = math.exp(-slope * distance), own[met.cell_ends[p] + i * m + j]
                total += chance
                expected += chance * distance
                mass += link
                seen += link * distance
            excess += mass * expected / total - seen
    return excess
