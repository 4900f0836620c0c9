"""What one query gives the passages of a corpus, each number worked out once and only where it is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from latentalign.index.corpus import Corpus
from latentalign.index.query import Query
from latentalign.index.vectors import Array
from latentalign.index.word_scores import Postings, lexical_values, word_and_stretch_values, word_values

HEAVIEST = 24
"""Words of a query whose sketches are compared, the rarest ones."""


@dataclass(frozen=True, kw_only=True, eq=False)
class QueryValues:
    """The parts of the values of passages for one query.

    Args:
        corpus: the passages.
        query: what they are to explain.
    """

    corpus: Corpus
    query: Query

    @cached_property
    def postings(self) -> Postings:
        """The passages that have each term of the query."""
        return {term: self.corpus.postings(term) for term in self.query.terms}

    @cached_property
    def weights(self) -> Array:
        """(word,) of the words of the query: their inverse document frequencies in the live passages."""
        size, have = self.corpus.size, [len(self.postings[term][0]) for term in self.query.terms]
        return np.array([math.log1p((size - one + 0.5) / (one + 0.5)) for one in have], dtype=np.float32)

    @cached_property
    def lexical(self) -> Array:
        """(passage,) what the words give by their stems alone."""
        return lexical_values(self.corpus, self.query, self.weights, postings=self.postings)

    @cached_property
    def asked(self) -> Array:
        """The features of the query that those of passages as wholes are multiplied with."""
        weights = self.corpus.weights
        topics = self.corpus.query_topics(self.query.terms)
        parts = [np.float32(weights.whole**0.5) * self.query.vector, np.float32(weights.topics**0.5) * topics]
        return np.concatenate(parts).astype(np.float32)

    def words(self, places: Array) -> Array:
        """Return (passage,) what the words give, exactly."""
        found: Array = self._exact(places)[0]
        return found

    def wholes(self, asked: Array, places: Array) -> Array:
        """Return (passage,) what the texts give as wholes, and the passages of themselves, exactly.

        Args:
            asked: (feature,) of the query, with those of its context or not.
            places: numbers of passages.
        """
        stretches = self._exact(places)[1]
        found: Array = stretches + self.corpus.products(asked, places) + self.corpus.own[places]
        return found

    def sketched(self, places: Array) -> Array:
        """Return (passage,) about what the words give, by the sketches of the states of the heaviest words."""
        if not self.query.states.shape[1]:
            by_stems: Array = self.lexical[places]
            return by_stems
        if not any(one.sketch for one in self.corpus.segments):
            return self.words(places)
        new = places[np.isnan(self._sketched[places])]
        heavy, weights = self._heaviest
        self._sketched[new] = word_values(self.corpus, heavy, weights, new, sketch=True)
        found: Array = self._sketched[places]
        return found

    def _exact(self, places: Array) -> Array:
        """Return (2, passage) what the words and what the stretches give."""
        new = places[np.isnan(self._known[0, places])]
        if len(new):
            self._known[:, new] = word_and_stretch_values(self.corpus, self.query, self.weights, new)
        found: Array = self._known[:, places]
        return found

    @cached_property
    def _known(self) -> Array:
        return np.full((2, len(self.corpus.live)), np.nan, dtype=np.float32)

    @cached_property
    def _sketched(self) -> Array:
        return np.full(len(self.corpus.live), np.nan, dtype=np.float32)

    @cached_property
    def _heaviest(self) -> tuple[Query, Array]:
        chosen = np.sort(np.argsort(-self.weights, kind="stable")[:HEAVIEST])
        terms = tuple(self.query.terms[one] for one in chosen.tolist())
        return replace(self.query, terms=terms, states=self.query.states[chosen]), self.weights[chosen]
