"""Alignment error rate, calibration, time and memory of the statistical aligner, beside eflomal.

    python -m benchmarks.word_alignment --data DIR [--set i,ii,...] [--seeds 3] [--eflomal-python PYTHON]

Every system reads the same words. Ours is the model of ``StatisticalConfig``; its links are those of mass 0.5, fixed on
set i. eflomal, which is GPL and no part of this project, is called in the Python that is named, if it is: its two
directions joined by intersection, grow-diag or grow-diag-final-and, and the vote of ten (five views of the words by two
directions, half of the votes). Intervals are 95% bootstraps over sentence pairs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.alignment_sets import SETS, AlignmentSet, Links
from benchmarks.report import write_table
from latentalign.families.symmetrise import grow_diag, grow_diag_final_and
from latentalign.metrics.bootstrap import bootstrap
from latentalign.metrics.links import LinkCounts

VIEWS = (0, 3, 4, 5, 6)
EFLOMAL = """
import json, resource, sys, tempfile, time, eflomal
pairs = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1], encoding="utf-8")]
start = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
    eflomal.Aligner().align(
        [pair[0] + "\\n" for pair in pairs], [pair[1] + "\\n" for pair in pairs],
        links_filename_fwd=folder + "/f", links_filename_rev=folder + "/r",
    )
    seconds = time.perf_counter() - start
    found = [open(folder + "/" + name).read().split("\\n")[: int(sys.argv[2])] for name in "fr"]
memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"links": found, "seconds": seconds, "memory": memory}))
"""


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="i", help=f"of {', '.join(SETS)}, with commas between")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--eflomal-python", help="a Python in which eflomal is installed")
    options = parser.parse_args()
    if options.eflomal_python is None:
        print("eflomal is left out: name a Python that has it with --eflomal-python")
    rows = []
    for name in options.set.split(","):
        chosen = SETS[name](options.data)
        for seed in range(options.seeds):
            rows += ours(name, chosen, seed, options.threads)
            if options.eflomal_python:
                rows += eflomal(name, chosen, seed, options.eflomal_python)
    command = f"python -m benchmarks.word_alignment --data DIR --set {options.set} --seeds {options.seeds}"
    write_table("word-alignment", summary(rows), command=command)


def ours(name: str, chosen: AlignmentSet, seed: int, threads: int) -> list[dict[str, Any]]:
    """Train and align with our model, all views and whole words only, in a process of its own."""
    rows = []
    for system, views in (("ours", VIEWS), ("ours, whole words only", VIEWS[:1])):
        with tempfile.TemporaryDirectory() as folder:
            job = Path(folder) / "job.json"
            job.write_text(json.dumps({"pairs": chosen.pairs, "gold": len(chosen.gold)}), encoding="utf-8")
            arguments = [str(job), str(seed), str(threads), ",".join(map(str, views))]
            run = subprocess.run(
                [sys.executable, "-m", "benchmarks.word_alignment_job", *arguments], capture_output=True, check=True
            )
        found = json.loads(run.stdout)
        masses = [np.array(mass) for mass in found["masses"]]
        links = [set(zip(*(side.tolist() for side in np.nonzero(mass >= 0.5)), strict=True)) for mass in masses]
        row = measured(name, system, seed, chosen, links)
        row |= {"ECE": calibration_error(masses, chosen), "s": found["seconds"], "MB": found["memory"] / 1024}
        rows.append(row)
    return rows


def eflomal(name: str, chosen: AlignmentSet, seed: int, python: str) -> list[dict[str, Any]]:
    """Align with eflomal; it has no seed that can be given, so each run draws anew."""
    votes: list[Counter[tuple[int, int]]] = [Counter() for _ in chosen.gold]
    rows, seconds, memory = [], 0.0, 0.0
    for view in VIEWS:
        cut = [
            tuple(" ".join(word[:view] if view else word for word in side) for side in pair) for pair in chosen.pairs
        ]
        with tempfile.TemporaryDirectory() as folder:
            text = Path(folder) / "pairs.tsv"
            text.write_text("".join("\t".join(pair) + "\n" for pair in cut), encoding="utf-8")
            arguments = [python, "-c", EFLOMAL, str(text), str(len(chosen.gold))]
            found = json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)
        seconds, memory = seconds + found["seconds"], max(memory, found["memory"] / 1024)
        forward, backward = ([parse(line) for line in lines] for lines in found["links"])
        for vote, one, other in zip(votes, forward, backward, strict=True):
            vote.update(one)
            vote.update(other)
        if view == 0:
            for how, join in JOINED.items():
                links = [join(one, other) for one, other in zip(forward, backward, strict=True)]
                row = measured(name, f"eflomal, {how}", seed, chosen, links)
                rows.append(row | {"ECE": None, "s": seconds, "MB": memory})
    links = [{link for link, count in vote.items() if count >= len(VIEWS)} for vote in votes]
    row = measured(name, "eflomal, vote of ten", seed, chosen, links)
    return [*rows, row | {"ECE": None, "s": seconds, "MB": memory}]


def parse(line: str) -> Links:
    """Return the links of one Pharaoh line."""
    return {(int(i), int(j)) for i, _, j in (part.partition("-") for part in line.split())}


def grown(grow: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Links, Links], Links]:
    """Return a way to join two directions, by the library's own growing."""

    def join(one: Links, other: Links) -> Links:
        if not one | other:
            return set()
        size = max(max(link) for link in one | other) + 1
        both = torch.zeros((2, size, size), dtype=torch.bool)
        for matrix, links in zip(both, (one, other), strict=True):
            for i, j in links:
                matrix[i, j] = True
        return {(i, j) for i, j in grow(both[0], both[1]).nonzero().tolist()}

    return join


JOINED: dict[str, Callable[[Links, Links], Links]] = {
    "intersection": lambda one, other: one & other,
    "grow-diag": grown(grow_diag),
    "grow-diag-final-and": grown(grow_diag_final_and),
}


def measured(name: str, system: str, seed: int, chosen: AlignmentSet, links: Sequence[Links]) -> dict[str, Any]:
    """Return the figures of one run."""
    counts = [
        LinkCounts.of(chosen.scored(given, gold), sure=gold.sure, possible=gold.possible)
        for given, gold in zip(links, chosen.gold, strict=True)
    ]
    total, interval = LinkCounts.total(counts), bootstrap(counts, lambda found: LinkCounts.total(found).aer)
    return {
        "set": name,
        "system": system,
        "seed": seed,
        "pairs": len(chosen.pairs),
        "AER": 100 * total.aer,
        "95%": f"{100 * interval.low:.1f} to {100 * interval.high:.1f}",
        "P": 100 * total.precision,
        "R": 100 * total.recall,
    }


def calibration_error(masses: Sequence[Any], chosen: AlignmentSet) -> float:
    """Return the error of ten bins, links of probability 0.01 or more, each half of the pairs fitted on the other."""
    from latentalign.models.statistical.calibration import Calibration, gold_cells

    accepted = [
        gold_cells([mass.shape], [[*gold.sure, *gold.possible]]) for mass, gold in zip(masses, chosen.gold, strict=True)
    ]
    chances, told = [], []
    for half in (0, 1):
        fitted = [np.concatenate([part.ravel() for part in parts[half::2]]) for parts in (masses, accepted)]
        tested = [np.concatenate([part.ravel() for part in parts[1 - half :: 2]]) for parts in (masses, accepted)]
        chances.append(Calibration.fit(fitted[0], fitted[1].astype(bool))(tested[0]))
        told.append(tested[1])
    chance, truth = np.concatenate(chances), np.concatenate(told)
    kept = chance >= 0.01
    chance, truth = chance[kept], truth[kept]
    bins = np.minimum((chance * 10).astype(int), 9)
    gaps = (abs(chance[bins == one].sum() - truth[bins == one].sum()) for one in range(10))
    return float(sum(gaps) / len(chance))


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a set and system: means over the seeds, and how far they spread."""
    found = []
    for name, system in dict.fromkeys((row["set"], row["system"]) for row in rows):
        runs = [row for row in rows if (row["set"], row["system"]) == (name, system)]
        values = [row["AER"] for row in runs]
        mean = {key: float(np.mean([row[key] for row in runs])) for key in ("P", "R", "s", "MB")}
        errors = [row["ECE"] for row in runs if row["ECE"] is not None]
        found.append(
            {
                "set": name,
                "system": system,
                "pairs": runs[0]["pairs"],
                "AER": round(float(np.mean(values)), 1),
                "seeds": f"{min(values):.1f} to {max(values):.1f}",
                "95%, first seed": runs[0]["95%"],
                "P": round(mean["P"], 1),
                "R": round(mean["R"], 1),
                "ECE": float(np.mean(errors)) if errors else None,
                "s": round(mean["s"], 1),
                "MB": round(mean["MB"]),
            }
        )
    return found


if __name__ == "__main__":
    main()
