"""The same figures for TensorBoard, where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latentalign.registry import require


class TensorBoard:
    """A writer that does nothing where the package ``tensorboard`` (extra ``tensorboard``) is not installed.

    Args:
        folder: where the event files go.
        update: the update that a run goes on from; later points of an older process are dropped.
    """

    def __init__(self, folder: Path, *, update: int) -> None:
        self._writer: Any = None
        if importlib.util.find_spec("tensorboard") is not None:
            module = require("torch.utils.tensorboard", extra="tensorboard")
            self._writer = module.SummaryWriter(str(folder), purge_step=update + 1)

    def write(self, kind: str, figures: Mapping[str, float], *, update: int) -> None:
        """Add figures at an update, each under the name ``kind/figure``."""
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(f"{kind}/{name}", value, update)

    def close(self) -> None:
        """Write what is waiting, and close the files."""
        if self._writer is not None:
            self._writer.close()
