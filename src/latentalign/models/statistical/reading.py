"""From pairs of sentences to what the tables of a view say about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.emissions import Found, nearness
from latentalign.models.statistical.memory import Memory
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.statistical.table import View
from latentalign.models.statistical.vocabulary import cut, spell

Words = Sequence[str]


def read(
    pairs: Sequence[tuple[Words, Words]],
    view: View,
    *,
    number: int,
    known: Sequence[int | None],
    memory: Memory | None,
    settings: StatisticalConfig,
    likeness: Callable[..., Any],
) -> Iterator[Found]:
    """Yield what one view says about each pair.

    Args:
        pairs: words in their normal form, at least one on each side.
        number: of the view.
        known: for each pair, its number in the memory, or None.
        likeness: ``spelling.likeness``, compiled or not.

    Cost: a binary search and a comparison of spellings for each cell.
    """
    size, table = view.table.size, view.table
    sides = [[[cut(word, size) for word in pair[side]] for pair in pairs] for side in (0, 1)]
    source, target = (
        _Side(words, vocabulary.find) for words, vocabulary in zip(sides, (view.source, view.target), strict=True)
    )
    rows, columns, ends = _cells(source.ends, target.ends)
    links = table.find(source.types[rows], target.types[columns])
    steps = np.empty(len(rows), np.int8)
    likeness(source.forms[rows], target.forms[columns], *source.spelling, *target.spelling, steps)
    alike = table.alike[steps]
    diagonal, smoothing = table.scales.tolist()
    source_links, target_links, null_source, null_target = table.padded
    near: dict[tuple[int, int], NDArray[np.float64]] = {}
    for p, held in enumerate(known):
        s, t, c = (slice(int(where[p]), int(where[p + 1])) for where in (source.ends, target.ends, ends))
        shape = (s.stop - s.start, t.stop - t.start)
        if shape not in near:
            near[shape] = nearness(*shape, diagonal)
        own = np.zeros(shape)
        own_null = np.zeros(shape[0]), np.zeros(shape[1])
        if memory is not None and held is not None:
            own = memory.links(number, held, shape[0] * shape[1]).reshape(shape)
            own_null = np.maximum(1 - own.sum(axis=1), 0), np.maximum(1 - own.sum(axis=0), 0)
        here, there = source.types[s], target.types[t]
        yield Found(
            links[c].reshape(shape),
            own,
            alike[c].reshape(shape),
            near[shape],
            source_links[here],
            target_links[there],
            null_source[here],
            null_target[there],
            *own_null,
            table.null_total,
            view.source.shares[here],
            view.target.shares[there],
            smoothing,
            settings.null_smoothing,
        )


class _Side:
    """The words of one side of several pairs: where each pair ends, types, forms, and their spelling."""

    def __init__(self, sentences: Sequence[Words], find: Callable[[Sequence[str]], NDArray[np.int32]]) -> None:
        self.ends = np.append(0, np.cumsum([len(words) for words in sentences]))
        numbers: dict[str, int] = {}
        self.forms = np.array(
            [numbers.setdefault(word, len(numbers)) for words in sentences for word in words], dtype=np.int32
        )
        self.types = find(list(numbers))[self.forms]
        self.spelling = spell(list(numbers))


def _cells(
    source_ends: NDArray[np.int64], target_ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the source word and the target word of each cell of each pair, and where the cells of each pair end.

    >>> [part.tolist() for part in _cells(np.array([0, 2, 3]), np.array([0, 2, 3]))]
    [[0, 0, 1, 1, 2], [0, 1, 0, 1, 2], [0, 4, 5]]
    """
    heights, widths = np.diff(source_ends), np.diff(target_ends)
    rows = np.repeat(np.arange(source_ends[-1]), np.repeat(widths, heights))
    ends = np.append(0, np.cumsum(heights * widths))
    width = np.repeat(widths, heights * widths)
    columns = (np.arange(ends[-1]) - np.repeat(ends[:-1], np.diff(ends))) % np.maximum(width, 1)
    return rows, columns + np.repeat(target_ends[:-1], np.diff(ends)), ends
