"""How long a query takes in an index of so many real passages, what it finds of what an exact search finds, and more.

python -m benchmarks.index_speed --data DIR [--cache DIR]

The passages are those of the collections of `benchmarks.retrieval`, whose indexes are kept in the cache; encoding is
not in any of the times.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch

from benchmarks.report import write_table
from benchmarks.retrieval_baselines import Array
from benchmarks.retrieval_sets import CLASSIC, QUESTIONS, Collection, indexed, read_classic, read_questions
from latentalign.index.content import Content
from latentalign.index.query import Query
from latentalign.index.segment import Segment, joined
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.tasks.search import Searcher

SIZES, QUERIES, K = (1_000, 10_000), 40, 10


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder that keeps indexes between runs")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        collections = [read_classic(options.data, one) for one in CLASSIC.values()]
        collections += [read_questions(options.data, one) for one in QUESTIONS.values()]
        indexes = [indexed(one, options.cache or Path(folder)) for one in collections]
        queries = _queries(collections, indexes[0])
        rows: list[dict[str, Any]] = []
        for size in options.sizes:
            content = some([one.snapshot().segments[0] for one in indexes], size)
            rows += measured(content, queries, Path(folder) / f"of-{size}")
        write_table("index-speed", rows, command="python -m benchmarks.index_speed --data DIR")


def some(segments: list[Segment], size: int) -> Content:
    """Return so many passages of all collections, spread evenly, each a document of its own name."""
    total = sum(len(one.deleted) for one in segments)
    kept = np.zeros(total, dtype=np.bool_)
    kept[np.linspace(0, total - 1, min(size, total)).astype(int)] = True
    parts, begin = [], 0
    for one in segments:
        parts.append(replace(one, deleted=~kept[begin : begin + len(one.deleted)]))
        begin += len(one.deleted)
    content = joined(parts)
    return replace(content, ids=[str(number) for number in range(len(content.ids))])


def measured(content: Content, queries: list[Query], path: Path) -> list[dict[str, Any]]:
    """Return one row for each way of searching an index of some passages."""
    began = time.process_time()
    index = Index.create(path, IndexSettings())
    index.add_content(content)
    built = time.process_time() - began
    began = time.process_time()
    ranker = Searcher.load(path).ranker
    live, quick = ranker.corpus.live, replace(ranker, rescored=24)
    ranker.rank(queries[0], allowed=live)
    loaded = time.process_time() - began
    exact, wanted = _timed(lambda query: ranker.rank(query, allowed=live, exact=True).passages[:K], queries, warm=0)
    vectors = np.asarray(ranker.corpus.segments[0].vectors)
    ways: dict[str, Callable[[Query], Array]] = {
        "ours": lambda query: ranker.rank(query, allowed=live).passages[:K],
        "ours, 24 candidates aligned": lambda query: quick.rank(query, allowed=live).passages[:K],
        "cosines of whole texts, all": lambda query: np.argsort(-(vectors @ query.vector))[:K],
        "usearch alone, whole texts": _usearch(vectors),
    }
    memory = round(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20)
    measured_ways = {name: _timed(way, queries) for name, way in ways.items()}
    rows = []
    for name, (times, found) in {**measured_ways, "ours, every passage aligned": (exact, wanted)}.items():
        rows.append(
            {
                "passages": len(vectors),
                "system": name,
                "ms, median": round(median(times), 2),
                "ms, p95": round(float(np.percentile(times, 95)), 2),
                "R@10 of exact": round(mean(_recall(one, other) for one, other in zip(found, wanted, strict=False)), 3),
                "build, s": round(built, 1) if name == "ours" else None,
                "load, s": round(loaded, 1) if name == "ours" else None,
                "MiB on disk": memory if name == "ours" else None,
            }
        )
        print(rows[-1], flush=True)
    return rows


def _usearch(vectors: Array) -> Callable[[Query], Array]:
    from usearch.index import Index as Graph

    graph = Graph(ndim=vectors.shape[1], metric="cos", dtype="f16")
    graph.add(np.arange(len(vectors)), vectors, threads=1)
    return lambda query: graph.search(query.vector, K, threads=1).keys


def _timed(way: Callable[[Query], Array], queries: list[Query], *, warm: int = 5) -> tuple[list[float], list[Array]]:
    """Return the processor time of each query in ms, after some to warm up, and what was found."""
    for query in queries[:warm]:
        way(query)
    times, found = [], []
    for query in queries:
        began = time.process_time()
        found.append(way(query))
        times.append(1e3 * (time.process_time() - began))
    return times, found


def _recall(found: Array, wanted: Array) -> float:
    return len(set(found.tolist()) & set(wanted.tolist())) / len(wanted)


def _queries(collections: list[Collection], index: Index) -> list[Query]:
    chance = random.Random(0)
    texts = [
        text for one in collections for text in chance.sample(sorted(one.queries.values()), QUERIES // len(collections))
    ]
    return [Query.of(text, index.settings, index.scorer) for text in texts]


if __name__ == "__main__":
    main()
