"""Pairs of lists of words as padded tensors of their pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentalign.models.subwords import PAD

Pieces = tuple[Sequence[int] | NDArray[np.integer], Sequence[int] | NDArray[np.integer]]
"""The pieces of a text one after another, and for each the place of its word."""


class Texts(NamedTuple):
    """Some texts of one side.

    Args:
        pieces: (text, piece) numbers, ``PAD`` after the end.
        places: (text, piece) the place of the word of each piece; after the end, the number of words of the longest.
        words: bool (text, word), which are real.
    """

    pieces: Tensor
    places: Tensor
    words: Tensor

    def to(self, device: torch.device) -> Texts:
        """Return the same on a device."""
        return Texts(*(part.to(device) for part in self))


class Pairs(NamedTuple):
    """Some pairs of texts."""

    source: Texts
    target: Texts

    def to(self, device: torch.device) -> Pairs:
        """Return the same on a device."""
        return Pairs(self.source.to(device), self.target.to(device))


def texts(given: Sequence[Pieces]) -> Texts:
    """Return texts of one side, padded.

    >>> texts([([7, 8, 9], [0, 0, 1]), ([7], [0])]).places.tolist()
    [[0, 0, 1], [0, 2, 2]]
    """
    lengths = torch.tensor([places[-1] + 1 if len(places) else 0 for _, places in given])
    words = int(lengths.max())
    longest = max(len(pieces) for pieces, _ in given)
    numbers, places = torch.full((2, len(given), longest), PAD).unbind()
    places = places + words
    for row, (pieces, of_words) in enumerate(given):
        numbers[row, : len(pieces)] = torch.as_tensor(pieces)
        places[row, : len(pieces)] = torch.as_tensor(of_words)
    return Texts(numbers, places, torch.arange(words) < lengths[:, None])


def pairs(given: Sequence[tuple[Pieces, Pieces]]) -> Pairs:
    """Return pairs, padded; each side by its own longest text."""
    return Pairs(texts([source for source, _ in given]), texts([target for _, target in given]))
