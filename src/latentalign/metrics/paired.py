"""Scores with what is true of each, as arrays of one length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError

Floats = NDArray[np.float64]


def paired(scores: Sequence[float], truths: Sequence[bool], *, where: str) -> tuple[Floats, Floats]:
    """Return the scores and the truths (1 or 0) as arrays.

    Raises:
        InputError: unequal lengths, none at all, or a score that is no number.

    >>> paired([0.5], [True], where="test")
    (array([0.5]), array([1.]))
    """
    found, told = np.asarray(scores, dtype=np.float64), np.asarray(truths, dtype=np.float64)
    if found.shape != told.shape or found.ndim != 1 or not len(found):
        raise InputError(
            wanted="as many truths as scores, at least 1", came=f"{told.shape} and {found.shape}", where=where
        )
    if not np.isfinite(found).all():
        raise InputError(wanted="scores that are numbers", came="an infinite one or NaN", where=where)
    return found, told


def positives(scores: Sequence[float], truths: Sequence[bool], *, where: str) -> tuple[Floats, Floats]:
    """Return the scores of what is true, and those of what is not.

    Raises:
        InputError: as ``paired``, or one of the two is empty.
    """
    found, told = paired(scores, truths, where=where)
    inside, outside = found[told == 1], found[told == 0]
    if not len(inside) or not len(outside):
        raise InputError(
            wanted="some of both kinds",
            came=f"{len(inside)} that are true and {len(outside)} that are not",
            where=where,
        )
    return inside, outside
