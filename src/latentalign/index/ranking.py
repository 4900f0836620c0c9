"""From a query to the passages that explain it best: candidates by all potentials but one, then the exact value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentalign.index.corpus import Corpus
from latentalign.index.proposals import Proposer
from latentalign.index.query import Query
from latentalign.index.query_values import QueryValues
from latentalign.index.vectors import Array, normalized

PROPOSED = 512
"""Passages that are proposed, where not all are looked at."""
SPREAD, HOPS = 40, 2
"""Proposed passages whose neighbours are looked at as well, the best ones; and how often theirs are."""
FIRST = 2
"""How many times as many candidates are aligned for the context as it has."""
RESCORED, SKETCHED = 24, 5
"""Candidates whose words are aligned; and how many times as many have their sketches looked at."""


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
    rescored: int = RESCORED
    proposer: Proposer | None = None

    def rank(self, query: Query, *, allowed: Array, exact: bool = False, least: int = 0) -> Ranking:
        """Return the candidates of a query, ranked by their exact values.

        The best passages of all make the context of the query; with it, candidates are looked for once more. So a
        value does not depend on what is allowed.

        Args:
            query: what is searched for.
            allowed: (passage,) bool, which may be found.
            exact: align the words of every passage, whatever the cost.
            least: how many passages are ranked at least, if there are so many.

        Cost: products with all passages as wholes, or with those that are proposed; sketches of ``SKETCHED`` times as
        many passages as are aligned; the alignment of ``rescored`` of them, or ``least``, and of those of the context.
        """
        known = QueryValues(corpus=self.corpus, query=query)
        if exact:
            near = np.flatnonzero(allowed)
            asked = self.asked(known, np.flatnonzero(self.corpus.live))
        else:
            near, asked = self._candidates(known, allowed, count=max(self.rescored, least))
        wholes = known.wholes(asked, near)
        values = known.words(near) + wholes
        order = np.argsort(-values, kind="stable")
        return Ranking(
            passages=near[order],
            values=values[order],
            wholes=wholes[order],
            lexical=known.lexical[near[order]],
            weights=known.weights,
        )

    def asked(self, known: QueryValues, first: Array) -> Array:
        """Return (feature,) what passages as wholes are multiplied with: the features of a query and of its context.

        Args:
            known: of the query.
            first: numbers of passages, the best of which make the context.
        """
        if not self.corpus.weights.context_size or not len(known.asked) or not len(first):
            return known.asked
        values = known.words(first) + known.wholes(known.asked, first)
        return known.asked + self.context(first, values)

    def context(self, places: Array, values: Array) -> Array:
        """Return (feature,) what a query reads out of the best of some passages, as an addition to its own features.

        Args:
            places, values: of passages.
        """
        weights, whole = self.corpus.weights, self.corpus.whole
        best_of = np.argsort(-values, kind="stable")[: weights.context_size]
        odds = np.exp((values[best_of] - values[best_of[0]]) / weights.temperature)
        mean = (odds / odds.sum()) @ whole[places[best_of]].astype(np.float32)
        features = self.corpus.features
        parts = [
            np.float32(wanted / max(given, 1e-9) ** 0.5) * normalized(part)
            for wanted, given, part in (
                (weights.context_whole, weights.whole, mean[:features]),
                (weights.context_topics, weights.topics, mean[features:]),
            )
        ]
        return np.concatenate(parts)

    def _candidates(self, known: QueryValues, allowed: Array, *, count: int) -> tuple[Array, Array]:
        """Return the numbers of the most promising passages, and what they are multiplied with as wholes."""
        pool = None if self.proposer is None else self._proposed(known, allowed)
        enough = max(1, min(self.rescored, FIRST * self.corpus.weights.context_size))
        first = self._narrowed(known, known.asked, self.corpus.live, pool, count=enough)
        asked = self.asked(known, first)
        if pool is not None:
            pool = self._spread(known, asked, pool)
        return self._narrowed(known, asked, allowed, pool, count=count), asked

    def _spread(self, known: QueryValues, asked: Array, pool: Array) -> Array:
        """Return some passages with the live neighbours of the best of them, and the neighbours of those.

        What the context asks for is often far from the query, so that the proposer does not name it.
        """
        if self.corpus.neighbours is None:
            return pool
        last = pool
        for _ in range(HOPS):
            values = known.lexical[last] + self.corpus.products(asked, last) + self.corpus.own[last]
            beside = np.setdiff1d(self.corpus.neighbours[0][last[top(values, SPREAD)]], pool)
            last = beside[self.corpus.live[beside]]
            pool = np.concatenate([pool, last])
        return pool

    def _narrowed(self, known: QueryValues, asked: Array, allowed: Array, pool: Array | None, *, count: int) -> Array:
        """Return the numbers of some allowed passages, the best ones by stems, sketches and wholes.

        Args:
            asked: what passages as wholes are multiplied with.
            pool: numbers of the passages that are looked at; None is all.
            count: how many are wanted.
        """
        if pool is None:
            rough = known.lexical + self.corpus.rough_products(asked) + self.corpus.own
        else:
            rough = np.full(len(allowed), -np.inf, dtype=np.float32)
            rough[pool] = known.lexical[pool] + self.corpus.products(asked, pool) + self.corpus.own[pool]
        near = best(rough, allowed, SKETCHED * count)
        return near[top(known.sketched(near) + rough[near] - known.lexical[near], count)]

    def _proposed(self, known: QueryValues, allowed: Array) -> Array:
        """Return the numbers of the live passages that the proposer or the words of a query name; where a filter leaves
        too few, all that it allows as well."""
        assert self.proposer is not None
        live, lexical = self.corpus.live, known.lexical
        named = [self.proposer(known.query.vector, PROPOSED), best(lexical, live & (lexical > 0), PROPOSED)]
        if allowed[np.concatenate(named)].sum() < SKETCHED * self.rescored:
            named.append(np.flatnonzero(allowed))
        places = np.unique(np.concatenate(named))
        found: Array = places[live[places]]
        return found


def best(values: Array, allowed: Array, count: int) -> Array:
    """Return the places of the largest finite values that are allowed, at most ``count``, in no order."""
    places = np.flatnonzero(allowed)
    found: Array = places[top(values[places], count)]
    return found


def top(values: Array, count: int) -> Array:
    """Return the places of the largest finite values, at most ``count``, in no order."""
    import torch

    found: Array = torch.topk(torch.from_numpy(values), min(count, len(values)), sorted=False).indices.numpy()
    finite: Array = found[np.isfinite(values[found])]
    return finite
