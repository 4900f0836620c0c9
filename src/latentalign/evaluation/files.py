"""Data sets on disk: plain or gzipped text, found under the data folder that the user names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.lines import read_lines


def find(data: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the files that match the patterns below the data folder, sorted within each pattern.

    Raises:
        InputError: a pattern that matches nothing.
    """
    found: list[Path] = []
    for pattern in patterns:
        matches = sorted(data.glob(pattern))
        if not matches:
            raise InputError(
                wanted=f"files that match {pattern!r}",
                came="none",
                where=str(data),
                fix="give the folder of the data sets with --data",
            )
        found += matches
    return found


def lines(path: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, plain or gzipped, without their ends.

    Raises:
        InputError: the file cannot be read, or is empty.
    """
    return (one.text for one in read_lines(path))


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON lines file."""
    return (json.loads(line) for line in lines(path) if line.strip())
