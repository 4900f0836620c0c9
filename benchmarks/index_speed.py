"""How long a query takes in an index of so many real passages, what it finds of what an exact search finds, and more.

python -m benchmarks.index_speed --data DIR [--cache DIR] [--sizes N ...] [--encoded N]

The passages are those of `benchmarks.index_texts`; the largest size is of short ones. Every system runs in a process of
its own, on one thread. The encoding of passages and queries is in none of the times.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch

from benchmarks.index_texts import questions, some, split, stored
from benchmarks.report import RESULTS, write_table
from latentalign.index.content import Content
from latentalign.index.joining import joined
from latentalign.index.query import Query
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.index.vectors import Array
from latentalign.tasks.retrieval.search import Searcher

SIZES, SHORT, QUERIES, K = (1_000, 10_000, 27_000), 100_000, 48, 10
LARGE = 12
"""Queries that are put to an exact search of more than 10,000 passages."""
PICTURE = RESULTS.parent / "images" / "index-speed.svg"
OURS, EXACT = "ours", "ours, every passage aligned"
Way = Callable[[Query], Array]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a system did: processor time of each query in ms, what it found, its memory in MiB, its start in s."""

    times: list[float]
    found: list[list[int]]
    memory: float
    start: float


def main() -> None:
    """Measure, write the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder that keeps the states and the figures between runs")
    parser.add_argument("--sizes", type=int, nargs="*", default=[*SIZES, SHORT])
    parser.add_argument("--encoded", type=int, help="passages that are encoded at most, for small sizes alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        cache = options.cache or Path(folder)
        segment = stored(options.data, cache, most=options.encoded)
        for size in options.sizes:
            content = some(split(segment) if size == SHORT else joined([segment]), size)
            rows = measured(content, options.data, Path(folder) / f"of-{size}")
            (cache / f"speed-{size}.json").write_text(json.dumps(rows), encoding="utf-8")
        write(cache)


def write(cache: Path) -> None:
    """Write the table and draw the picture of what has been measured."""
    paths = [cache / f"speed-{size}.json" for size in (*SIZES, SHORT)]
    rows = [row for path in paths if path.is_file() for row in json.loads(path.read_text(encoding="utf-8"))]
    write_table("index-speed", rows, command="python -m benchmarks.index_speed --data DIR")
    draw(rows)


def draw(rows: list[dict[str, Any]]) -> None:
    """Draw the times by the number of passages into the picture of the docs."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "latentalign", "font.size": 11}
    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    lines = {name: (name, "ms, median") for name in SYSTEMS} | {f"{OURS}, 95th percentile": (OURS, "ms, p95")}
    for label, (name, column) in lines.items():
        chosen = [row for row in rows if row["system"] == name]
        sizes = [int(row["passages"].split()[0].replace(",", "")) for row in chosen]
        axes.plot(sizes, [row[column] for row in chosen], marker="o", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("passages")
    axes.set_ylabel("processor time of a query, ms")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(PICTURE, metadata={"Date": None})


def measured(content: Content, data: Path, path: Path) -> list[dict[str, Any]]:
    """Return one row for each way of searching an index of some passages."""
    began = time.process_time()
    index = Index.create(path, IndexSettings())
    index.add_content(content)
    built = time.process_time() - began
    size, words = len(content.passages), len(content.words) / len(content.passages)
    disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20
    runs = {name: apart(name, path, data) for name in SYSTEMS}
    rows = []
    for name, run in runs.items():
        shares = [len({*one} & {*other}) / len(other) for one, other in zip(run.found, runs[EXACT].found, strict=False)]
        row = {"passages": f"{size:,} of {words:.0f} words", "system": name}
        row |= {"ms, median": round(median(run.times), 2), "ms, p95": round(float(np.percentile(run.times, 95)), 2)}
        row |= {"R@10 of exact": round(mean(shares), 3), "MiB in memory": round(run.memory)}
        row |= {"start, s": round(run.start, 1), "build, s": round(built, 1) if name == OURS else None}
        rows.append({**row, "MiB on disk": round(disk) if name == OURS else None})
        print(rows[-1], flush=True)
    return rows


def apart(name: str, path: Path, data: Path) -> Run:
    """Return what a system does in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, name, path, data).result()


def run(name: str, path: Path, data: Path) -> Run:
    """Return what a system does with every question, the first time that it sees it; five warm it up."""
    torch.set_num_threads(1)
    index = Index.open(path)
    queries = [Query.of(text, index.settings, index.scorer) for text in questions(data, QUERIES + 6)]
    order = np.random.default_rng(0).permutation(len(queries)).tolist()
    warm, asked = [queries[one] for one in order[:5]], [queries[one] for one in order[6:]]
    before, began = resident(), time.process_time()
    way = SYSTEMS[name](path)
    way(warm[0])
    start = time.process_time() - began
    for query in warm[1:] if name != EXACT else ():
        way(query)
    times, found = [], []
    large = name == EXACT and len(index.snapshot()) > 10_000
    for query in asked[: LARGE if large else None]:
        began = time.process_time()
        found.append(way(query)[:K].tolist())
        times.append(1e3 * (time.process_time() - began))
    return Run(times=times, found=found, memory=resident() - before, start=start)


def resident() -> float:
    """Return the MiB of this process that are in memory, with what it has read of mapped files."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def ours(path: Path, *, exact: bool = False) -> Way:
    """Return our ranking."""
    ranker = Searcher.load(path).ranker
    return lambda query: ranker.rank(query, allowed=ranker.corpus.live, exact=exact).passages


def explained(path: Path) -> Way:
    """Return our search as a user gets it: ten documents, the words that carry them, probabilities."""
    searcher = Searcher.load(path)
    live = searcher.ranker.corpus.live

    def search(query: Query) -> Array:
        hits = searcher.answer(query, live, k=K).hits
        return np.array([searcher.snapshot.places[one.id][1] for one in hits])

    return search


def brute_force(path: Path) -> Way:
    """Return the cosines of whole texts, all of them."""
    vectors = whole(path)
    return lambda query: np.argpartition(-(vectors @ query.vector), K)[:K]


def usearch(path: Path) -> Way:
    """Return a graph of the vectors of whole texts."""
    from usearch.index import Index as Graph

    vectors = whole(path)
    graph = Graph(ndim=vectors.shape[1], metric="cos", dtype="f16")
    graph.add(np.arange(len(vectors)), vectors, threads=1)
    return lambda query: graph.search(query.vector, K, threads=1).keys


def lancedb(path: Path) -> Way:
    """Return LanceDB's scan of the vectors of whole texts, as it is without an index of its own."""
    import lancedb as lance

    rows = ({"id": number, "vector": vector} for number, vector in enumerate(whole(path)))
    table = lance.connect(str(path.parent / f"{path.name}.lance")).create_table("texts", data=list(rows))

    def search(query: Query) -> Array:
        nearest = table.search(query.vector).distance_type("cosine").select(["id", "_distance"]).limit(K).to_arrow()
        return np.array(nearest["id"].to_pylist())

    return search


def whole(path: Path) -> Array:
    """Return the vectors of whole texts."""
    return np.asarray(Index.open(path).snapshot().segments[0].vectors, dtype=np.float32)


SYSTEMS: dict[str, Callable[[Path], Way]] = {
    OURS: ours,
    "ours, with evidence of ten hits": explained,
    EXACT: lambda path: ours(path, exact=True),
    "whole texts: brute force": brute_force,
    "whole texts: usearch": usearch,
    "whole texts: LanceDB": lancedb,
}


if __name__ == "__main__":
    main()
