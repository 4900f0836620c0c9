"""The right disease from few symptoms, and how long one patient takes: the tables of diagnosis.

Decision support, not medical advice.

python -m benchmarks.diagnosis --data DIR [--only accuracy|speed]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

import torch

from benchmarks.matching import milliseconds
from benchmarks.report import write_section, write_table
from latentalign.evaluation.recipe import run
from latentalign.tasks.diagnosis.diagnose import Diagnoser
from latentalign.tasks.diagnosis.profile_file import read_profiles

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
GARD = "medical/gard-hpo-symptoms"
T = TypeVar("T")
COMMAND = "python -m benchmarks.diagnosis --data DIR"


def main() -> None:
    """Measure and write both tables; processor time, one thread, the model warm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("accuracy", "speed"), help="one of the tables")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.only != "accuracy":
        write_table("diagnosis-speed", speed(options.data), command=COMMAND)
    if options.only != "speed":
        report = run(RECIPES / "diagnose-gard.toml", data=options.data)
        write_section("diagnose-gard", report.to_markdown(), command=COMMAND)


def speed(data: Path) -> list[dict[str, str | float]]:
    """Return how long it takes to get ready, with and without the vectors of the findings, and to answer."""
    profiles = tuple(one for part in ("train", "dev") for one in read_profiles(data / GARD / f"{part}.jsonl.gz"))
    with tempfile.TemporaryDirectory() as cache:
        first, _ = _seconds(lambda: Diagnoser.load(profiles, cache=cache))
        again, diagnoser = _seconds(lambda: Diagnoser.load(profiles, cache=cache))
    _ = diagnoser.diagnose(["fever"])  # the letters of the catalogue are counted at the first question
    chance = Random(0)
    names = [one.name for one in diagnoser.phrases.features]
    lists = {"\n".join(chance.sample(names, 5)): None for _ in range(60)}
    said = {text: text.split("\n") for text in lists}
    ratios = {text: diagnoser.ratios(some) for text, some in said.items()}
    cases = {text: diagnoser.findings([(one, 1.0) for one in some], (), ratios[text]) for text, some in said.items()}
    what = f"{len(profiles):,} diseases, {len(names):,} findings"
    found = {
        f"{what}: ready, findings encoded": 1e3 * first,
        f"{what}: ready, vectors kept": 1e3 * again,
        "5 symptoms: answer, evidence for 5": milliseconds(lambda one: diagnoser.diagnose(said[one]), [*said]),
        "of which what they mean (encoder and letters)": milliseconds(lambda one: diagnoser.ratios(said[one]), [*said]),
        "of which probabilities of all": milliseconds(lambda one: diagnoser.probabilities(cases[one]), [*said]),
    }
    return [{"what": name, "ms": value} for name, value in found.items()]


def _seconds(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


if __name__ == "__main__":
    main()
