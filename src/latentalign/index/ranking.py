"""From a query to the passages that explain it best: candidates by all potentials but one, then the exact value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentalign.index.content import Array, normalized
from latentalign.index.corpus import Corpus
from latentalign.index.proposals import Proposer
from latentalign.index.query import Query
from latentalign.index.word_scores import Postings, lexical_values, word_values

NEAR, PROPOSED = 1024, 512
"""Passages that are compared with the context of a query; and that are proposed, where not all are looked at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Passages in order, the best one first.

    Args:
        passages: (passage,) their numbers in the corpus.
        values: (passage,) the exact value of each.
        wholes: (passage,) the part of it that does not come from the words.
        lexical: (passage,) what its words would give by their stems alone.
        weights: (word,) of the words of the query.
    """

    passages: Array
    values: Array
    wholes: Array
    lexical: Array
    weights: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranker:
    """Ranks the passages of a corpus.

    Args:
        corpus: what is searched.
        rescored: candidates whose words are aligned.
        proposer: names the passages that are looked at as wholes, besides those with the words of the query; None
            looks at all.
    """

    corpus: Corpus
    rescored: int = 64
    proposer: Proposer | None = None

    def rank(self, query: Query, *, allowed: Array, exact: bool = False) -> Ranking:
        """Return the candidates of a query, ranked by their exact values.

        The best passages of all make the context of the query; with it, candidates are looked for once more. So a
        value does not depend on what is allowed.

        Args:
            query: what is searched for.
            allowed: (passage,) bool, which may be found.
            exact: align the words of every passage, whatever the cost.
        """
        corpus = self.corpus
        postings = {term: corpus.postings(term) for term in query.terms}
        weights = self.rarities(query.terms, postings)
        lexical = lexical_values(corpus, query, weights, postings=postings)
        wholes = self.wholes(query) if exact or self.proposer is None else self._proposed(query, lexical, allowed)
        words = np.full(len(corpus.live), np.nan, dtype=np.float32)
        near = np.flatnonzero(allowed) if exact else best(lexical + wholes, allowed, max(NEAR, self.rescored))
        if corpus.weights.context_size and corpus.whole.shape[1]:
            first = np.flatnonzero(corpus.live) if exact else best(lexical + wholes, corpus.live, self.rescored)
            words[first] = word_values(corpus, query, weights, first)
            wholes[near] += self.contexts(first, words[first] + wholes[first], among=near)
        places = near if exact else near[best((lexical + wholes)[near], np.ones_like(near, bool), self.rescored)]
        places = places[np.isfinite(wholes[places])]
        new = places[np.isnan(words[places])]
        words[new] = word_values(corpus, query, weights, new)
        values = words[places] + wholes[places]
        order = np.argsort(-values, kind="stable")
        places, values = places[order], values[order]
        return Ranking(passages=places, values=values, wholes=wholes[places], lexical=lexical[places], weights=weights)

    def contexts(self, places: Array, values: Array, *, among: Array) -> Array:
        """Return (passage,) what each of some passages has in common with the best ones.

        Args:
            places, values: of passages, the best of which make the context.
            among: numbers of passages.
        """
        weights, whole = self.corpus.weights, self.corpus.whole
        if not len(places):
            return np.zeros(len(among), dtype=np.float32)
        top = np.argsort(-values, kind="stable")[: weights.context_size]
        odds = np.exp((values[top] - values[top[0]]) / weights.temperature)
        mean = (odds / odds.sum()) @ whole[places[top]]
        features = self.corpus.features
        parts = [
            np.float32(wanted / max(given, 1e-9) ** 0.5) * normalized(part)
            for wanted, given, part in (
                (weights.context_whole, weights.whole, mean[:features]),
                (weights.context_topics, weights.topics, mean[features:]),
            )
        ]
        found: Array = whole[among] @ np.concatenate(parts)
        return found

    def rarities(self, terms: Sequence[str], postings: Postings) -> Array:
        """Return (word,) the inverse document frequency of each word of a query in the live passages."""
        size = self.corpus.size
        have = [len(postings[term][0]) for term in terms]
        return np.array([math.log1p((size - one + 0.5) / (one + 0.5)) for one in have], dtype=np.float32)

    def _proposed(self, query: Query, lexical: Array, allowed: Array) -> Array:
        """Return (passage,) what the wholes give, minus infinity where neither words nor the proposer name a passage.

        Where a filter leaves too few, all that it allows are looked at.
        """
        assert self.proposer is not None
        live = self.corpus.live
        named = [self.proposer(query.vector, PROPOSED), best(lexical, live & (lexical > 0), PROPOSED)]
        if allowed[np.concatenate(named)].sum() < self.rescored:
            named.append(np.flatnonzero(allowed))
        places = np.unique(np.concatenate(named))
        places = places[live[places]]
        found = np.full(len(live), -np.inf, dtype=np.float32)
        found[places] = self.corpus.whole[places] @ self._asked(query)
        return found

    def wholes(self, query: Query) -> Array:
        """Return (passage,) what the query and each passage give as wholes, the context aside."""
        corpus = self.corpus
        if not corpus.whole.shape[1]:
            return np.zeros(len(corpus.live), dtype=np.float32)
        found: Array = corpus.whole @ self._asked(query)
        return found

    def _asked(self, query: Query) -> Array:
        """Return the features of a query that those of passages are multiplied with."""
        weights = self.corpus.weights
        topics = self.corpus.query_topics(query.terms)
        parts = [np.float32(weights.whole**0.5) * query.vector, np.float32(weights.topics**0.5) * topics]
        return np.concatenate(parts).astype(np.float32)


def best(values: Array, allowed: Array, count: int) -> Array:
    """Return the places of the largest allowed values, at most ``count``, in no order."""
    places = np.flatnonzero(allowed)
    if len(places) <= count:
        return places
    found: Array = places[np.argpartition(-values[places], count - 1)[:count]]
    return found
