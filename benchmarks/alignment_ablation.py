"""What each part of the statistical aligner is worth: the error rate with one part left out at a time.

    python -m benchmarks.alignment_ablation --data DIR [--set i] [--seeds 3]

NULL is left out by making it a thousand million times less likely than a link; the order of words, the agreement of the
two directions, the passes without word order, spelling and the views by their settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alignment_sets import SETS
from benchmarks.report import write_table
from benchmarks.word_alignment import measured, strong
from benchmarks.word_alignment_job import train_and_read

PARTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "word order (independent in place of markov)": {"word_order": False},
    "NULL": {"null_chance": 1e-9},
    "lexical start (4 settling passes more)": {"lexical_passes": 0, "settling_passes": 8},
    "views (whole words only)": {"views": (0,)},
    "agreement of the directions": {"agreement": False},
    "spelling": {"spelling": 0.0},
    "diagonal": {"diagonal": 0.0},
    "jumps that stray": {"stray": 0.0},
}


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="i")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    chosen, rows = SETS[options.set](options.data), []
    for part, settings in PARTS.items():
        runs = []
        for seed in range(options.seeds):
            found = train_and_read(chosen.pairs, len(chosen.gold), threads=options.threads, seed=seed, **settings)
            runs.append(measured(options.set, part, seed, chosen, strong(found)) | {"s": found.seconds})
        mean = {key: float(np.mean([run[key] for run in runs])) for key in ("AER", "P", "R", "s")}
        rows.append({"left out": part, "AER": round(mean["AER"], 1)})
        rows[-1] |= {"more": round(mean["AER"] - rows[0]["AER"], 1), "P": round(mean["P"], 1), "R": round(mean["R"], 1)}
        rows[-1] |= {"seeds": f"{min(run['AER'] for run in runs):.1f} to {max(run['AER'] for run in runs):.1f}"}
        rows[-1] |= {"s": round(mean["s"], 1)}
    command = f"python -m benchmarks.alignment_ablation --data DIR --set {options.set} --seeds {options.seeds}"
    write_table("alignment-ablation", rows, command=command)


if __name__ == "__main__":
    main()
