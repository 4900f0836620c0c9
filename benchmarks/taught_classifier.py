"""Whether a slower classifier teaches a faster one: students with and without a teacher, as many updates each.

python -m benchmarks.taught_classifier --data DIR [--seeds 3] [--updates 100]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.matching import milliseconds
from benchmarks.report import table, write_section
from latentalign.evaluation.baselines import TfidfSvm
from latentalign.evaluation.calibrated_system import System, fitted
from latentalign.evaluation.probability_figures import ProbabilityFigures
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.scorer import DEFAULT_POTENTIALS, ScorerConfig
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts, few
from latentalign.tasks.classification.teacher import TeacherConfig
from latentalign.tasks.classification.train_classifier import ClassifierTraining, training_for

TRAIN = LabelledTexts(file="intent/hwu64/train.jsonl.gz", label="intent")
DEV = LabelledTexts(file="intent/hwu64/valid.jsonl.gz", label="intent")
Rows = list[tuple[str, str]]


def main() -> None:
    """Train and measure, and write the table: means over the seeds, which also choose the training texts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--per-label", type=int, default=10)
    parser.add_argument("--layers", type=int, default=3, help="of the students; the encoder has six")
    parser.add_argument(
        "--aligned", type=int, default=4, help="texts whose words the students align; a teacher aligns 16"
    )
    parser.add_argument("--weight", type=float, default=TeacherConfig.weight)
    parser.add_argument("--temperature", type=float, default=TeacherConfig.temperature)
    parser.add_argument("--try", action="store_true", dest="trial", help="print and do not write")
    options = parser.parse_args()
    torch.set_num_threads(1)
    dev = DEV.read(options.data)
    runs = [run(TRAIN.read(options.data), dev, seed, options) for seed in range(options.seeds)]
    rows = [
        {"system": name, **{key: sum(one[name][key] for one in runs) / len(runs) for key in runs[0][name]}}
        | {"accuracy of each seed": " ".join(f"{one[name]['accuracy']:.4f}" for one in runs)}
        for name in runs[0]
    ]
    print(table(rows))
    if not options.trial:
        write_section("taught-classifier", table(rows), command="python -m benchmarks.taught_classifier --data DIR")


def run(train: Rows, dev: Rows, seed: int, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Return the figures of every system for the training texts of one seed."""
    rows = few(train, options.per_label, seed=seed)
    chosen = {text for text, _ in rows}
    unlabelled = [text for text, _ in few(train, 2 * options.per_label, seed=100 + seed) if text not in chosen]
    training = replace(training_for(len(rows)), epochs=None, updates=options.updates)
    slow = ClassifierTraining(training=training, held_out=0.2, seed=seed)
    potentials = [dict(one) for one in DEFAULT_POTENTIALS]
    scorer = ScorerConfig(potentials=potentials, layer=options.layers, pooled_layer=options.layers)
    fast = replace(slow, matcher=MatcherConfig(scorer=scorer, aligned=options.aligned))
    found = {"TF-IDF + SVM": figures(fitted("TF-IDF", TfidfSvm(), rows, [], held_out=0.2), dev)}
    teacher = slow.fit(rows)
    found["teacher, 6 layers"] = figures(system(teacher), dev)
    found[f"student, {options.layers} layers, alone"] = figures(system(fast.fit(rows)), dev)
    with tempfile.TemporaryDirectory() as folder:
        teacher.save(Path(folder) / "teacher")
        given = TeacherConfig(
            folder=str(Path(folder) / "teacher"), weight=options.weight, temperature=options.temperature
        )
        taught = replace(fast, teacher=given)
        found["the same, taught"] = figures(system(taught.fit(rows)), dev)
        found["taught, with texts without labels"] = figures(system(taught.fit(rows, unlabelled=unlabelled)), dev)
    print(seed, {name: round(one["accuracy"], 4) for name, one in found.items()}, flush=True)
    return found


def system(made: Classifier) -> System:
    """Return a classifier as what is measured."""
    return System(name="", names=made.labels, model=made, calibration=made.calibration, counts=made.memory.counts)


def figures(one: System, dev: Rows) -> dict[str, float]:
    """Return what a system is worth on some texts, and the processor time for one of them."""
    found = ProbabilityFigures(
        inside=one.probabilities([text for text, _ in dev]),
        labels=[one.names.index(label) for _, label in dev],
        outside=torch.zeros(0, len(one.names) + 1),
        calibration=one.calibration,
    ).row()
    kept = {key: float(found[key]) for key in ("accuracy", "macro F1", "ECE", "Brier")}
    return kept | {"ms a text": milliseconds(lambda text: one.probabilities([text]), [text for text, _ in dev[::30]])}


if __name__ == "__main__":
    main()
