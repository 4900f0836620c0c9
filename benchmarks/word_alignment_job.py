"""One training and reading of the statistical aligner in a process of its own, for its time and memory.

python -m benchmarks.word_alignment_job JOB.json
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.alignment_sets import Pair
from latentalign.models.statistical.calibration import agreed
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.training.bitext import Bitext
from latentalign.training.em import fit


class Masses(NamedTuple):
    """The masses of the first pairs, the threshold of links, the seconds of training and reading, the same of the
    processor, and the peak MB."""

    masses: list[Any]
    threshold: float
    seconds: float
    busy: float
    memory: float


def train_and_read(pairs: Sequence[Pair], first: int, *, threads: int, **settings: Any) -> Masses:
    """Train on all pairs and read the first ones in a new process; settings that are not given are as they are."""
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.json"
        given = {"pairs": pairs, "first": first, "threads": threads, "settings": settings}
        job.write_text(json.dumps(given), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.word_alignment_job", str(job)]
        found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    masses = [np.array(mass) for mass in found["masses"]]
    return Masses(masses, found["threshold"], found["seconds"], found["busy"], found["memory"])


def main() -> None:
    """Print the masses of the first pairs, the seconds and the peak memory as JSON."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    views = {"views": tuple(given["settings"].pop("views"))} if "views" in given["settings"] else {}
    settings = StatisticalConfig(**given["settings"], **views)
    fit(Bitext.read([(["a"], ["b"])] * 3), settings)  # compiles what is not in the cache
    start, busy = time.perf_counter(), time.process_time()
    model = fit(Bitext.read(given["pairs"]), settings, threads=given["threads"])
    pairs = given["pairs"][: given["first"]]
    found = model.posteriors([pair for pair in pairs if all(pair)])
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    left = iter(found)
    masses = [agreed(*next(left)[:2]).tolist() if all(pair) else [[]] for pair in pairs]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = {"seconds": seconds, "busy": busy, "memory": memory}
    print(json.dumps({"masses": masses, "threshold": model.threshold} | spent))


if __name__ == "__main__":
    main()
