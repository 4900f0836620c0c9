"""Alignment error rate of distilled students beside their teacher, on the same words as ``word_alignment``.

    python -m benchmarks.distilled_alignment --data DIR [--set i,ii] [--seeds 1] [--runs FOLDER]

Links are those of mass 0.5. The gold is used for nothing but the error rate. With ``--runs`` a stopped run goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alignment_sets import SETS, AlignmentSet
from benchmarks.report import write_table
from benchmarks.word_alignment import measured
from latentalign import config
from latentalign.models.neural.model import DistilledModel
from latentalign.models.statistical.posterior import Posterior
from latentalign.tasks.alignment.train_distilled import DistilledRecipe
from latentalign.training.distill import Rounds

RECIPES = {"i": "distill-hansards-small", "ii": "distill-hansards-large"}
FOLDER = Path(__file__).resolve().parent.parent / "recipes"


def main() -> None:
    """Train, measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="i", help=f"of {', '.join(RECIPES)}, with commas between")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--runs", type=Path, help="where runs are kept; default: nowhere")
    parser.add_argument("--change", action="append", default=[], help="a setting of the recipe, as students=1")
    options = parser.parse_args()
    for name in options.set.split(","):
        chosen, rows = SETS[name](options.data), []
        with tempfile.TemporaryDirectory() as unkept:
            for seed in range(options.seeds):
                folder = (options.runs or Path(unkept)) / f"{name}-{seed}"
                rows += list(one(name, chosen, seed, folder, options.change))
        command = f"python -m benchmarks.distilled_alignment --data DIR --set {name} --seeds {options.seeds}"
        write_table(f"distilled-alignment-{name}", rows, command=" --change ".join([command, *options.change]))


def one(name: str, chosen: AlignmentSet, seed: int, folder: Path, changes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one run: the teacher, its students, and the mean of both."""
    start = time.perf_counter()
    model = trained(name, chosen, seed, folder, changes)
    seconds = time.perf_counter() - start
    many, first = len(model.networks), dataclasses.replace(model, networks=model.networks[:1], share=1.0)
    systems = {
        "teacher": model.teacher,
        "one student": first,
        **({f"{many} students": dataclasses.replace(model, share=1.0)} if many > 1 else {}),
        "students and teacher, half and half": dataclasses.replace(model, share=0.5),
    }
    for system, reader in systems.items():
        row = measured(name, system, seed, chosen, links(reader.posteriors(chosen.pairs[: len(chosen.gold)])))
        kept = {key: row[key] for key in ("set", "system", "seed", "pairs")}
        figures = {key: round(row[key], 2) for key in ("AER", "P", "R")}
        yield kept | figures | {"95%": row["95%"], "s": round(seconds)}


def trained(name: str, chosen: AlignmentSet, seed: int, folder: Path, changes: Sequence[str]) -> DistilledModel:
    """Train what the recipe of a set says, on the words of the set."""
    table = config.read_toml(FOLDER / f"{RECIPES[name]}.toml", overrides=changes)
    table.pop("trainer")
    recipe = config.parse(DistilledRecipe, table, where=RECIPES[name])
    rounds = Rounds(
        folder=folder,
        settings=dataclasses.replace(recipe.settings, seed=seed),
        network=recipe.network,
        weak=dataclasses.replace(recipe.weak, seed=seed),
        weights=recipe.weights,
        training=dataclasses.replace(recipe.training, seed=seed),
        rounds=recipe.rounds,
        students=recipe.students,
        threads=recipe.threads,
    )
    return rounds.run([pair for pair in chosen.pairs if all(pair)], resume=True)


def links(found: Sequence[Posterior]) -> list[set[tuple[int, int]]]:
    """Return the links of mass 0.5."""
    masses = [(one.forward + one.backward) / 2 for one in found]
    return [set(zip(*(side.tolist() for side in np.nonzero(mass >= 0.5)), strict=True)) for mass in masses]


if __name__ == "__main__":
    main()
