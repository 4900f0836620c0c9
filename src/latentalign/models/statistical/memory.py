"""What each pair of the training text has put into the counts, so that it can be left out when the pair comes again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.vocabulary import UNKNOWN


def fingerprint(source: NDArray[np.int32], target: NDArray[np.int32]) -> int:
    """Return a hash of the word numbers of a pair, 0 if one of them is unknown.

    >>> one, two = np.array([1, 2], np.int32), np.array([3], np.int32)
    >>> fingerprint(one, two) == fingerprint(one, two) != fingerprint(two, one)
    True
    """
    if UNKNOWN in source or UNKNOWN in target:
        return 0
    words = len(source).to_bytes(4, "little") + source.tobytes() + target.tobytes()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little") or 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Shares:
    """The links of every pair in one view.

    Args:
        ends: (pair + 1,) where the links of each pair begin and end.
        places: (link,) row times columns plus column, in the matrix of its pair.
        times: (link,) in how many of the averaged passes it was drawn.
    """

    ends: NDArray[np.int64]
    places: NDArray[np.int32]
    times: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Memory:
    """The training pairs by their fingerprints.

    Args:
        keys: (pair,) fingerprints; where two pairs are equal, the first is found.
        views: the links of the pairs, one entry a view.
        passes: how many passes were averaged.
    """

    keys: NDArray[np.uint64]
    views: tuple[Shares, ...]
    passes: int

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.keys, kind="stable")

    @cached_property
    def _sorted(self) -> NDArray[np.uint64]:
        return self.keys[self._order]

    def find(self, key: int) -> int | None:
        """Return the number of the training pair with a fingerprint, or None."""
        place = int(np.searchsorted(self._sorted, np.uint64(key)))
        if key and place < len(self.keys) and int(self._sorted[place]) == key:
            return int(self._order[place])
        return None

    def links(self, view: int, pair: int, size: int) -> NDArray[np.float64]:
        """Return (source words times target words,) what a pair has put into the links of a view."""
        shares, found = self.views[view], np.zeros(size)
        own = slice(int(shares.ends[pair]), int(shares.ends[pair + 1]))
        found[shares.places[own]] = shares.times[own] / self.passes
        return found
