"""What pooling the states of words costs in quality and saves on the disk.

python -m benchmarks.token_pooling --data DIR [--cache DIR]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch

from benchmarks.report import write_table
from benchmarks.retrieval_baselines import Baselines
from benchmarks.retrieval_sets import CLASSIC, Collection, indexed, read_classic
from latentalign.index.content import Content, stored
from latentalign.index.joining import joined
from latentalign.index.pooling import pooled
from latentalign.index.query import Query
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.metrics.ranking import average_precision, ndcg
from latentalign.tasks.retrieval.search import Searcher

POOLS = (1, 2, 3, 4, 6)


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder that keeps indexes between runs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    collection = read_classic(options.data, CLASSIC["Cranfield"])
    with tempfile.TemporaryDirectory() as folder:
        index = indexed(collection, options.cache or Path(folder))
        queries = {name: Query.of(text, index.settings, index.scorer) for name, text in collection.queries.items()}
        segment = index.snapshot().segments[0]
        content, baselines = joined([segment]), Baselines(segment)
        stems = {name: baselines.scores(query)["BM25, stems"] for name, query in queries.items()}
        orders = {name: [segment.ids[one] for one in np.argsort(-scores)] for name, scores in stems.items()}
        rows = [{"states": "none: BM25, stems", **quality(orders, collection), "MiB of states": 0, "MiB on disk": None}]
        for states, pool in [("float16", one) for one in POOLS] + [("int8", one) for one in POOLS[:3]]:
            settings = IndexSettings(states=states, pool=pool)
            path = Path(folder) / f"{states}-{pool}"
            Index.create(path, settings).add_content(repooled(content, settings))
            rows.append(measured(path, collection, queries, name=f"{states}, pool {pool}"))
            print(rows[-1], flush=True)
    write_table("token-pooling", rows, command="python -m benchmarks.token_pooling --data DIR")


def repooled(content: Content, settings: IndexSettings) -> Content:
    """Return the content with its states, one for each word, pooled as the settings say."""
    ((states, _),) = content.states
    bounds = zip(content.bounds[:-1].tolist(), content.bounds[1:].tolist(), strict=True)
    parts = [pooled(np.asarray(states[begin:end]), pool=settings.pool) for begin, end in bounds]
    kept = np.concatenate([stored(one, settings) for one, _ in parts])
    pools = None if settings.pool == 1 else np.concatenate([numbers for _, numbers in parts])
    return replace(content, states=[(kept, np.ones(len(kept), dtype=np.bool_))], pools=pools)


def measured(path: Path, collection: Collection, queries: dict[str, Query], *, name: str) -> dict[str, Any]:
    """Return the quality of an index, every passage aligned, and its size."""
    searcher = Searcher.load(path)
    (segment,), corpus = searcher.snapshot.segments, searcher.ranker.corpus
    orders = {
        one: [segment.ids[place] for place in searcher.ranker.rank(query, allowed=corpus.live, exact=True).passages]
        for one, query in queries.items()
    }
    states = next(path.rglob("states.npy")).stat().st_size
    disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    sizes = {"MiB of states": round(states / 2**20), "MiB on disk": round(disk / 2**20)}
    return {"states": name, **quality(orders, collection), **sizes}


def quality(orders: dict[str, list[str]], collection: Collection) -> dict[str, float]:
    """Return the means over the queries."""
    pairs = [(order, collection.relevant[name]) for name, order in orders.items()]
    return {
        "nDCG@10": mean(ndcg(order, one) for order, one in pairs),
        "MAP": mean(average_precision(order, one) for order, one in pairs),
    }


if __name__ == "__main__":
    main()
