"""From a query to the passages that explain it best: candidates by all potentials but one, then the exact value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from latentalign.index.content import Array
from latentalign.index.corpus import Corpus
from latentalign.index.query import Query
from latentalign.index.relevance import WordAlignment, align_words
from latentalign.index.segment import Segment


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Passages in order, the best one first.

    Args:
        passages: (passage,) their numbers in the corpus.
        values: (passage,) the exact value of each.
        wholes: (passage,) the part of it that does not come from the words.
        words: the alignments with the words, in the order of ``rows``.
        rows: (passage,) where each passage is in ``words``.
    """

    passages: Array
    values: Array
    wholes: Array
    words: WordAlignment
    rows: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranker:
    """Ranks the passages of a corpus.

    Args:
        corpus: what is searched.
        rescored: candidates whose words are aligned.
    """

    corpus: Corpus
    rescored: int = 96
    level: float = 3.0
    slope: float = 4.0

    def rank(self, query: Query, *, allowed: Array, exact: bool = False) -> Ranking:
        """Return the candidates of a query, ranked by their exact values.

        Args:
            query: what is searched for.
            allowed: (passage,) bool, which may be found.
            exact: align the words of every allowed passage, whatever the cost.
        """
        weights = self.rarities(query.terms)
        coarse, wholes = self.coarse(query, weights)
        places = np.flatnonzero(allowed) if exact else best(coarse, allowed, self.rescored)
        words = self.align(query, weights, places)
        values = words.values.numpy() + wholes[places]
        order = np.argsort(-values, kind="stable")
        return Ranking(
            passages=places[order], values=values[order], wholes=wholes[places[order]], words=words, rows=order
        )

    def rarities(self, terms: Sequence[str]) -> Array:
        """Return (word,) the inverse document frequency of each word of a query in the live passages."""
        size = self.corpus.size
        have = [len(self.corpus.postings(term)[0]) for term in terms]
        return np.array([math.log1p((size - one + 0.5) / (one + 0.5)) for one in have], dtype=np.float32)

    def coarse(self, query: Query, weights: Array) -> tuple[Array, Array]:
        """Return (passage,) the values where states of words are not looked at, and the part without words of each."""
        corpus = self.corpus
        words = np.zeros(len(corpus.live), dtype=np.float32)
        total = max(float(weights.sum()), 1e-9)
        shares: dict[str, float] = {}
        for term, weight in zip(query.terms, weights.tolist(), strict=True):
            shares[term] = shares.get(term, 0.0) + weight / total
        for term, share in shares.items():
            places, often = corpus.postings(term)
            words[places] += np.float32(share) * np.log1p(often * corpus.level[places])
        wholes = self._wholes(query)
        both = words + wholes
        if corpus.neighbours is None:
            return both, wholes
        beside, near = corpus.neighbours
        around = np.float32(corpus.weights.neighbours) * (near * both[beside]).sum(axis=1)
        return both + around, wholes + around

    def _wholes(self, query: Query) -> Array:
        corpus = self.corpus
        if not corpus.whole.shape[1]:
            return np.zeros(len(corpus.live), dtype=np.float32)
        topics = corpus.query_topics(query.terms)
        parts = [np.float32(corpus.weights.whole**0.5) * query.vector, np.float32(corpus.weights.topics**0.5) * topics]
        found: Array = corpus.whole @ np.concatenate(parts).astype(np.float32)
        return found

    def align(self, query: Query, weights: Array, places: Array) -> WordAlignment:
        """Return the alignments of the words of a query with those of some passages."""
        corpus = self.corpus
        numbers = {term: index for index, term in enumerate(dict.fromkeys(query.terms))}
        lengths = corpus.lengths[places]
        longest = max(1, int(lengths.max(initial=0)))
        terms = np.full((len(places), longest), -1, dtype=np.int64)
        cosines = np.zeros((len(places), longest, len(query.terms)), dtype=np.float32)
        parts = np.searchsorted(corpus.begins, places, side="right") - 1
        for index in np.unique(parts).tolist():
            rows, segment = np.flatnonzero(parts == index), corpus.segments[index]
            owners, inner, words = _words(segment, places[rows] - corpus.begins[index], rows)
            terms[owners, inner] = _numbered(segment, numbers)[segment.words[words]]
            if query.states.shape[1]:
                cosines[owners, inner] = _read(segment.states[words]) @ query.states.T
        return align_words(
            terms=torch.tensor([numbers[term] for term in query.terms]),
            cosines=torch.from_numpy(cosines).transpose(1, 2) if query.states.shape[1] else None,
            weights=torch.from_numpy(weights),
            passage_terms=torch.from_numpy(terms),
            lengths=torch.from_numpy(lengths),
            mean=corpus.mean_length,
            settings=corpus.weights,
        )

    def probability(self, value: float) -> float:
        """Return the probability that a passage of such a value is about what the query asks."""
        return 1 / (1 + math.exp(-self.slope * (value - self.level)))

    def carried(self, query: Query, ranking: Ranking, rank: int) -> tuple[float, ...]:
        """Return what each word of a query carries of the value of a ranked passage."""
        words = (ranking.words.weights * ranking.words.alignment.value[int(ranking.rows[rank])]).numpy()
        segment, row = self.corpus.place(int(ranking.passages[rank]))
        if query.states.shape[1]:
            apart = segment.vectors[row] - self.corpus.mean_vector
            words = words + self.corpus.weights.whole / len(words) * (query.states @ apart)
        return tuple(words.tolist())


def _words(segment: Segment, passages: Array, rows: Array) -> tuple[Array, Array, Array]:
    """Return for each word of some passages the row of its passage, its place in it, and its place in the segment."""
    lengths = segment.lengths[passages]
    inner = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(rows, lengths), inner, np.repeat(segment.bounds[passages], lengths) + inner


def _numbered(segment: Segment, numbers: Mapping[str, int]) -> Array:
    """Return for each term of a segment its number in the query; -1 if it is not there."""
    table = np.full(len(segment.terms), -1, dtype=np.int64)
    for term, number in numbers.items():
        if term in segment.terms:
            table[segment.terms[term]] = number
    return table


def _read(states: Array) -> Array:
    """Return states as float32 of length 1, in whatever form they are kept."""
    found = states.astype(np.float32)
    return found / np.float32(127) if states.dtype == np.int8 else found


def best(values: Array, allowed: Array, count: int) -> Array:
    """Return the places of the largest allowed values, at most ``count``, in no order."""
    places = np.flatnonzero(allowed)
    if len(places) <= count:
        return places
    found: Array = places[np.argpartition(-values[places], count - 1)[:count]]
    return found
