"""What a recipe of a training is, as ``latentalign train`` runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Protocol


class TrainingRecipe(Protocol):
    """A training as a TOML file says it: a frozen dataclass, whose fields are the keys of the file."""

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> Any:
        """Train, write the folder of the model, and return the model.

        Args:
            data: the folder of the data sets.
            output: the folder that is written, complete or not at all.
            report: is told of each pass of a training by counting; the trainer of gradients has a log of its own.

        Raises:
            InputError: a file of the data folder cannot be read, or has nothing to learn from.
            ModelError: an encoder cannot be found or read.
        """
        ...


class ResumableRecipe(Protocol):
    """A ``TrainingRecipe`` that goes on where it was stopped; ``OUTPUT.run`` beside its folder holds what it needs."""

    resumes: ClassVar[bool]

    def run(
        self, data: Path, output: Path, *, resume: bool = False, report: Callable[[Any], None] | None = None
    ) -> Any:
        """Train as a ``TrainingRecipe`` does.

        Args:
            data, output, report: as there.
            resume: go on where a run was stopped, or begin if there was none.

        Raises:
            InputError: as there; or a run is there already and ``resume`` is off.
            ModelError: as there.
        """
        ...
