"""The evaluations of recipes, measured and written into docs/results.md.

python -m benchmarks.evaluations --data DIR [RECIPE ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.report import write_section
from latentalign.evaluation.recipe import run

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
SECTIONS = (
    "sts",
    "sick",
    "scitldr",
    "textberg",
    "words-minilm",
    "intents-clinc150",
    "evaluate-csabstruct",
    "evaluate-ohsumed",
    "relate-anatomy",
    "relate-clscisumm",
    "slots-restaurant8k",
    "slots-atis",
    "slots-snips",
    "intents-sgd",
    "states-sgd",
)


def main() -> None:
    """Measure the recipes and write their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("recipes", nargs="*", default=SECTIONS, metavar="RECIPE", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the recipes")
    options = parser.parse_args()
    settings = "".join(f" --set {one}" for one in options.set if not one.startswith("models="))
    for name in options.recipes:
        text = run(RECIPES / f"{name}.toml", data=options.data, overrides=options.set).to_markdown()
        print(text, flush=True)
        write_section(name, text, command=f"latentalign evaluate recipes/{name}.toml --data DIR{settings}")


if __name__ == "__main__":
    main()
