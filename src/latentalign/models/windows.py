"""Texts longer than a model's window: overlapping windows, each piece read where it has the most context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentalign.models.pieces import Integers, Pieces, PieceTokenizer


class Window(NamedTuple):
    """A run of the pieces of one text that the model reads at once.

    Args:
        text: index of the text.
        start, end: the pieces that are read.
        first, last: those whose states are taken from here, ``start <= first <= last <= end``.
    """

    text: int
    start: int
    end: int
    first: int
    last: int


def windows(count: int, *, size: int, overlap: int, text: int = 0) -> list[Window]:
    """Return the fewest windows that read a text of ``count`` pieces, neighbours sharing ``overlap`` pieces or more.

    The windows are of equal size and spread evenly. Between two neighbours the border lies in the middle of what they
    share, so every piece has its state from the window in which the nearer cut is farthest away.

    Args:
        count: pieces of the text; 0 gives one empty window, for the special tokens alone.
        size: pieces a window holds, at least 1.
        overlap: pieces shared by neighbours, at least 0 and below ``size``.
        text: index of the text.

    >>> [(one.start, one.end, one.first, one.last) for one in windows(10, size=6, overlap=2)]
    [(0, 6, 0, 5), (4, 10, 5, 10)]
    """
    if count <= size:
        return [Window(text, 0, count, 0, count)]
    number = -(-(count - overlap) // (size - overlap))
    starts = [index * (count - size) // (number - 1) for index in range(number)]
    borders = [0, *((left + size + right) // 2 for left, right in pairwise(starts)), count]
    return [Window(text, start, start + size, borders[index], borders[index + 1]) for index, start in enumerate(starts)]


def batches(found: Sequence[Window], *, extra: int, tokens: int) -> list[list[Window]]:
    """Return windows in batches of similar length, longest first, so that the first batch needs the most memory.

    Args:
        found: the windows.
        extra: special tokens that are added to each.
        tokens: padded tokens a batch may hold; a window longer than that is a batch of its own.
    """
    result: list[list[Window]] = []
    room = 0
    for window in sorted(found, key=lambda one: one.start - one.end):
        if room == 0:
            result.append([])
            room = max(1, tokens // max(1, window.end - window.start + extra))
        result[-1].append(window)
        room -= 1
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Windows as the model reads them.

    Args:
        ids: (window, token) padded.
        real: (window, token) bool, False in the padding.
        rows: (owned,) places in the flattened batch whose states are taken.
        pieces: (owned,) the piece that each of them is.
        texts: (window,) index of the text.
        counted: (window, token) bool, what is taken, and the special tokens at the two ends of the text.
    """

    ids: Integers
    real: NDArray[np.bool_]
    rows: Integers
    pieces: Integers
    texts: Integers
    counted: NDArray[np.bool_]


def pack(found: Sequence[Window], pieces: Pieces, tokenizer: PieceTokenizer) -> Batch:
    """Return windows as a padded batch, special tokens added.

    Cost: a handful of numpy operations on (window, token).
    """
    table = np.array(found, dtype=np.int64)
    text, start, end, first, last = (table[:, column, None] for column in range(5))
    prefix, suffix = np.array(tokenizer.prefix, dtype=np.int64), np.array(tokenizer.suffix, dtype=np.int64)
    length = len(prefix) + end - start + len(suffix)
    token = np.arange(length.max(initial=0))[None, :]
    place = start + token - len(prefix)  # the piece of its text, where it is one
    inside = (token >= len(prefix)) & (place < end)
    whole = np.where(inside, pieces.bounds[text] + place, 0)
    ids = np.where(inside, _take(pieces.ids, whole), tokenizer.pad)
    head = np.broadcast_to(token < len(prefix), ids.shape)
    ids = np.where(head, _take(prefix, token), ids)
    tail = (place >= end) & (token < length)
    ids = np.where(tail, _take(suffix, place - end), ids)
    owned = inside & (place >= first) & (place < last)
    final = end == np.diff(pieces.bounds)[text]
    return Batch(
        ids=ids,
        real=token < length,
        rows=np.flatnonzero(owned),
        pieces=whole[owned],
        texts=text[:, 0],
        counted=owned | (head & (start == 0)) | (tail & final),
    )


def _take(values: Integers, places: Integers) -> Integers:
    """Look up values; a place outside gives a value that the caller does not use."""
    if not len(values):
        return np.zeros_like(places)
    found: Integers = values[places.clip(0, len(values) - 1)]
    return found
