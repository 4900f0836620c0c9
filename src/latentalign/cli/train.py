"""``latentalign train``: a recipe, a data folder, and a trained model in a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign import registry
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.training.em import Pass
    from latentalign.training.recipe import TrainingRecipe


def train(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe, such as recipes/align-en-fr.toml.")],
    data: Annotated[Path, typer.Option(help="The folder that holds the data sets.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the model; default: checkpoints/RECIPE.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the same command was stopped.")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the recipe, as threads=1.")] = None,
) -> int:
    """Train a model as a recipe says and write it into a folder; then `latentalign align --model FOLDER` uses it."""
    from latentalign import config

    table = config.read_toml(recipe, overrides=set_ or [])
    if "trainer" not in table:
        raise InputError(
            wanted=f"a key `trainer`, one of {', '.join(registry.trainers)}", came="none", where=str(recipe)
        )
    kind = registry.trainers.load(table.pop("trainer"))
    folder = output or Path("checkpoints") / recipe.stem
    found: TrainingRecipe = config.parse(kind, table, where=str(recipe))
    options = {}
    if getattr(kind, "resumes", False):
        options = {"resume": resume}
    elif resume:
        sys.stderr.write(f"{recipe}: this trainer keeps nothing of a stopped run, so it begins anew\n")
    found.run(data, folder, report=_Progress(), **options)
    sys.stdout.write(f"{folder}\n")
    return 0


class _Progress:
    """One line a pass on stderr, on a terminal."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self, done: Pass) -> None:
        if sys.stderr.isatty():
            view = f"first {done.view} letters" if done.view else "whole words"
            sys.stderr.write(
                f"{time.monotonic() - self.start:6.0f} s  {view}, pass {done.number} of {done.of} ({done.stage}): "
                f"{done.log_likelihood:.3f} nats and {done.links:.2f} links a word\n"
            )
