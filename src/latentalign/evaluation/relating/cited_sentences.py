"""Citing sentences against the sentences of the cited paper that people marked, beside TF-IDF and the encoder alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from latentalign.evaluation.deletion_test import fallen, removals, without
from latentalign.evaluation.files import find, objects
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.metrics.auroc import auroc
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion
from latentalign.models.idf import Idf
from latentalign.models.sentence_ranker import Document, Ranking, words_of
from latentalign.registry import require
from latentalign.tasks.relating.cite import CitationLinker, probabilities, shared

NOTE = (
    "hit@1, hit@5: the share of citations with a marked sentence among the first; AUROC: of the probability that "
    "something is cited, the right paper against another one; ECE: of the probability of the first sentence, 15 bins; "
    "deletion: fall of the value without the words of the citation that carry most, less without random ones, and its "
    "95% interval; document frequencies are of all papers of the file; nothing is trained, but the weights, the "
    "temperature and the level of NULL were chosen on this set"
)


@dataclass(frozen=True, kw_only=True)
class Citance:
    """A citing sentence with what people marked."""

    paper: str
    text: str
    marked: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class CitedSentences(Recipe):
    """Ranks the sentences of cited papers.

    Args:
        citations: JSON lines with ``paper``, ``citance`` and ``reference_sids``.
        papers: JSON lines with ``paper`` and ``sentences``, pairs of an id and a text.
        settings: of ``RankerConfig``.
        most: papers that are measured; None is all.
        seed: of the wrong papers and the random words.
        deletions: citations of the deletion test.
    """

    citations: str
    papers: str
    settings: dict[str, Any] = field(default_factory=dict)
    most: int | None = None
    seed: int = 0
    deletions: int = 100

    def measure(self, data: Path) -> Report:
        """Rank by every system."""
        told = list(objects(find(data, [self.citations])[0]))
        wanted = {row["paper"] for row in told}
        papers = {row["paper"]: row["sentences"] for row in objects(find(data, [self.papers])[0])}
        chosen = {name: papers[name] for name in sorted(wanted)[: self.most]}
        rows = [_citance(row, chosen) for row in told if row["paper"] in chosen]
        texts = {name: [text for _, text in sentences] for name, sentences in chosen.items()}
        linker = self._linker(texts)
        documents = {name: linker.ranker.read(some) for name, some in texts.items()}
        rankings = _rankings(linker, rows, documents)
        table = [
            self._row("TF-IDF", rows, _tfidf(rows, texts)),
            self._row("cosine of the encoder", rows, [one.whole for one in rankings]),
            self._row("ours, each alone", rows, [one.value for one in rankings], (linker, rankings)),
            self._row("ours", rows, _together(rows, rankings, linker), (linker, rankings)),
        ]
        for row in table[2:]:
            row["AUROC"] = self._wrong_papers(linker, rows, rankings, documents)
            row["deletion"] = str(self._deletion(linker, rows, rankings, documents).effect)
        counts = f"{len(rows)} citations of {len(texts)} papers with {sum(map(len, texts.values())):,} sentences"
        return Report(title=f"Cited sentences: {self.citations}", rows=table, notes=(counts, NOTE))

    def _linker(self, texts: dict[str, list[str]]) -> CitationLinker:
        linker = CitationLinker.load(**self.settings)
        counts: Counter[str] = Counter()
        total = 0
        for text in (text for some in texts.values() for text in some):
            total += 1
            counts.update(set(linker.ranker.stems(words_of(text))) - {""})
        return CitationLinker.load(background=Idf(documents=total, counts=dict(counts)), **self.settings)

    def _row(
        self,
        system: str,
        rows: Sequence[Citance],
        values: Sequence[Tensor],
        ours: tuple[CitationLinker, Sequence[Ranking]] | None = None,
    ) -> dict[str, Cell]:
        orders = [one.argsort(descending=True, stable=True).tolist() for one in values]
        first = [order[0] in row.marked for order, row in zip(orders, rows, strict=True)]
        found: dict[str, Cell] = {"system": system, "hit@1": sum(first) / len(rows)}
        for depth in (5, 10):
            found[f"hit@{depth}"] = sum(
                bool(row.marked & set(order[:depth])) for order, row in zip(orders, rows, strict=True)
            ) / len(rows)
        found |= {"ECE": "–", "AUROC": "–", "deletion": "–"}
        if ours is not None:
            stated = [
                float(probabilities(value, one.fit, ours[0].ranker.settings)[:-1].max())
                for value, one in zip(values, ours[1], strict=True)
            ]
            found["ECE"] = calibration_error(stated, first)
        return found

    def _wrong_papers(
        self,
        linker: CitationLinker,
        rows: Sequence[Citance],
        rankings: Sequence[Ranking],
        documents: dict[str, Document],
    ) -> Cell:
        """Return how well the probability of nothing tells the cited paper from another one."""
        if len(documents) < 2:
            return "–"
        chance = Random(self.seed)
        kept = range(0, len(rows), max(1, len(rows) // 150))
        right = [rankings[number] for number in kept]
        wrong = []
        for number in kept:
            other = chance.choice([name for name in documents if name != rows[number].paper])
            wrong.append(linker.rankings([rows[number].text], documents[other])[0])
        stated = [1 - float(probabilities(one.value, one.fit, linker.ranker.settings)[-1]) for one in (*right, *wrong)]
        return auroc(stated, [True] * len(right) + [False] * len(wrong))

    def _deletion(
        self,
        linker: CitationLinker,
        rows: Sequence[Citance],
        rankings: Sequence[Ranking],
        documents: dict[str, Document],
    ) -> Deletion:
        chance = Random(self.seed)
        before: list[float] = []
        after: list[list[float]] = []
        for number in range(0, len(rows), max(1, len(rows) // self.deletions)):
            row, ranking = rows[number], rankings[number]
            best = int(ranking.value.argmax())
            units, carried = words_of(row.text), ranking.parts[best].tolist()
            removed = removals(carried, chance, share=0.2)
            shortened = [without(row.text, [units.spans[word] for word in some]) for some in removed]
            after.append([float(one.value[best]) for one in linker.rankings(shortened, documents[row.paper])])
            before.append(float(ranking.value[best]))
        return fallen(before, after)


def _citance(row: dict[str, Any], papers: dict[str, list[tuple[str, str]]]) -> Citance:
    places = {sid: place for place, (sid, _) in enumerate(papers[row["paper"]])}
    marked = frozenset(places[sid] for sid in row["reference_sids"] if sid in places)
    return Citance(paper=row["paper"], text=row["citance"], marked=marked)


def _rankings(linker: CitationLinker, rows: Sequence[Citance], documents: dict[str, Document]) -> list[Ranking]:
    return _by_paper(rows, lambda name, texts: linker.rankings(texts, documents[name]))


def _together(rows: Sequence[Citance], rankings: Sequence[Ranking], linker: CitationLinker) -> list[Tensor]:
    values = {id(row): ranking.value for row, ranking in zip(rows, rankings, strict=True)}
    grouped: dict[str, list[Citance]] = {}
    for row in rows:
        grouped.setdefault(row.paper, []).append(row)
    for some in grouped.values():
        found = shared([values[id(row)] for row in some], [row.text for row in some], linker.ranker.settings)
        values.update({id(row): value for row, value in zip(some, found, strict=True)})
    return [values[id(row)] for row in rows]


def _tfidf(rows: Sequence[Citance], texts: dict[str, list[str]]) -> list[Tensor]:
    extraction = require("sklearn.feature_extraction.text", extra="sklearn")

    def rank(name: str, citations: list[str]) -> list[Tensor]:
        vectorizer = extraction.TfidfVectorizer().fit(texts[name])
        scores = vectorizer.transform(texts[name]) @ vectorizer.transform(citations).T
        return list(torch.from_numpy(scores.toarray().T.copy()))

    return _by_paper(rows, rank)


def _by_paper(rows: Sequence[Citance], work: Callable[[str, list[str]], Sequence[Any]]) -> list[Any]:
    """Return what ``work`` says of the citations of each paper, in the order of the rows."""
    grouped: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        grouped.setdefault(row.paper, []).append(number)
    found: dict[int, Any] = {}
    for name, numbers in grouped.items():
        found.update(zip(numbers, work(name, [rows[number].text for number in numbers]), strict=True))
    return [found[number] for number in range(len(rows))]
