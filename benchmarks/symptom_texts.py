"""Which disease a patient's words are of, from three texts of each: few labels, with and without other texts.

python -m benchmarks.symptom_texts --data DIR [--seeds 1] [--fifths 0 1 2 3 4]
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor

from benchmarks.disease_descriptions import descriptions
from benchmarks.few_labels import Made, Rows, Values, baseline, few_shot, figures_of, head, label_spreading, self_taught
from benchmarks.report import write_table
from latentalign.evaluation.baselines import TfidfSvm
from latentalign.models.matcher.profile import Feature, Profile
from latentalign.tasks.classification.label_spreading import with_unlabelled
from latentalign.tasks.classification.labelled_texts import LabelledTexts, few
from latentalign.tasks.diagnosis.diagnose import Diagnoser
from latentalign.text.sentences import sentences

FILE = "medical/symptom2disease/train.jsonl.gz"
PER_LABEL = 3


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=1, help="draws of the labelled texts, for each fifth")
    parser.add_argument("--fifths", type=int, nargs="*", default=[0, 1, 2, 3, 4], help="each is held out in turn")
    options = parser.parse_args()
    rows = LabelledTexts(file=FILE).read(options.data)
    told = descriptions(options.data, sorted({label for _, label in rows}))
    found: dict[str, list[dict[str, float]]] = {}
    fifths = " ".join(map(str, options.fifths))
    for fifth in options.fifths:
        dev = [row for row in rows if _fifth(row[0]) == fifth]
        rest = [row for row in rows if _fifth(row[0]) != fifth]
        for name, make in _systems([text for text, _ in rest], told).items():
            for seed in range(options.seeds):
                figures = figures_of(make(few(rest, PER_LABEL, seed=seed)), dev)
                found.setdefault(name, []).append(figures)
                print(fifth, seed, name, figures, flush=True)
    write_table(
        "symptom-texts",
        [_row(name, runs, first=options.seeds) for name, runs in found.items()],
        command=f"python -m benchmarks.symptom_texts --data DIR --seeds {options.seeds} --fifths {fifths}",
    )


def _systems(others: list[str], told: dict[str, list[str]]) -> dict[str, Callable[[Rows], Made]]:
    """Return what is measured, by name: from labelled texts to a system."""
    return {
        "TF-IDF + SVM": lambda some: baseline(TfidfSvm(), some),
        "logistic head, frozen": lambda some: baseline(head(), some),
        "ours, classify": few_shot,
        "ours, diagnose (sentences of the examples as findings)": _diagnosed,
        "SVM, descriptions as further texts": lambda some: baseline(TfidfSvm(), [*some, *_described(told)]),
        "SVM taught by itself, other texts": lambda some: self_taught(some, others, []),
        "SVM taught by itself, other texts, descriptions": lambda some: self_taught(some, others, _described(told)),
        "scikit-learn's LabelSpreading, then SVM, other texts": lambda some: label_spreading(some, others),
        "ours, classify, other texts": lambda some: with_unlabelled(few_shot(some), others),
        "ours, classify, other texts, descriptions": lambda some: with_unlabelled(
            few_shot(some), others, descriptions=told
        ),
        "ours, classify, other texts, descriptions, labels even": lambda some: with_unlabelled(
            few_shot(some), others, descriptions=told, even=True
        ),
    }


def _row(name: str, runs: list[dict[str, float]], *, first: int) -> dict[str, str | float]:
    """Return the mean of each figure, the least and the most accuracy, and that of the first fifth."""
    rights = [one["accuracy"] for one in runs]
    row: dict[str, str | float] = {"system": name, "accuracy": mean(rights), "least": min(rights), "most": max(rights)}
    row["first fifth"] = mean(rights[:first])
    return row | {key: mean(one[key] for one in runs) if key in runs[0] else "–" for key in ("ECE", "turned away")}


def _fifth(text: str) -> int:
    """Return which fifth of the texts one is of, by its hash."""
    return int(hashlib.sha1(f"dev {text}".encode(), usedforsecurity=False).hexdigest(), 16) % 5


def _described(told: dict[str, list[str]]) -> Rows:
    """Return each sentence of the descriptions as a text of its label."""
    return [(one.of(text), label) for label, some in told.items() for text in some for one in sentences(text)]


def _diagnosed(rows: Rows) -> Values:
    findings: dict[str, list[Feature]] = {}
    for text, label in rows:
        findings.setdefault(label, []).extend(Feature(name=one) for one in _parts(text))
    made = Diagnoser.load([Profile(name=name, features=tuple(some)) for name, some in findings.items()])

    def values(texts: list[str]) -> Tensor:
        found = []
        for text in texts:
            said = _parts(text)
            found.append(made.values(made.findings([(one, 1.0) for one in said], (), made.ratios(said))))
        return torch.stack(found)

    return values, list(made.names)


def _parts(text: str) -> list[str]:
    """Return the sentences of a text, and the text."""
    return list(dict.fromkeys([*(one.of(text) for one in sentences(text)), text]))


if __name__ == "__main__":
    main()
