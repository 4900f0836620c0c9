"""The evaluations of recipes, measured and written into docs/results.md.

The tables of second sets stand in a section of their own, NAME-second, where the page has one.

python -m benchmarks.evaluations --data DIR [RECIPE ...]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from benchmarks.report import RESULTS, write_section
from latentalign.evaluation.recipe import run
from latentalign.evaluation.report import Report

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
        report = run(RECIPES / f"{name}.toml", data=options.data, overrides=options.set)
        print(report.to_markdown(), flush=True)
        for section, text in sections(name, report, page=RESULTS.read_text(encoding="utf8")).items():
            write_section(section, text, command=f"latentalign evaluate recipes/{name}.toml --data DIR{settings}")


def sections(name: str, report: Report, *, page: str) -> dict[str, str]:
    """Return the tables of a report by the sections of the page that they stand in.

    >>> report = Report(title="A", rows=[{"x": 1}], further=[Report(title="B", rows=[{"y": 2}])])
    >>> list(sections("a", report, page="<!-- a:begin -->"))
    ['a']
    >>> list(sections("a", report, page="<!-- a:begin --> <!-- a-second:begin -->"))
    ['a', 'a-second']
    """
    second = f"{name}-second"
    if not report.further or f"<!-- {second}:begin -->" not in page:
        return {name: report.to_markdown()}
    below = "\n".join(one.to_markdown() for one in report.further)
    return {name: replace(report, further=()).to_markdown(), second: below}


if __name__ == "__main__":
    main()
