"""Which links to give, when no gold says so: the threshold that the masses themselves ask for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

HALF = 0.5


def of_masses(masses: Iterable[NDArray[np.float64]]) -> float:
    r"""Return the mass from which on a link is given.

    $$\hat F = \max_t \frac{2 \sum_{m \ge t} m}{|\{m \ge t\}| + \sum m}, \quad
    \text{threshold} = \frac12 \left(\frac12 + \frac{\hat F}{2}\right)$$

    Were the masses the chances of the links, those of at least $\hat F / 2$ would have the highest expected F1: a flat
    posterior should give links below one half, or it would give hardly any. The masses of small texts are uncertain
    themselves, so the threshold stands halfway between that and one half, which sure masses ask for.

    Args:
        masses: (source, target) of some pairs.

    Returns:
        Between 0.25 and 0.5; 0.5 if there is no mass at all.

    Cost: a sort of all cells.

    Lipton, Elkan and Naryanaswamy 2014, theorem 1, for F1 and the half of it; the halfway is ours.

    >>> of_masses([np.array([[1.0, 0.0], [0.0, 1.0]])])
    0.5
    >>> round(of_masses([np.full((4, 4), 0.25)]), 2)
    0.35
    """
    flat = np.sort(np.concatenate([np.zeros(0), *(mass.ravel() for mass in masses)]))[::-1]
    total = flat.sum()
    if total <= 0:
        return HALF
    best = 2 * np.cumsum(flat) / (np.arange(1, len(flat) + 1) + total)
    return float(HALF + best.max() / 2) / 2
