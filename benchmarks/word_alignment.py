"""Alignment error rate, calibration, time and memory of the statistical aligner, beside eflomal and fast_align.

    python -m benchmarks.word_alignment --data DIR [--set i,ii,...] [--seeds 3] [--peers-python PYTHON]

Every system reads the same words. Ours is the model of ``StatisticalConfig``; its links are those whose mass reaches
the model's own threshold. The peers are called in the Python that is named, if one is; see ``alignment_peers``.
Intervals are 95% bootstraps over sentence pairs. Each set has a table of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alignment_peers import VIEWS, Run, eflomal, fast_align
from benchmarks.alignment_sets import SETS, AlignmentSet, Links
from benchmarks.report import write_table
from benchmarks.word_alignment_job import Masses, train_and_read
from latentalign.metrics.bootstrap import bootstrap
from latentalign.metrics.links import LinkCounts

SILVER = tuple(name for name in SETS if name.startswith("silver-"))


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="i", help=f"of {', '.join(SETS)} or silver, with commas between")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--votes", type=int, help="seeds with the vote of ten, which takes five runs; default all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers-python", help="a Python in which eflomal and systran-align are installed")
    options = parser.parse_args()
    if options.peers_python is None:
        print("eflomal and fast_align are left out: name a Python that has them with --peers-python")
    for table in options.set.split(","):
        rows = []
        for name in SILVER if table == "silver" else (table,):
            rows += measured_set(name, SETS[name](options.data), options)
        command = f"python -m benchmarks.word_alignment --data DIR --set {table} --seeds {options.seeds}"
        command += "" if options.votes is None else f" --votes {options.votes}"
        write_table(f"word-alignment-{table}", summary(rows), command=f"{command} --peers-python PYTHON")


def measured_set(name: str, chosen: AlignmentSet, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of all systems and seeds on one set; fast_align has nothing that is drawn, so it runs once."""
    rows = []
    for seed in range(options.seeds):
        rows += ours(name, chosen, seed, options.threads)
        if options.peers_python:
            vote = options.votes is None or seed < options.votes
            runs = list(eflomal(chosen.pairs, len(chosen.gold), options.peers_python, vote=vote))
            if seed == 0:
                runs.append(fast_align(chosen.pairs, len(chosen.gold), options.peers_python))
            rows += [peer(name, chosen, seed, run) for run in runs]
    return rows


def ours(name: str, chosen: AlignmentSet, seed: int, threads: int) -> list[dict[str, Any]]:
    """Train and align with our model, all views and whole words only."""
    rows = []
    for system, views in (("ours", VIEWS), ("ours, whole words only", VIEWS[:1])):
        found = train_and_read(chosen.pairs, len(chosen.gold), threads=threads, seed=seed, views=views)
        row = measured(name, system, seed, chosen, strong(found)) | {"ECE": calibration_error(found.masses, chosen)}
        rows.append(row | {"s": found.seconds, "CPU s": found.busy, "MB": found.memory})
    return rows


def strong(found: Masses) -> list[Links]:
    """Return the links of each pair whose mass reaches the threshold of the model."""
    reached = (np.nonzero(mass >= found.threshold) for mass in found.masses)
    return [set(zip(*(side.tolist() for side in sides), strict=True)) for sides in reached]


def peer(name: str, chosen: AlignmentSet, seed: int, run: Run) -> dict[str, Any]:
    """Return the figures of one run of a peer."""
    row = measured(name, run.system, seed, chosen, run.links)
    return row | {"ECE": None, "s": run.seconds, "CPU s": run.busy, "MB": run.memory}


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


def calibration_error(masses: Sequence[Any], chosen: AlignmentSet) -> float | None:
    """Return the error of ten bins, links of probability 0.01 or more, each half of the pairs fitted on the other.

    None for a gold that covers some words only: what it leaves out is not wrong. Links of the gold to words that are
    not there, as the Europarl set has some, cannot be told and are left out.
    """
    from latentalign.models.statistical.calibration import Calibration, gold_cells

    if chosen.partial:
        return None
    accepted = [
        gold_cells([mass.shape], [[link for link in gold.sure | gold.possible if np.less(link, mass.shape).all()]])
        for mass, gold in zip(masses, chosen.gold, strict=True)
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
        mean = {key: float(np.mean([row[key] for row in runs])) for key in ("P", "R", "s", "CPU s", "MB")}
        errors = [row["ECE"] for row in runs if row["ECE"] is not None]
        found.append(
            {
                "set": name,
                "system": system,
                "pairs": runs[0]["pairs"],
                "AER": round(float(np.mean(values)), 1),
                "seeds": f"{min(values):.1f} to {max(values):.1f}" if len(runs) > 1 else "one run",
                "95%, first seed": runs[0]["95%"],
                "P": round(mean["P"], 1),
                "R": round(mean["R"], 1),
                "ECE": float(np.mean(errors)) if errors else None,
                "s": round(mean["s"], 1),
                "CPU s": round(mean["CPU s"], 1),
                "MB": round(mean["MB"]),
            }
        )
    return found


if __name__ == "__main__":
    main()
