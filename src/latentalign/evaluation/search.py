"""Search measured: is what is relevant found first, beside stems alone and the cosine of whole texts?"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError
from latentalign.evaluation.files import find, lines, objects
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.formats.documents import read_jsonl
from latentalign.index.query import Query
from latentalign.index.query_values import QueryValues
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.metrics.ranking import average_precision, ndcg, reciprocal_rank
from latentalign.tasks.retrieval.search import Searcher
from latentalign.text.documents import Document

NOTE = (
    "nDCG@10, MAP and MRR over queries with a judgment, documents by their best passage; "
    "abstained: share of queries to which the answer is that nothing here answers"
)


@dataclass(frozen=True, kw_only=True)
class SearchRecipe(Recipe):
    """Documents, queries and judgments, and how well each way of ranking puts what is relevant first.

    Args:
        documents: a file of JSON lines, as ``latentalign index build`` reads it.
        queries: JSON lines with an ``id`` (or ``qid``, ``_id``) and a ``text``.
        judgments: lines of query, document and grade, between tabs; a grade above 0 is relevant.
        settings: of the index.
        most: queries, evenly spread; None is all.
    """

    documents: str
    queries: str
    judgments: str
    settings: IndexSettings = field(default_factory=IndexSettings)
    most: int | None = None

    def measure(self, data: Path) -> Report:
        """Build the index in a temporary folder, and rank the documents for every query."""
        relevant = self._judged(data)
        queries = {name: text for name, text in self._queries(data).items() if name in relevant}
        if not queries:
            raise InputError(wanted="queries with a judgment", came="none", where=self.queries)
        chosen = list(queries)[:: max(1, -(-len(queries) // self.most))] if self.most else list(queries)
        with tempfile.TemporaryDirectory() as folder:
            index = Index.create(Path(folder) / "index", self.settings)
            kept = (one for one in read_jsonl(find(data, [self.documents])[0]) if isinstance(one, Document))
            count = index.add(kept)
            index.compact()
            searcher = Searcher.load(index.path, exact=True)
            found = {name: _orders(searcher, queries[name]) for name in chosen}
            silent = mean(searcher.search(queries[name], k=1).abstains for name in chosen)
        rows = [_row(system, found, relevant) for system in next(iter(found.values()))]
        rows[-1]["abstained"] = silent
        note = f"{count} documents, {len(chosen)} queries"
        return Report(title=f"Search: {self.documents}", rows=rows, notes=(note, NOTE))

    def _queries(self, data: Path) -> dict[str, str]:
        rows = objects(find(data, [self.queries])[0])
        return {str(row.get("qid", row.get("id", row.get("_id")))): row["text"] for row in rows}

    def _judged(self, data: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for line in lines(find(data, [self.judgments])[0]):
            query, document, grade = line.split("\t")[:3]
            if float(grade) > 0:
                found.setdefault(query, set()).add(document)
        return found


def _orders(searcher: Searcher, text: str) -> dict[str, list[str]]:
    """Return the names of all documents in the order of each way of ranking."""
    corpus = searcher.ranker.corpus
    query = Query.of(text, searcher.snapshot.manifest.settings, searcher.index.scorer)
    ranking = searcher.ranker.rank(query, allowed=corpus.live, exact=True)
    values = np.full(len(corpus.live), -np.inf, dtype=np.float32)
    values[ranking.passages] = ranking.values
    ways = {"stems alone": QueryValues(corpus=corpus, query=query).lexical}
    if corpus.features:
        ways["cosine of whole texts"] = np.concatenate([one.vectors @ query.vector for one in corpus.segments])
    return {system: _documents(searcher, scores) for system, scores in {**ways, "ours": values}.items()}


def _documents(searcher: Searcher, scores: NDArray[Any]) -> list[str]:
    corpus = searcher.ranker.corpus
    found: dict[str, None] = {}
    for passage in np.argsort(-scores, kind="stable").tolist():
        segment, row = corpus.place(passage)
        if segment.live[row]:
            found.setdefault(segment.ids[int(segment.passages[row, 0])])
    return list(found)


def _row(
    system: str, found: Mapping[str, Mapping[str, Sequence[str]]], relevant: Mapping[str, set[str]]
) -> dict[str, Cell]:
    pairs = [(orders[system], relevant[name]) for name, orders in found.items()]
    return {
        "system": system,
        "nDCG@10": mean(ndcg(order, one) for order, one in pairs),
        "MAP": mean(average_precision(order, one) for order, one in pairs),
        "MRR": mean(reciprocal_rank(order, one) for order, one in pairs),
        "abstained": "–",
    }
