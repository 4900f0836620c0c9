"""The statistical aligners that people use today, called in a Python of their own: eflomal and fast_align.

Both are no part of this project (eflomal is GPL). ``pip install eflomal systran-align`` into an environment of its own
makes the Python that ``--peers-python`` names; systran-align is fast_align as a package.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.alignment_sets import Links, Pair
from latentalign.families.symmetrise import grow_diag, grow_diag_final_and

VIEWS = (0, 3, 4, 5, 6)
_BEGIN = """
import json, resource, sys, tempfile, time

def used():
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]

pairs = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1], encoding="utf-8")]
"""
_START = """
start, before = time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used())
"""
_STOP = """
seconds, after = time.perf_counter() - start, sum(one.ru_utime + one.ru_stime for one in used())
"""
_END = """
memory = sum(one.ru_maxrss for one in used())
print(json.dumps({"links": found, "seconds": seconds, "busy": after - before, "memory": memory / 1024}))
"""
EFLOMAL = (
    _BEGIN
    + "import eflomal"
    + _START
    + """
folder = tempfile.mkdtemp()
eflomal.Aligner().align(
    [pair[0] + "\\n" for pair in pairs], [pair[1] + "\\n" for pair in pairs],
    links_filename_fwd=folder + "/f", links_filename_rev=folder + "/r",
)
"""
    + _STOP
    + """
found = [open(folder + "/" + name).read().split("\\n")[: int(sys.argv[2])] for name in "fr"]
found = [[[part.split("-") for part in line.split()] for line in lines] for lines in found]
"""
    + _END
)
FAST_ALIGN = (
    _BEGIN
    + "import systran_align"
    + _START
    + """
folder = tempfile.mkdtemp()
with open(folder + "/text", "w", encoding="utf-8") as file:
    file.writelines(pair[0] + " ||| " + pair[1] + "\\n" for pair in pairs)
systran_align.generate_alignment_probabilities(
    folder + "/text", folder + "/f", folder + "/r",
    favor_diagonal=True, optimize_tension=True, variational_bayes=True,
)
aligner = systran_align.Aligner(folder + "/f", folder + "/r")
links = [aligner.align(pair[0].split(), pair[1].split())["alignments"] for pair in pairs]
"""
    + _STOP
    + """
found = [links[: int(sys.argv[2])]]
"""
    + _END
)


class Run(NamedTuple):
    """The links of the first pairs as one system gives them, the seconds of all pairs, those of the processor, and the
    peak memory in MB."""

    system: str
    links: list[Links]
    seconds: float
    busy: float
    memory: float


def eflomal(pairs: Sequence[Pair], first: int, python: str, *, vote: bool = True) -> Iterator[Run]:
    """Yield eflomal's two directions joined in three ways, and the vote of ten: five views, two directions.

    It has no seed that can be given, so each run draws anew. The time of the vote is that of its five runs.
    """
    votes: list[Counter[tuple[int, int]]] = [Counter() for _ in range(first)]
    seconds = busy = memory = 0.0
    for view in VIEWS if vote else VIEWS[:1]:
        cut = [tuple([word[:view] if view else word for word in side] for side in pair) for pair in pairs]
        found = _call(EFLOMAL, cut, first, python)
        seconds, busy, memory = seconds + found["seconds"], busy + found["busy"], max(memory, found["memory"])
        forward, backward = ([{(int(i), int(j)) for i, j in links} for links in lines] for lines in found["links"])
        for count, one, other in zip(votes, forward, backward, strict=True):
            count.update(one)
            count.update(other)
        if view == 0:
            for how, join in JOINED.items():
                links = [join(one, other) for one, other in zip(forward, backward, strict=True)]
                yield Run(f"eflomal, {how}", links, seconds, busy, memory)
    if vote:
        links = [{link for link, times in count.items() if times >= len(VIEWS)} for count in votes]
        yield Run("eflomal, vote of ten", links, seconds, busy, memory)


def fast_align(pairs: Sequence[Pair], first: int, python: str) -> Run:
    """Return what fast_align gives with the options that its authors recommend, in its own symmetrisation."""
    found = _call(FAST_ALIGN, pairs, first, python)
    links = [{(int(i), int(j)) for i, j in line} for line in found["links"][0]]
    return Run("fast_align", links, found["seconds"], found["busy"], found["memory"])


def _call(program: str, pairs: Sequence[Any], first: int, python: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "pairs.tsv"
        lines = (" ".join(source) + "\t" + " ".join(target) + "\n" for source, target in pairs)
        text.write_text("".join(lines), encoding="utf-8")
        command, place = [python, "-c", program, str(text), str(first)], {**os.environ, "TMPDIR": folder}
        run = subprocess.run(command, capture_output=True, check=True, env=place)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def _grown(grow: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Links, Links], Links]:
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
    "grow-diag": _grown(grow_diag),
    "grow-diag-final-and": _grown(grow_diag_final_and),
}
