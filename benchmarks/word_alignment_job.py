"""One training and reading of the statistical aligner in a process of its own, for its time and memory.

python -m benchmarks.word_alignment_job JOB.json SEED THREADS VIEWS
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from latentalign.models.statistical.calibration import agreed
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.training.bitext import Bitext
from latentalign.training.em import fit


def main() -> None:
    """Print the masses of the first pairs, the seconds and the kilobytes as JSON."""
    job, seed, threads, views = sys.argv[1:]
    given = json.loads(Path(job).read_text(encoding="utf-8"))
    settings = StatisticalConfig(views=tuple(map(int, views.split(","))), seed=int(seed))
    fit(Bitext.read([(["a"], ["b"])] * 3), settings)  # compiles what is not in the cache
    start = time.perf_counter()
    model = fit(Bitext.read(given["pairs"]), settings, threads=int(threads))
    pairs = given["pairs"][: given["gold"]]
    found = model.posteriors([pair for pair in pairs if all(pair)])
    seconds = time.perf_counter() - start
    left = iter(found)
    masses = [agreed(*next(left)[:2]).tolist() if all(pair) else [[]] for pair in pairs]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"masses": masses, "seconds": seconds, "memory": memory}))


if __name__ == "__main__":
    main()
