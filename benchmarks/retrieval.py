"""Search: the best first, the baselines beside, whether it abstains, and whether its evidence is what it rests on.

python -m benchmarks.retrieval --data DIR [--cache DIR] [--sets NAME ...]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch

from benchmarks.report import write_table
from benchmarks.retrieval_baselines import Array, Baselines
from benchmarks.retrieval_sets import CLASSIC, QUESTIONS, Collection, indexed, read_classic, read_questions
from benchmarks.retrieval_weights import Features, cross_validated
from latentalign.evaluation.deletion_test import without
from latentalign.index.filters import Condition
from latentalign.index.query import Query
from latentalign.index.store import Index
from latentalign.metrics.auroc import auroc
from latentalign.metrics.deletion import Deletion
from latentalign.metrics.ranking import average_precision, ndcg, reciprocal_rank
from latentalign.tasks.retrieval.search import Searcher
from latentalign.tasks.retrieval.search_result import Hit
from latentalign.text.spans import Span

MOST, STRANGERS, DELETIONS = 300, 60, 60
COMMAND = "python -m benchmarks.retrieval --data DIR"


def main() -> None:
    """Measure the collections that are asked for, and write the tables of all that have been measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder that keeps indexes and figures between runs")
    parser.add_argument("--sets", nargs="*", default=[*CLASSIC, *QUESTIONS])
    parser.add_argument("--most", type=int, default=MOST, help="queries of a collection, evenly spread")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        cache = options.cache or Path(folder)
        for name in options.sets:
            figures = measure(name, options.data, cache, most=options.most)
            (cache / f"{name}.json").write_text(json.dumps(figures), encoding="utf-8")
            print(name, json.dumps(figures, indent=1), flush=True)
        write(cache)


def write(cache: Path) -> None:
    """Write the tables of what has been measured."""
    known = {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name in [*CLASSIC, *QUESTIONS]
        if (path := cache / f"{name}.json").is_file()
    }
    for table, names in (("retrieval", CLASSIC), ("retrieval-questions", QUESTIONS)):
        there = [name for name in names if name in known]
        if there:
            systems = list(known[there[0]]["systems"])
            rows = [_row(system, {name: known[name]["systems"][system] for name in there}) for system in systems]
            write_table(table, rows, command=COMMAND)
    rows = [{"collection": name, **figures["trust"]} for name, figures in known.items()]
    write_table("retrieval-trust", rows, command=COMMAND)


def _row(system: str, figures: dict[str, dict[str, float]]) -> dict[str, Any]:
    row: dict[str, Any] = {"system": system}
    for name, one in figures.items():
        row |= {f"{name} {key}": round(value, 4) for key, value in one.items()}
    for key in next(iter(figures.values())):
        row[f"mean {key}"] = round(mean(one[key] for one in figures.values()), 4)
    return row


def measure(name: str, data: Path, cache: Path, *, most: int) -> dict[str, Any]:
    """Return the figures of every system on one collection, and those of abstention and evidence."""
    collection = read_classic(data, CLASSIC[name]) if name in CLASSIC else read_questions(data, QUESTIONS[name])
    index = indexed(collection, cache)
    searcher = Searcher.load(index.path, exact=True)
    (segment,) = searcher.snapshot.segments
    places = {segment.ids[number]: row for row, number in enumerate(segment.passages[:, 0].tolist())}
    chosen = list(collection.queries)[:: max(1, len(collection.queries) // most)][:most]
    queries = [Query.of(collection.queries[one], index.settings, index.scorer) for one in chosen]
    relevant = [np.array(sorted(places[one] for one in collection.relevant[query])) for query in chosen]
    baselines, features = Baselines(segment), Features(searcher.snapshot)
    scores = [baselines.scores(query) for query in queries]
    terms = [features.of(query) for query in queries]
    for one, found in zip(scores, terms, strict=True):
        one["ours, default weights"] = found["ours"]
    if name in CLASSIC:
        for one, values in zip(scores, cross_validated(terms, relevant), strict=True):
            one["ours, weights cross-validated"] = values
    systems = {system: _figures(name, [one[system] for one in scores], relevant) for system in scores[0]}
    return {"systems": systems, "trust": _trust(index, collection, data, chosen)}


def _figures(name: str, values: list[Array], relevant: list[Array]) -> dict[str, float]:
    orders = [np.argsort(-one, kind="stable").tolist() for one in values]
    pairs = [(order, set(one.tolist())) for order, one in zip(orders, relevant, strict=True)]
    if name in CLASSIC:
        return {
            "nDCG@10": mean(ndcg(order, one) for order, one in pairs),
            "MAP": mean(average_precision(order, one) for order, one in pairs),
        }
    return {
        "R@1": mean(float(order[0] in one) for order, one in pairs),
        "MRR": mean(reciprocal_rank(order, one) for order, one in pairs),
    }


def _trust(index: Index, collection: Collection, data: Path, chosen: list[str]) -> dict[str, Any]:
    """Return how well the probability tells queries of this collection from those of others, and the deletion test."""
    searcher = Searcher.load(index.path)
    chance = random.Random(1)
    own = [collection.queries[one] for one in chosen[:: max(1, len(chosen) // STRANGERS)][:STRANGERS]]
    others = [read_classic(data, folder).queries for folder in CLASSIC.values() if folder != collection.name]
    others += [read_questions(data, kind).queries for kind in QUESTIONS.values() if kind != collection.name]
    strange = [text for one in others for text in chance.sample(sorted(one.values()), STRANGERS // len(others))]
    inside = [searcher.search(text, k=1) for text in own]
    outside = [searcher.search(text, k=1) for text in strange]
    chances = [1 - one.nothing for one in (*inside, *outside)]
    fell = deletion(searcher, own[:DELETIONS])
    return {
        "queries": len(own),
        "AUROC": round(auroc(chances, [True] * len(inside) + [False] * len(outside)), 4),
        "answered": round(mean(not one.abstains for one in inside), 3),
        "abstained, strangers": round(mean(one.abstains for one in outside), 3),
        "deletion": str(fell.effect),
    }


def deletion(searcher: Searcher, texts: list[str], *, share: float = 0.2, draws: int = 3) -> Deletion:
    """Return how much the value of the best document falls without the words that carry it, and without random ones."""
    chance = random.Random(0)
    linked, randomly = [], []
    for text in texts:
        hit = searcher.search(text, k=1).hits[0]
        spans = hit.evidence.source_spans
        count = max(1, round(share * len(spans)))
        if len(spans) < 2:
            continue
        order = sorted(range(len(spans)), key=lambda place: -hit.carried[place])
        drawn = [chance.sample(range(len(spans)), count) for _ in range(draws)]
        falls = [_fall(searcher, text, [spans[place] for place in some], hit) for some in (order[:count], *drawn)]
        linked.append(falls[0])
        randomly.append(mean(falls[1:]))
    return Deletion(linked=linked, random=randomly)


def _fall(searcher: Searcher, text: str, spans: list[Span], hit: Hit) -> float:
    left = searcher.search(without(text, spans), k=1, filter=Condition("id", "=", hit.id))
    return hit.value - left.hits[0].value


if __name__ == "__main__":
    main()
