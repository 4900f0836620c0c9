"""A weight as it can be drawn."""

from __future__ import annotations

import math


def share(weight: float) -> float:
    """Return a weight in [0, 1]; 0 if it is no number.

    >>> share(1.5), share(float("nan"))
    (1.0, 0.0)
    """
    return 0.0 if math.isnan(weight) else min(max(weight, 0.0), 1.0)
