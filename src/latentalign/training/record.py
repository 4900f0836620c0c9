"""What a run tells of itself: the log, the progress line, TensorBoard and the picture of the curves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from latentalign.training import curves
from latentalign.training.log import MetricsLog, read
from latentalign.training.progress import ProgressLine
from latentalign.training.state import RunState
from latentalign.training.tensorboard import TensorBoard


class Record:
    """The record of the main process of a run, in its folder.

    Args:
        folder: of the run.
        update: the update that the run goes on from.
        end: where its log ended then, in bytes.
    """

    def __init__(self, folder: Path, *, update: int, end: int) -> None:
        self.folder = folder
        self._log = MetricsLog(folder / "metrics.jsonl", end=end)
        self._progress = ProgressLine()
        self._board = TensorBoard(folder / "tensorboard", update=update)

    def show(self, state: RunState, figures: Mapping[str, float], *, done: float) -> None:
        """Show the figures of an update on the progress line."""
        shown = {"update": state.update, "epoch": state.position.epoch, "loss": figures["loss"]}
        best = {} if state.best.value is None else {"best": state.best.value}
        self._progress.show(shown | best, done=done)

    def log(self, state: RunState, *, epoch: int) -> None:
        """Log the means since the last line."""
        means = {name: total / state.summed for name, total in state.sums.items()}
        about = {"update": state.update, "epoch": epoch, "items": state.items, "seconds": round(state.seconds, 3)}
        self._log.write(about | means)
        self._board.write("training", means, update=state.update)

    def evaluated(self, state: RunState, figures: Mapping[str, float]) -> None:
        """Log an evaluation."""
        self._log.write({"update": state.update, "evaluation": dict(figures)})
        self._board.write("evaluation", figures, update=state.update)

    def draw(self) -> None:
        """Draw the curves as they are now into ``curves.svg``."""
        curves.write(read(self.folder / "metrics.jsonl"), self.folder / "curves.svg")

    def end(self) -> int:
        """Return the length of the log in bytes, once it is on the disk."""
        return self._log.end()

    def close(self) -> None:
        """Close the files and clear the line."""
        self._progress.close()
        self._log.close()
        self._board.close()
