"""Bags of features of many units, and their products within each pair of texts, without a dense vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentalign.models.features import Featurizer
from latentalign.models.idf import Idf
from latentalign.models.units import Side

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]
_AT_ONCE = 1 << 20  # products in memory, some 30 bytes each


@dataclass(frozen=True, kw_only=True, eq=False)
class Bags:
    """The bags of different strings, as the rows of a sparse matrix.

    Args:
        index: the row of each string.
        bounds: (row + 1,) where the entries of each row begin, and the end.
        features: (entry,) numbers of the features, below ``width``.
        values: (entry,) weights, each row of length 1.
        salience: (row,) mean inverse document frequency of what is in the bag, 1 without a table.
        width: how many features there are.
    """

    index: dict[str, int]
    bounds: Integers
    features: Integers
    values: Floats
    salience: Floats
    width: int

    @classmethod
    def of(cls, *sides: Side, featurizer: Featurizer, idf: Idf | None) -> Bags:
        r"""Return the bags of all units of some sides.

        A feature $f$ that is $t_f$ times in a unit weighs $t_f\,\mathrm{idf}(f)$ before rows are set to length 1.
        """
        strings = dict.fromkeys(string for side in sides for one in side.units for string in one.strings)
        whole = sides[0].level == "word"
        bags = [featurizer.bag(string, whole=whole) for string in strings]
        numbers = {feature: number for number, feature in enumerate(dict.fromkeys(chain.from_iterable(bags)))}
        rare = np.array([1.0 if idf is None else idf(feature) for feature in numbers], dtype=np.float64)
        bounds = np.cumsum([0, *map(len, bags)], dtype=np.int64)
        features = np.array([numbers[feature] for bag in bags for feature in bag], dtype=np.int64)
        counts = np.array([count for bag in bags for count in bag.values()], dtype=np.float64)
        rows = np.repeat(np.arange(len(bags)), np.diff(bounds))
        weights = counts * rare[features]
        norms = np.sqrt(np.bincount(rows, weights**2, len(bags)))
        totals = np.bincount(rows, counts, len(bags))
        return cls(
            index={string: number for number, string in enumerate(strings)},
            bounds=bounds,
            features=features,
            values=(weights / norms[rows]).astype(np.float32),
            salience=(np.bincount(rows, weights, len(bags)) / np.maximum(totals, 1.0)).astype(np.float32),
            width=len(numbers),
        )

    def saliences(self, side: Side) -> Tensor:
        """Return (batch, size) the salience of each unit of a side; 0 in the padding."""
        found = np.zeros(side.mask.shape, dtype=np.float32)
        for row, one in enumerate(side.units):
            found[row, : len(one.strings)] = self.salience[[self.index[string] for string in one.strings]]
        return torch.from_numpy(found).to(side.mask.device)

    def cosines(self, source: Side, target: Side) -> Tensor:
        """Return (batch, query, key) the cosine of the bags of the units of each pair.

        Cost: the number of features that two units share, summed over all pairs of units.
        """
        query, key = self._entries(source), self._entries(target)
        order = np.argsort(key.slots, kind="stable")
        slots = key.slots[order]
        low = np.searchsorted(slots, query.slots, side="left")
        counts = np.searchsorted(slots, query.slots, side="right") - low
        shape = (len(source.units), source.mask.shape[1], target.mask.shape[1])
        found = np.zeros(int(np.prod(shape)), dtype=np.float32)
        for start, end in _chunks(counts):
            left = np.repeat(np.arange(start, end), counts[start:end])
            begins = np.cumsum(counts[start:end]) - counts[start:end]
            right = order[np.arange(len(left)) - np.repeat(begins - low[start:end], counts[start:end])]
            cells = (query.texts[left] * shape[1] + query.units[left]) * shape[2] + key.units[right]
            np.add.at(found, cells, query.values[left] * key.values[right])
        return torch.from_numpy(found.reshape(shape)).to(source.mask.device)

    def _entries(self, side: Side) -> _Entries:
        """Return every entry of every unit of a side, one a line."""
        lengths = [len(one.strings) for one in side.units]
        rows = np.array([self.index[string] for one in side.units for string in one.strings], dtype=np.int64)
        counts = np.diff(self.bounds)[rows]
        begins = np.cumsum(counts) - counts
        entries = np.arange(counts.sum()) - np.repeat(begins - self.bounds[rows], counts)
        texts = np.repeat(np.repeat(np.arange(len(lengths)), lengths), counts)
        units = np.repeat(_count_up(lengths), counts)
        return _Entries(
            texts=texts, units=units, slots=texts * self.width + self.features[entries], values=self.values[entries]
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Entries:
    """Entries of units: the text, the unit in it, the slot that only entries of one text and one feature share."""

    texts: Integers
    units: Integers
    slots: Integers
    values: Floats


def _count_up(lengths: Sequence[int]) -> Integers:
    """Return 0, 1, ..., length - 1 for each length, end to end."""
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - np.array(lengths, dtype=np.int64), lengths)


def _chunks(counts: Integers) -> list[tuple[int, int]]:
    """Return ranges of entries with about ``_AT_ONCE`` products each."""
    done = np.cumsum(counts)
    total = int(done[-1]) if len(done) else 0
    cuts = np.searchsorted(done, np.arange(_AT_ONCE, total, _AT_ONCE), side="left") + 1
    edges = np.unique(np.concatenate([[0], cuts, [len(counts)]])).tolist()
    return list(pairwise(edges))
