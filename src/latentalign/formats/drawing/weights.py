"""A weight as it can be drawn."""

from __future__ import annotations


def share(weight: float) -> float:
    """Return a weight in [0, 1].

    >>> share(0.4), share(1.5), share(-0.1)
    (0.4, 1.0, 0.0)
    """
    return min(max(weight, 0.0), 1.0)
