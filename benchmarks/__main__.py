"""Run the benchmarks one after the other: ``python -m benchmarks [--data DIR] [NAME ...]``.

Each one can be run by itself as ``python -m benchmarks.NAME``. Those that measure on real corpora need ``--data``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

NEEDS_DATA = {
    "families": False,
    "evaluations": True,
    "word_alignment": True,
    "distilled_alignment": True,
    "alignment_ablation": True,
    "alignment_curve": True,
    "alignment_speed": True,
    "markup": True,
    "omissions": True,
    "diagnosis": True,
    "symptom_texts": True,
    "matching": True,
    "spelling": True,
    "relating": True,
    "retrieval": True,
    "index_speed": True,
    "index_kills": False,
    "token_pooling": True,
    "adapted_projection": True,
    "speed": True,
}


def main() -> int:
    """Run what was asked for; return 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder of the corpora")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NEEDS_DATA)}; default all")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NEEDS_DATA):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    status = 0
    for name in options.names or NEEDS_DATA:
        if NEEDS_DATA[name] and not (options.data and options.data.is_dir()):
            print(f"{name}: left out, it needs --data DIR with the corpora")
            continue
        print(f"== {name}", flush=True)
        data = ["--data", str(options.data)] if NEEDS_DATA[name] else []
        status |= subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *data], check=False).returncode != 0
    return status


if __name__ == "__main__":
    sys.exit(main())
