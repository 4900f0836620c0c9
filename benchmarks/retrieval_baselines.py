"""What search has to beat: BM25 with stemming, LSI, the cosine and the MaxSim of the same encoder, and their fusion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentalign.index.adaptation import counts, rarity_of, singular, weighted
from latentalign.index.query import Query
from latentalign.index.segment import Segment
from latentalign.index.vectors import normalized

Array = NDArray[Any]


class Baselines:
    """The scores of all passages of one segment by each baseline."""

    def __init__(self, segment: Segment) -> None:
        import bm25s

        self.segment = segment
        names = list(segment.terms)
        texts = [[names[term] for term in segment.words[a:b].tolist()] for a, b in _pairs(segment.bounds)]
        self._bm25 = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
        self._bm25.index(texts, show_progress=False)
        table = counts(segment.words, segment.bounds, len(names))
        self._rarity = rarity_of(table)
        rows = weighted(table, self._rarity)
        self._directions = singular(rows, most=min(200, min(rows.shape) - 1))
        self._topics = normalized(rows @ self._directions)
        self._vectors = np.asarray(segment.vectors, dtype=np.float32)
        self._states = np.asarray(segment.states, dtype=np.float32)

    def scores(self, query: Query) -> dict[str, Array]:
        """Return (passage,) scores by the name of each baseline."""
        known = self.segment.terms
        terms = [term for term in query.terms if term in known]
        bm25 = self._bm25.get_scores(terms) if terms else np.zeros(len(self._vectors), dtype=np.float32)
        numbers, often = np.unique([known[term] for term in terms], return_counts=True)
        numbers = numbers.astype(np.int64)
        topics = normalized((np.log1p(often) * self._rarity[numbers])[None] @ self._directions[numbers])[0]
        found = {
            "BM25, stems": np.asarray(bm25),
            "LSI, 200": self._topics @ topics,
            "MiniLM cosine": self._vectors @ query.vector,
            "MiniLM MaxSim": np.maximum.reduceat(self._states @ query.states.T, self.segment.bounds[:-1], axis=0).sum(
                axis=1
            ),
        }
        return {**found, "their rank fusion": fused(list(found.values()))}


def fused(scores: list[Array], *, k: int = 60) -> Array:
    """Return the reciprocal-rank fusion of some scores (Cormack, Clarke and Büttcher 2009)."""
    ranks = [np.argsort(np.argsort(-one, kind="stable")) for one in scores]
    total: Array = np.sum([1 / (k + 1 + one) for one in ranks], axis=0)
    return total


def _pairs(bounds: Array) -> list[tuple[int, int]]:
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
