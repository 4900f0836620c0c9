r"""A sketch of the states of words: few features, one byte each, whose cosines choose what is worth reading in full."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentalign.index.vectors import Array, normalized

FEATURES = 96
"""Features of a sketch; of states with less than twice as many there is none."""
EXCESS = 0.05
"""By how much the cosines of sketches exceed those of states, about, where they are large."""
SKETCHED_FROM = 128
"""Passages below which a segment has no sketch: so few are read in full."""
_SAMPLE, _AT_ONCE = 1 << 16, 1 << 15


def wanted(states: Array, passages: int) -> bool:
    """Return whether a segment of such states gets a sketch."""
    return states.shape[1] >= 2 * FEATURES and passages >= SKETCHED_FROM


def projection(states: Array) -> Array:
    """Return (features, 96) float32 the directions that keep the most of the products of some states.

    They are the eigenvectors of the mean of $x x^T$ that belong to its largest eigenvalues.

    Args:
        states: (word, features) in the form in which they are kept; evenly spread ones are read.

    Cost: a product of the sample with itself, and the decomposition of one matrix of (features, features).
    """
    step = max(1, len(states) // _SAMPLE)
    sample = normalized(states[::step])
    _, directions = np.linalg.eigh(sample.T @ sample)
    found: Array = np.ascontiguousarray(directions[:, ::-1][:, :FEATURES], dtype=np.float32)
    return found


def sketched(states: Array, directions: Array) -> Iterator[Array]:
    """Yield parts of (word, 96) int8, the projections of length 1, times 127."""
    for start in range(0, len(states), _AT_ONCE):
        some = np.asarray(states[start : start + _AT_ONCE], dtype=np.float32)
        yield np.rint(127 * normalized(some @ directions)).astype(np.int8)
