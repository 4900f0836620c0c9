"""``latentalign evaluate``: a recipe, a data folder, and a table with a baseline in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentalign.cli.output import opened


def evaluate(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe, such as recipes/sts.toml.")],
    data: Annotated[Path, typer.Option(help="The folder that holds the data sets.")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the recipe, as layer=4.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The rows as JSON lines instead of a table.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here instead of stdout.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="A folder for drawings, such as risk-coverage curves.")] = None,
) -> int:
    """Measure a recipe on real data and print the table, baselines beside."""
    from latentalign.evaluation.recipe import run

    report = run(recipe, data=data, overrides=set_ or [])
    with opened(output) as out:
        out.write(report.to_json_lines() if json else report.to_markdown())
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for name, drawing in report.pictures.items():
            with opened(pictures / f"{name}.svg") as out:
                out.write(drawing)
    return 0
