"""The log of a run: ``metrics.jsonl``, a line an entry, cut back to the checkpoint when a run is resumed."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class MetricsLog:
    r"""Entries in a file, one JSON object a line; a number that is none (NaN) is written as null.

    Args:
        path: the file.
        end: where the run to go on with ended, in bytes; what stands after it is cut off.

    >>> import tempfile
    >>> log = MetricsLog(Path(tempfile.mkdtemp()) / "metrics.jsonl", end=0)
    >>> log.write({"update": 1, "loss": float("nan")})
    >>> log.path.read_text()
    '{"update": 1, "loss": null}\n'
    >>> log.close()
    """

    def __init__(self, path: Path, *, end: int) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._file.truncate(min(end, os.fstat(self._file.fileno()).st_size))

    def write(self, entry: Mapping[str, Any]) -> None:
        """Add an entry."""
        self._file.write(json.dumps(finite(entry), allow_nan=False).encode() + b"\n")
        self._file.flush()

    def end(self) -> int:
        """Return the length in bytes once everything is on the disk."""
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def finite(value: Any) -> Any:
    """Return a value of JSON with None for each number that is not finite.

    >>> finite({"a": [1.0, float("inf")]})
    {'a': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a log; a last line that a killed process did not finish is left out."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    return [json.loads(line) for line in lines]
