"""The evaluations of recipes, measured and written into docs/results.md.

python -m benchmarks.evaluations --data DIR [RECIPE ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.report import write_section
from latentalign.evaluation.recipe import run

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
SECTIONS = ("sts", "scitldr", "textberg", "words-minilm", "intents-clinc150", "evaluate-csabstruct")


def main() -> None:
    """Measure the recipes and write their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("recipes", nargs="*", default=SECTIONS, metavar="RECIPE", help=f"of {', '.join(SECTIONS)}")
    options = parser.parse_args()
    for name in options.recipes:
        text = run(RECIPES / f"{name}.toml", data=options.data).to_markdown()
        print(text, flush=True)
        write_section(name, text, command=f"latentalign evaluate recipes/{name}.toml --data DIR")


if __name__ == "__main__":
    main()
