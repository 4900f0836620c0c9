"""What misspelled words cost a trained classifier that reads them as the words it knows, and one that does not.

python -m benchmarks.spelling --data DIR [--clinc FOLDER ...] [--seeds 3]

HWU64 is trained here; folders of `latentalign train recipes/classify-clinc150.toml` are measured as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor

from benchmarks.report import write_table
from latentalign.evaluation.baselines import TfidfSvm
from latentalign.evaluation.perturbations import Perturbations
from latentalign.metrics.auroc import auroc
from latentalign.models.matcher.memory import units_of
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from latentalign.tasks.classification.train_classifier import ClassifierTraining
from latentalign.training.matching import MatchingConfig

Rows = list[tuple[str, str]]
CLINC = "intent/clinc150/data_full.json.gz"
HWU64 = "intent/hwu64/{}.jsonl.gz"


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of one set.

    Args:
        name: of the set.
        train, test: with labels.
        outside: out of scope.
    """

    name: str
    train: Rows
    test: Rows
    outside: list[str]

    def row(self, values: Callable[[Sequence[str]], tuple[Tensor, Sequence[str]]], *, fits: bool) -> dict[str, float]:
        """Return the figures of a system: from texts to values and labels, the last column NULL where it ``fits``."""
        texts = [text for text, _ in self.test]
        changed = Perturbations.of(("typos",), Path()).changed(texts, "typos")
        right = [self._right(*values(some)) for some in (texts, changed)]
        row = {"accuracy": right[0], "misspelled": right[1], "lost": round(100 * (right[0] - right[1]), 2)}
        if self.outside and fits:
            inside, outside = ((1 - values(some)[0][:, -1]).tolist() for some in (texts, self.outside))
            row["AUROC"] = auroc([*inside, *outside], [True] * len(inside) + [False] * len(outside))
        return row

    def _right(self, values: Tensor, names: Sequence[str]) -> float:
        best = values[:, : len(names)].argmax(dim=1).tolist()
        return mean(names[one] == label for one, (_, label) in zip(best, self.test, strict=True))


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--clinc", action="append", default=[], help="a trained folder, one a seed")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of HWU64; none leaves it out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    table: list[dict[str, str | float]] = []
    if options.clinc:
        parts = {one: LabelledTexts(file=CLINC, key=one).read(options.data) for one in ("train", "val", "oos_val")}
        texts = Texts(
            name="CLINC150", train=parts["train"], test=parts["val"], outside=[text for text, _ in parts["oos_val"]]
        )
        table += _rows(texts, [Classifier.load(folder=one) for one in options.clinc])
    if options.seeds:
        train, test = (
            LabelledTexts(file=HWU64.format(one), label="intent").read(options.data) for one in ("train", "valid")
        )
        texts = Texts(name="HWU64", train=train, test=test, outside=[])
        training = ClassifierTraining(matching=MatchingConfig(misspelled=0.3))
        table += _rows(texts, [replace(training, seed=seed).fit(train) for seed in range(options.seeds)])
    folders = " --clinc FOLDER" * len(options.clinc)
    write_table("spelling", table, command=f"python -m benchmarks.spelling --data DIR{folders} --seeds {options.seeds}")


def _rows(texts: Texts, models: list[Classifier]) -> list[dict[str, str | float]]:
    """Return the rows of a linear machine and of ours, reading texts as they are and misspelled words as known ones."""
    speller = _with(models[0], spelling=True)
    machine = TfidfSvm()
    names = list(dict.fromkeys(label for _, label in texts.train))
    machine.fit([text for text, _ in texts.train], [names.index(label) for _, label in texts.train])

    def corrected(some: Sequence[str]) -> list[str]:
        return [one.text for one in speller.matcher.as_read([units_of(text) for text in some], speller.memory)]

    found = {
        ("TF-IDF + SVM", "as they are"): [texts.row(lambda some: (machine.values(some), names), fits=False)],
        ("TF-IDF + SVM", "as known ones"): [
            texts.row(lambda some: (machine.values(corrected(some)), names), fits=False)
        ],
        ("ours", "as they are"): [_ours(texts, _with(one, spelling=False)) for one in models],
        ("ours", "as known ones"): [_ours(texts, _with(one, spelling=True)) for one in models],
    }
    rows: list[dict[str, str | float]] = []
    for (system, reading), runs in found.items():
        row: dict[str, str | float] = {"set": texts.name, "system": system, "unknown words are read": reading}
        row |= {key: mean(one[key] for one in runs) for key in ("accuracy", "misspelled", "lost")}
        rows.append(row | {"AUROC": mean(one["AUROC"] for one in runs) if "AUROC" in runs[0] else "–"})
        print(rows[-1], flush=True)
    return rows


def _with(classifier: Classifier, *, spelling: bool) -> Classifier:
    return replace(classifier, matcher=replace(classifier.matcher, spelling=spelling))


def _ours(texts: Texts, classifier: Classifier) -> dict[str, float]:
    return texts.row(lambda some: (classifier.probabilities(some), classifier.labels), fits=True)


if __name__ == "__main__":
    main()
