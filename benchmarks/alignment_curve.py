"""The alignment error rate by the number of training pairs, ours and eflomal's, as a table and a picture.

    python -m benchmarks.alignment_curve --data DIR --peers-python PYTHON [--seeds 3]

The text is the Hansards dev sentences and the first so many pairs of Tatoeba, which is drawn anew by each seed.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.alignment_peers import eflomal
from benchmarks.alignment_sets import AlignmentSet, hansards, tatoeba
from benchmarks.report import RESULTS, write_table
from benchmarks.word_alignment import measured, strong
from benchmarks.word_alignment_job import train_and_read

SIZES = (1_000, 5_000, 20_000, 80_000)
PICTURE = RESULTS.parent / "images" / "learning-curve.svg"
SHOWN = ("ours", "eflomal, intersection", "eflomal, vote of ten")


def main() -> None:
    """Measure, write the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers-python", help="a Python in which eflomal is installed")
    options = parser.parse_args()
    if options.peers_python is None:
        print("left out: it compares with eflomal, so name a Python that has it with --peers-python")
        return
    text = tatoeba(options.data, "tatoeba-en-fr", ("en", "fr"))
    errors: dict[tuple[str, int], list[float]] = {}
    for size in SIZES:
        for seed in range(options.seeds):
            chosen = hansards(options.data, random.Random(seed).sample(text, size))
            for system, error in systems(chosen, seed, options):
                errors.setdefault((system, size), []).append(error)
    names = list(dict.fromkeys(system for system, _ in errors))
    rows = [{"system": name} | {f"{size:,}": shown(errors[name, size]) for size in SIZES} for name in names]
    command = f"python -m benchmarks.alignment_curve --data DIR --seeds {options.seeds} --peers-python PYTHON"
    write_table("alignment-curve", rows, command=command)
    draw({name: [float(np.mean(errors[name, size])) for size in SIZES] for name in SHOWN})


def draw(curves: dict[str, list[float]]) -> None:
    """Draw the error rates by size into the picture of the docs."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "latentalign", "font.size": 11}
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    for name, values in curves.items():
        axes.plot(SIZES, values, marker="o", label=name)
    axes.set_xscale("log")
    axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("training pairs of Tatoeba")
    axes.set_ylabel("alignment error rate, %")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(PICTURE, metadata={"Date": None})


def systems(chosen: AlignmentSet, seed: int, options: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Yield each system and its error rate."""
    found = train_and_read(chosen.pairs, len(chosen.gold), threads=options.threads, seed=seed)
    yield "ours", measured("", "", seed, chosen, strong(found))["AER"]
    for run in eflomal(chosen.pairs, len(chosen.gold), options.peers_python):
        yield run.system, measured("", "", seed, chosen, run.links)["AER"]


def shown(errors: list[float]) -> str:
    """Return the mean and the range of some error rates."""
    return f"{np.mean(errors):.1f} ({min(errors):.1f} to {max(errors):.1f})"


if __name__ == "__main__":
    main()
