"""One line on stderr that says how far a run is, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TextIO


class ProgressLine:
    """A line that is written over itself, at most five times a second.

    Args:
        shown: whether this process shows one at all.
        stream: where; None takes stderr. Nothing is written to what is no terminal.
    """

    def __init__(self, *, shown: bool = True, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = shown and self._stream.isatty()
        self._last = 0.0
        self._width = 0

    def show(self, figures: Mapping[str, object], *, done: float) -> None:
        """Show figures, and the part of the run that is done, from 0 to 1."""
        now = time.monotonic()
        if not self._shown or now - self._last < 0.2:
            return
        text = f"{done:4.0%}  " + "  ".join(f"{name} {_short(value)}" for name, value in figures.items())
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._last, self._width = now, len(text)

    def close(self) -> None:
        """Clear the line."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
