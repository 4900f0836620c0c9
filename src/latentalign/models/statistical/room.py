"""Memory that the compiled kernels work in, made once for many pairs: making it anew takes longer than a short pair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical.compiled import compiled

Array = NDArray[np.float64]
LINKS, OWN, ALIKE, NEAR, TARGET_ODDS, SOURCE_ODDS, FORWARD, BACKWARD, BEFORE, ARRIVE = range(10)
"""Matrices."""
FACTOR, SCALE, BEHIND, AHEAD, OF_SOURCE, OF_TARGET, NULL_SOURCE, NULL_TARGET = range(8)
TAKEN = 8
"""Rows of a number for each word, and of one more; from ``TAKEN`` on, the vectors of ``Found`` in their order."""


class Room(NamedTuple):
    """Where the kernels write what they need for one pair.

    Args:
        cells: (matrix, cell) each matrix in its row.
        words: (row, word).
    """

    cells: Array
    words: Array


@compiled
def room(longest: int, most: int) -> Room:
    """Return room for pairs whose sides have at most ``longest`` words, and whose matrices, with a row and a column
    more, at most ``most`` cells.

    Cost: 80 bytes a cell and 128 a word.
    """
    return Room(np.empty((10, most)), np.empty((16, longest + 1)))


@compiled
def matrix(room: Room, number: int, rows: int, columns: int) -> Array:
    """Return one of the matrices, of the size of a pair; it holds whatever was left there."""
    return room.cells[number, : rows * columns].reshape(rows, columns)
