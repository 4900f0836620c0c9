"""What a trained classifier of CLINC150 loses on texts of other sets with the same intents, beside the baselines.

python -m benchmarks.second_sets --data DIR --model FOLDER [--model FOLDER ...] [--synonyms PATH]
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
    """Measure every model, the logistic head beside the first one alone, and write the tables; a seed is a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", action="append", required=True, help="of `latentalign train`, one a seed")
    parser.add_argument("--synonyms", help="WordNet's index.sense below DIR; the loss by synonyms is written as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    given = [] if options.synonyms is None else [f'synonyms="{options.synonyms}"']
    reports = [measured(options.data, model, given, baselines=not k) for k, model in enumerate(options.model)]
    command = "python -m benchmarks.second_sets --data DIR --model FOLDER ..."
    further = joined([one.further[0] for one in reports])
    names = list(dict.fromkeys(row["second set"] for row in further.rows))
    ordered = replace(further, rows=[row for name in names for row in further.rows if row["second set"] == name])
    print(ordered.to_markdown(), flush=True)
    write_section("second-sets", ordered.to_markdown(), command=command)
    if given:
        rows = [{key: row[key] for key in ("system", "accuracy", "synonyms")} for row in joined(reports).rows]
        report = Report(title="CLINC150 in other words, val", rows=rows, notes=reports[0].notes[2:])
        print(report.to_markdown(), flush=True)
        write_section("synonyms", report.to_markdown(), command=f"{command} --synonyms PATH")


def measured(data: Path, model: str, given: list[str], *, baselines: bool) -> Report:
    """Return what one trained folder is worth; the logistic head only where it is asked for."""
    settings = ["perturbations=[]", "deletions=0", f'model="{model}"', *given, *([] if baselines else ["heads=[]"])]
    return run(RECIPE, data=data, overrides=settings)


def joined(reports: list[Report]) -> Report:
    """Return the first table with the rows of ours of the others, each under its seed."""
    rows = [
        {**row, "system": f"ours, seed {number}" if row["system"] == "ours" else row["system"]}
        for number, report in enumerate(reports)
        for row in report.rows
        if row["system"] == "ours" or not number
    ]
    return replace(reports[0], rows=rows)


if __name__ == "__main__":
    main()
