"""A shuffle that is computed, not stored: place to item, for any corpus, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

ROUNDS = 6
"""Enough for every item to come to every place about equally often, in corpora of three items too (see the tests)."""


@final
@dataclass(frozen=True, kw_only=True)
class Permutation:
    r"""A permutation of 0 to size - 1 that a key chooses.

    Places are split into halves (L, R) of their bits, and each round maps them to $(R, L \oplus h_k(R))$, which is
    invertible whatever the hash h. A result beyond the size is mapped again until it is inside.

    Args:
        size: how many items there are, at least 0.
        key: integers of at least 0; another key, another permutation.

    Cost: constant memory; at most four passes a place on average.

    >>> shuffled = Permutation(size=5, key=(7,))(np.arange(5))
    >>> sorted(shuffled.tolist())
    [0, 1, 2, 3, 4]

    Luby and Rackoff 1988, section 3 (the rounds); Black and Rogaway 2002, section 3 (mapping again).
    """

    size: int
    key: tuple[int, ...]

    def __call__(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the items at the given places, each between 0 and size - 1."""
        if not len(places):
            return places
        bits = max(1, -(-(self.size - 1).bit_length() // 2))
        keys = hashes(self.key, ROUNDS)
        found = places.astype(np.uint64)
        outside = np.ones(len(found), dtype=bool)
        while outside.any():
            found[outside] = _rounds(found[outside], keys, np.uint64(bits))
            outside = found >= np.uint64(self.size)
        return found.astype(np.int64)


def _rounds(places: NDArray[np.uint64], keys: NDArray[np.uint64], bits: np.uint64) -> NDArray[np.uint64]:
    low = np.uint64((1 << int(bits)) - 1)
    left, right = places >> bits, places & low
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & low)
    return (left << bits) | right


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64 bits that each depend on all bits of the number (the finaliser of SplitMix64, Steele et al. 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def hashes(key: tuple[int, ...], count: int) -> NDArray[np.uint64]:
    """Return (count,) 64-bit numbers that a key of integers decides, the same on every machine.

    >>> bool((hashes((1, 2), 3) == hashes((1, 2), 3)).all()), bool((hashes((1, 2), 1) == hashes((2, 1), 1)).all())
    (True, False)
    """
    return np.random.SeedSequence(key).generate_state(count, np.uint64).astype(np.uint64)
