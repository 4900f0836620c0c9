"""What a trained classifier of CLINC150 loses on texts of other sets with the same intents, beside the baselines.

python -m benchmarks.second_sets --data DIR --model FOLDER [--model FOLDER ...]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.report import write_section
from latentalign.evaluation.recipe import run
from latentalign.evaluation.report import Report

RECIPE = Path(__file__).resolve().parent.parent / "recipes" / "intents-clinc150.toml"


def main() -> None:
    """Measure the baselines once and every model, and write the table of the second sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", action="append", required=True, help="of `latentalign train`, one a seed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    reports = [table(options.data, model, baselines=not number) for number, model in enumerate(options.model)]
    rows = [
        {**row, "system": f"ours, seed {number}" if row["system"] == "ours" else row["system"]}
        for number, report in enumerate(reports)
        for row in report.rows
        if row["system"] == "ours" or not number
    ]
    names = list(dict.fromkeys(row["second set"] for row in rows))
    joined = replace(reports[0], rows=[row for name in names for row in rows if row["second set"] == name])
    text = joined.to_markdown()
    print(text, flush=True)
    write_section("second-sets", text, command="python -m benchmarks.second_sets --data DIR --model FOLDER ...")


def table(data: Path, model: str, *, baselines: bool) -> Report:
    """Return the table of the second sets for one trained folder; the logistic head only where it is asked for."""
    settings = ["perturbations=[]", "deletions=0", f'model="{model}"', *([] if baselines else ["heads=[]"])]
    return run(RECIPE, data=data, overrides=settings).further[0]


if __name__ == "__main__":
    main()
