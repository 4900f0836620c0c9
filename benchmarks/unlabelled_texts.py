"""Intents from five and ten texts of each, with other texts whose labels are not read, and without them.

python -m benchmarks.unlabelled_texts --data DIR [--seeds 3] [--sets SNIPS ATIS HWU64]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import mean

from benchmarks.few_labels import Made, Rows, baseline, few_shot, figures_of, head, self_taught
from benchmarks.report import write_table
from latentalign.evaluation.baselines import TfidfSvm
from latentalign.tasks.classification.label_spreading import with_unlabelled
from latentalign.tasks.classification.labelled_texts import LabelledTexts, few

SETS = {"SNIPS": "intent/snips", "ATIS": "intent/atis", "HWU64": "intent/hwu64"}
OTHERS = 1500


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, help="draws of the labelled texts")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    options = parser.parse_args()
    table: list[dict[str, str | float]] = []
    for name in options.sets:
        train, test = (
            LabelledTexts(file=f"{SETS[name]}/{part}.jsonl.gz", label="intent").read(options.data)
            for part in ("train", "valid")
        )
        known = {label for _, label in train}
        test = [row for row in test if row[1] in known]
        others = [text for text, _ in train[:: -(-len(train) // OTHERS)]]
        for count in (5, 10):
            for system, make in _systems(others).items():
                runs = [figures_of(make(few(train, count, seed=seed)), test) for seed in range(options.seeds)]
                rights = [one["accuracy"] for one in runs]
                row = {"set": name, "a label": count, "others": len(others), "system": system}
                row |= {"accuracy": mean(rights), "least": min(rights), "most": max(rights)}
                table.append(row | {key: _mean(runs, key) for key in ("ECE", "turned away")})
                print(table[-1], flush=True)
    command = f"python -m benchmarks.unlabelled_texts --data DIR --seeds {options.seeds}"
    if options.sets != list(SETS):
        command += f" --sets {' '.join(options.sets)}"
    write_table("unlabelled-texts", table, command=command)


def _systems(others: list[str]) -> dict[str, Callable[[Rows], Made]]:
    """Return what is measured, by name: from labelled texts to a system."""
    return {
        "TF-IDF + SVM": lambda some: baseline(TfidfSvm(), some),
        "TF-IDF + SVM taught by itself, other texts": lambda some: self_taught(some, others, []),
        "logistic head, frozen": lambda some: baseline(head(), some),
        "ours, nothing trained": few_shot,
        "ours, nothing trained but weights, other texts": lambda some: with_unlabelled(few_shot(some), others),
    }


def _mean(runs: list[dict[str, float]], key: str) -> str | float:
    return mean(one[key] for one in runs) if key in runs[0] else "–"


if __name__ == "__main__":
    main()
