"""A recipe: which evaluation, on which files of the data folder, with which settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from latentalign import config, registry
from latentalign.errors import InputError
from latentalign.evaluation.report import Report


class Recipe(ABC):
    """What every evaluation is: a frozen dataclass of settings that measures itself on a data folder."""

    @abstractmethod
    def measure(self, data: Path) -> Report:
        """Return the table; baselines are rows of it."""


def run(path: Path, *, data: Path, overrides: Sequence[str] = ()) -> Report:
    """Read a recipe and measure it.

    Args:
        path: a TOML file; its key ``evaluation`` names an entry of the registry of evaluations.
        data: the folder that holds the data sets.
        overrides: settings as ``key.key=value``.

    Raises:
        InputError: the recipe or a data file is absent.
        UnknownNameError: an evaluation or a setting that does not exist.
    """
    table = config.read_toml(path, overrides=overrides)
    if "evaluation" not in table:
        raise InputError(
            wanted=f"a key `evaluation`, one of {', '.join(registry.evaluations)}", came="none", where=str(path)
        )
    kind = registry.evaluations.load(table.pop("evaluation"))
    recipe: Recipe = config.parse(kind, table, where=str(path))
    return recipe.measure(data)
