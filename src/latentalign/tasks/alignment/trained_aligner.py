"""Finding a trained word aligner by its name or folder, whatever kind it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.errors import ModelError, UnsupportedError
from latentalign.tasks.alignment.aligner_config import AlignerConfig

if TYPE_CHECKING:
    from latentalign.tasks.alignment.distilled_aligner import DistilledAligner
    from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner
    from latentalign.training.checkpoint import Checkpoint


def is_trained(name: str) -> bool:
    """Return whether a name is that of a packaged word aligner, or of a folder with one."""
    from latentalign.models.packaged import find

    return find(name) is not None or (Path(name) / "manifest.json").is_file()


def read_folder(name: str | Path) -> Checkpoint:
    """Return what the folder of a trained aligner holds.

    Args:
        name: of a packaged model, or a folder that ``save`` wrote.

    Raises:
        ModelError: there is none, or its files are not what their hashes say.
    """
    from latentalign.models.packaged import find
    from latentalign.training import checkpoint

    folder = find(str(name)) or Path(name)
    if not (folder / checkpoint.MANIFEST).is_file():
        raise ModelError(wanted="a packaged model, or a folder that `save` wrote", came=repr(str(name)))
    return checkpoint.load(folder)


def load_trained(settings: AlignerConfig, *, keep_matrix: bool = False) -> StatisticalAligner | DistilledAligner:
    """Return the trained aligner that ``Aligner.load`` was asked for, statistical or distilled.

    Raises:
        UnsupportedError: a setting that a trained word aligner does not have.
        ModelError: no such aligner, or a broken one.
    """
    given = [name for name in ("family", "potentials") if getattr(settings, name) is not None]
    if settings.level != "word" or given:
        raise UnsupportedError(
            wanted=f"words aligned by {settings.model!r}, which brings its family and its scores",
            came=", ".join([*given, *([] if settings.level == "word" else [f"level {settings.level}"])]),
            fix="leave that out, or leave the model out",
        )
    from latentalign.models.neural.storage import KIND
    from latentalign.tasks.alignment.distilled_aligner import DistilledAligner
    from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner

    found = read_folder(str(settings.model))
    kind = DistilledAligner if found.values.get("kind") == KIND else StatisticalAligner
    return kind.from_checkpoint(
        found, threshold=settings.threshold, batch_size=settings.batch_size, keep_matrix=keep_matrix
    )
