"""What one view of the words has learnt: links of pairs of types, words without a link, jumps, and spelling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.vocabulary import Vocabulary

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """The counts of one view; an average over passes, kept as whole numbers so that no digit is lost on disk.

    Args:
        size: how many letters of a word the view keeps; 0 is all.
        passes: what every count is divided by.
        ends: (source type + 1,) where the links of each source type end and those of the next begin.
        columns: (link,) the target type of each, in order within a source type.
        links: (link,) how often the two were linked, times ``passes``.
        source_links, target_links: (type,) the sums of all links, those that were pruned included, times ``passes``.
        null_source, null_target: (type,) how often a word was not linked, times ``passes``.
        alike: (step,) what each step of likeness in spelling adds.
        jump: (2, 2W + 1) the weights of the jumps of the target's reader and of the source's.
        scales: (2,) the log weight that a link loses from the diagonal to the furthest corner, and how many links the
            prior of a word's translations is worth.
    """

    size: int
    passes: int
    ends: NDArray[np.int64]
    columns: NDArray[np.int32]
    links: NDArray[np.int64]
    source_links: NDArray[np.int64]
    target_links: NDArray[np.int64]
    null_source: NDArray[np.int64]
    null_target: NDArray[np.int64]
    alike: Array
    jump: Array
    scales: Array

    @cached_property
    def null_total(self) -> Array:
        """(2,) how many source words and target words were not linked."""
        return np.array([self.null_source.sum(), self.null_target.sum()]) / self.passes

    @cached_property
    def padded(self) -> tuple[Array, Array, Array, Array]:
        """The four counts of types as averages, each with a last entry, 0, for unknown types."""
        counts = (self.source_links, self.target_links, self.null_source, self.null_target)
        source_links, target_links, null_source, null_target = (np.append(count, 0) / self.passes for count in counts)
        return source_links, target_links, null_source, null_target

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        """(link + 1,) the number of each pair of types, in order; the last is above all."""
        rows = np.repeat(np.arange(len(self.ends) - 1), np.diff(self.ends))
        return np.append(rows * len(self.target_links) + self.columns, np.iinfo(np.int64).max)

    @cached_property
    def _averages(self) -> Array:
        return np.append(self.links, 0) / self.passes

    def find(self, source_types: NDArray[np.int32], target_types: NDArray[np.int32]) -> Array:
        """Return (pair,) how often pairs of types were linked, 0 where one of them is unknown.

        Cost: a binary search for each.
        """
        wanted = source_types.astype(np.int64) * len(self.target_links) + target_types
        place = np.searchsorted(self._keys, wanted)
        known = (self._keys[place] == wanted) & (source_types >= 0) & (target_types >= 0)
        return np.where(known, self._averages[place], 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A table and the words of its rows and columns."""

    table: Table
    source: Vocabulary
    target: Vocabulary
