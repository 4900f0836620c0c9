"""What another aligner says of some pairs, and how often it had seen their words: a network can start from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.floating] | NDArray[np.integer]
LEAST = 1e-3
"""Mass that is added before a logarithm is taken: below it, nothing is told apart."""


class Said(NamedTuple):
    """What is known of one pair.

    Args:
        forward, backward: (view, source, target) the mass of each link, in the two directions of ``Posterior``.
        source, target: (word,) how often each word came in the text that was counted, at least 1.
    """

    forward: Numbers
    backward: Numbers
    source: Numbers
    target: Numbers


class Prior(NamedTuple):
    """The same of a batch of pairs, padded with 0.

    Args:
        forward, backward: (pair, view, source, target).
        source, target: (pair, word).
    """

    forward: Tensor
    backward: Tensor
    source: Tensor
    target: Tensor

    def to(self, device: torch.device) -> Prior:
        """Return the same on a device."""
        return Prior(*(part.to(device) for part in self))

    @property
    def null_target(self) -> Tensor:
        """(pair, 1, target) the mass of each target word that is aligned to nothing, in the mean of the views."""
        return (1 - self.forward.mean(dim=1).sum(dim=1, keepdim=True)).clamp(0, 1)

    @property
    def null_source(self) -> Tensor:
        """(pair, source, 1) the mass of each source word that is aligned to nothing, in the mean of the views."""
        return (1 - self.backward.mean(dim=1).sum(dim=2, keepdim=True)).clamp(0, 1)


def prior(said: Sequence[Said]) -> Prior:
    """Return a batch, padded.

    >>> one = Said(np.ones((1, 1, 2)), np.ones((1, 1, 2)), np.ones(1), np.ones(2))
    >>> other = Said(np.ones((1, 2, 1)), np.ones((1, 2, 1)), np.ones(2), np.ones(1))
    >>> prior([one, other]).forward[:, 0].tolist()
    [[[1.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]]
    """
    return Prior(*(padded([part[k] for part in said]) for k in range(4)))


def padded(arrays: Sequence[Numbers]) -> Tensor:
    r"""Return (array, \*size) arrays of one number of axes as one float tensor, 0 where an array has ended."""
    sizes = np.array([array.shape for array in arrays]).max(axis=0)
    found = np.zeros((len(arrays), *sizes), np.float32)
    for row, array in zip(found, arrays, strict=True):
        row[tuple(slice(size) for size in array.shape)] = array
    return torch.from_numpy(found)
