"""Which sentence of the source does a summary come from?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentalign import config, registry
from latentalign.evaluation.files import find, objects
from latentalign.evaluation.parts import Parts, fit_weights, relevance, unit_parts
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report, describe
from latentalign.families import AlignmentFamily
from latentalign.metrics.accuracy import accuracy
from latentalign.metrics.bootstrap import bootstrap
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.text.words import words


@dataclass(frozen=True, kw_only=True)
class Document:
    """A source of several sentences, one summary of it, and which sentences are gold."""

    sentences: list[str]
    summary: str
    gold: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Sources(Recipe):
    """Accuracy of the sentence that a summary aligns to best, beside TF-IDF.

    Sentences are ranked by the value a unit of the word alignment between the summary and each of them; the weights of
    the potentials are fitted by cross-entropy over the sentences of each training document (contrastive training).

    Args:
        train, dev: patterns of JSON lines with ``source`` (sentences), ``source_labels`` and ``target`` (summaries).
        families, potentials, model, layer: as in the similarity recipe.
        documents: how many training documents the weights are fitted on, the first ones.
        steps, rate: of the fit.
    """

    train: list[str]
    dev: list[str]
    families: list[dict[str, Any]]
    potentials: list[dict[str, Any]]
    model: str | None = None
    layer: int = -1
    documents: int = 400
    steps: int = 40
    rate: float = 0.1

    def measure(self, data: Path) -> Report:
        """Fit on the training documents and report the dev documents."""
        train, dev = (
            [document for path in find(data, patterns) for document in _read(path)]
            for patterns in (self.train, self.dev)
        )
        scorer = PairScorer.load(ScorerConfig(model=self.model, layer=self.layer, potentials=self.potentials))
        fitting, testing = _Candidates.of(scorer, train[: self.documents]), _Candidates.of(scorer, dev)
        first = [0] * len(dev)
        table = [_row("first sentence", first, dev, ""), _row("TF-IDF", _tfidf(train, dev), dev, "")]
        for settings in self.families:
            family: AlignmentFamily = config.build(registry.families, settings, where="families")
            start = [float(potential.get("weight", 1.0)) for potential in self.potentials]
            weights = fit_weights(lambda w, f=family: fitting.loss(f, w), start, steps=self.steps, rate=self.rate)  # type: ignore[misc]
            shown = " ".join(f"{weight:.2f}" for weight in weights.tolist())
            table.append(_row(describe(settings), testing.chosen(family, weights), dev, shown))
        names = ", ".join(str(potential["name"]) for potential in self.potentials)
        return Report(
            title="Summary to source sentence: accuracy of the best sentence",
            rows=table,
            notes=[
                f"{len(dev):,} dev documents, first summary of each; 95% bootstrap over documents",
                f"weights fitted on {self.documents} training documents, TF-IDF counts from all {len(train):,}",
                f"weights, in order: {names}",
            ],
        )


@dataclass(frozen=True, kw_only=True)
class _Candidates:
    parts: Parts
    sizes: list[int]
    gold: list[frozenset[int]]

    @classmethod
    def of(cls, scorer: PairScorer, documents: Sequence[Document]) -> _Candidates:
        pairs = [(document.summary, sentence) for document in documents for sentence in document.sentences]
        return cls(
            parts=unit_parts(scorer, pairs, punctuation=False),
            sizes=[len(document.sentences) for document in documents],
            gold=[document.gold for document in documents],
        )

    def values(self, family: AlignmentFamily, weights: Tensor) -> tuple[Tensor, ...]:
        return torch.split(relevance(self.parts.alignment(family, weights)), self.sizes)

    def loss(self, family: AlignmentFamily, weights: Tensor) -> Tensor:
        found = [
            values.logsumexp(dim=0) - values[sorted(gold)].logsumexp(dim=0)
            for values, gold in zip(self.values(family, weights), self.gold, strict=True)
        ]
        return torch.stack(found).mean()

    def chosen(self, family: AlignmentFamily, weights: Tensor) -> list[int]:
        values = self.parts.relevances(family, weights)
        return [int(found.argmax()) for found in torch.split(values, self.sizes)]


def _read(path: Path) -> list[Document]:
    return [
        Document(
            sentences=row["source"],
            summary=row["target"][0],
            gold=frozenset(index for index, label in enumerate(row["source_labels"]) if label),
        )
        for row in objects(path)
        if any(row["source_labels"])
    ]


def _row(system: str, chosen: Sequence[int], documents: Sequence[Document], weights: str) -> dict[str, Cell]:
    right = [float(index in document.gold) for index, document in zip(chosen, documents, strict=True)]
    interval = bootstrap(right, lambda values: sum(values) / len(values))
    exact = accuracy(chosen, [tuple(document.gold) for document in documents])
    return {
        "system": system,
        "accuracy": exact,
        "95%": f"{interval.low:.3f} to {interval.high:.3f}",
        "weights": weights,
    }


def _tfidf(train: Sequence[Document], dev: Sequence[Document]) -> list[int]:
    counts = Counter(word for document in train for sentence in document.sentences for word in set(_bag(sentence)))
    total = sum(len(document.sentences) for document in train)

    def vector(text: str) -> dict[str, float]:
        weighted = {word: n * (math.log((total + 1) / (counts[word] + 1)) + 1) for word, n in _bag(text).items()}
        norm = math.sqrt(sum(x * x for x in weighted.values())) or 1.0
        return {word: x / norm for word, x in weighted.items()}

    chosen = []
    for document in dev:
        summary = vector(document.summary)
        cosines = [
            sum(x * summary.get(word, 0.0) for word, x in vector(sentence).items()) for sentence in document.sentences
        ]
        chosen.append(max(range(len(cosines)), key=cosines.__getitem__))
    return chosen


def _bag(text: str) -> Counter[str]:
    return Counter(word for span in words(text) if (word := span.of(text).casefold()).isalnum())
