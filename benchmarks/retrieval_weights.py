"""The weights of the potentials fitted on the queries of some folds and used on those of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentalign.index.corpus import Corpus
from latentalign.index.query import Query
from latentalign.index.query_values import QueryValues
from latentalign.index.ranking import Ranker
from latentalign.index.relevance import RelevanceWeights
from latentalign.index.snapshot import Snapshot
from latentalign.index.word_scores import word_and_stretch_values, word_values

Array = NDArray[Any]
FOLDS, DEPTH = 5, 1200
DISCOUNTS = 1 / np.log2(np.arange(2, 12))
STEPS = (-0.5, -0.2, 0.2, 0.5)


class Features:
    """The terms of the value of every passage, one by one."""

    def __init__(self, snapshot: Snapshot) -> None:
        default = RelevanceWeights()
        off = replace(default, whole=0.0, topics=0.0, neighbours=0.0)
        alone = {"whole": replace(off, whole=1.0), "topics": replace(off, topics=1.0)}
        beside = {f"{name}, neighbours": replace(one, neighbours=1.0) for name, one in alone.items()}
        self._parts = {name: Corpus(snapshot=snapshot, weights=one) for name, one in {**alone, **beside}.items()}
        self._corpus = Corpus(snapshot=snapshot, weights=default)
        contexts = {
            "context": replace(default, context_whole=1.0, context_topics=0.0),
            "context, topics": replace(default, context_whole=0.0, context_topics=1.0),
        }
        self._contexts = {name: Ranker(corpus=Corpus(snapshot=snapshot, weights=one)) for name, one in contexts.items()}
        self._softer = Corpus(snapshot=snapshot, weights=replace(default, similarity=10.0, least=0.4))

    def of(self, query: Query) -> dict[str, Array]:
        """Return (passage,) terms by name, and ``ours``: the value with the default weights."""
        corpus = self._corpus
        places = np.arange(len(corpus.live))
        known = QueryValues(corpus=corpus, query=query)
        words, stretch = word_and_stretch_values(corpus, query, known.weights, places)
        values = words + stretch + corpus.products(known.asked, places) + corpus.own
        found = {"words": words, "words, softer": word_values(self._softer, query, known.weights, places)}
        found |= {"stretch": stretch, "hubness": corpus.own}
        for name, one in self._parts.items():
            found[name] = one.products(QueryValues(corpus=one, query=query).asked, places)
        contexts = {name: one.context(places, values) for name, one in self._contexts.items()}
        found |= {name: corpus.products(one, places) for name, one in contexts.items()}
        context = Ranker(corpus=corpus).context(places, values)
        return {**found, "ours": values + corpus.products(context, places)}


def cross_validated(terms: Sequence[dict[str, Array]], relevant: Sequence[Array]) -> list[Array]:
    """Return (passage,) values of each query, with weights fitted on the queries of the other folds.

    The weights are found by coordinate ascent on the mean of nDCG@10 and average precision, from one start.

    Args:
        terms: of each query.
        relevant: numbers of the passages that are relevant to each.
    """
    names = [name for name in terms[0] if name != "ours"]
    tables = [np.stack([one[name] for name in names]).astype(np.float32) for one in terms]
    scale = np.mean([table.std(axis=1) for table in tables], axis=0)
    tables = [(table - table.mean(axis=1, keepdims=True)) / scale[:, None] for table in tables]
    folds = np.arange(len(tables)) % FOLDS
    found: list[Array] = [np.zeros(0)] * len(tables)
    for fold in range(FOLDS):
        train = np.flatnonzero(folds != fold).tolist()
        weights = ascend([tables[one] for one in train], [relevant[one] for one in train], start=_start(names))
        for one in np.flatnonzero(folds == fold).tolist():
            found[one] = weights @ tables[one]
    return found


def ascend(tables: Sequence[Array], relevant: Sequence[Array], *, start: Array, rounds: int = 3) -> Array:
    """Return the weights that put what is relevant first (Metzler and Croft 2007, section 4)."""
    some = [_nearest(table, one, start) for table, one in zip(tables, relevant, strict=True)]
    weights, best = start, _quality(some, start)
    for turn in range(rounds):
        for place in range(len(weights)):
            for step in STEPS:
                tried = weights.copy()
                tried[place] = max(0.0, tried[place] + step * 0.6**turn)
                quality = _quality(some, tried)
                if quality > best + 1e-5:
                    weights, best = tried, quality
    return weights


def _start(names: Sequence[str]) -> Array:
    given = {"words": 0.7, "words, softer": 0.3, "whole": 0.2, "topics": 0.15, "context": 0.2, "context, topics": 0.4}
    given |= {"stretch": 0.1, "hubness": 0.05}
    return np.array([given.get(name, 0.2) for name in names])


def _nearest(table: Array, relevant: Array, start: Array) -> tuple[Array, Array]:
    """Return the terms of the most promising passages and of those that are relevant, and which those are."""
    values = start @ table
    kept = np.union1d(np.argsort(-values, kind="stable")[:DEPTH], relevant)
    return table[:, kept], np.isin(kept, relevant)


def _quality(some: Sequence[tuple[Array, Array]], weights: Array) -> float:
    """Return the mean of nDCG@10 and average precision, added; as ``metrics.ranking`` has them, without its checks."""
    total = 0.0
    for table, relevant in some:
        hit = relevant[np.argsort(-(weights @ table), kind="stable")]
        places = np.flatnonzero(hit)
        gain = (hit[:10] * DISCOUNTS[: len(hit[:10])]).sum() / DISCOUNTS[: len(places)].sum()
        total += gain + (np.arange(1, len(places) + 1) / (places + 1)).mean()
    return float(total / len(some))
