"""Arrays of vectors, as everything in the index holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def normalized(rows: Array) -> Array:
    """Return (row, features) float32 of length 1; a row of zeros stays."""
    found: Array = np.asarray(rows, dtype=np.float32)
    lengths: Array = np.linalg.norm(found, axis=-1, keepdims=True)
    made: Array = found / np.maximum(lengths, np.float32(1e-9))
    return made
