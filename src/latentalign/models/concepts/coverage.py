"""How well the names of two concepts explain each other, from both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentalign.models.concepts.context import Context
from latentalign.models.concepts.likeness import Likeness
from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.vocabulary import Floats, Integers, Vocabulary

DISCOUNT = 0.7
"""What a word that only the context explains counts."""
AT_ONCE = 1 << 14


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    r"""The best pair of names of each pair of concepts.

    $$v = c_x c_y \, \tfrac{1 + \max(r_x, r_y)}{2} \, (0.7 + 0.3 \min(r_x, r_y)), \quad
    r_x = \frac{\sum_w \mathrm{idf}_w \max_v L_{wv}}{\sum_w \mathrm{idf}_w}$$

    $r_x$ is the share of the source's name that the target's name explains (what is left of it is aligned to NULL),
    $c_x$ the same where the target's context may explain a word too, at a discount; $r_y$, $c_y$ from the other side.

    Args:
        value: (pair,) $v$ in [0, 1].
        shares: (pair, 2) $r_x$ and $r_y$.
        covered: (pair, 2) $c_x$ and $c_y$.
        terms: (pair, 2) which name of the source and of the target, counted in each concept.
    """

    value: Floats
    shares: Floats
    covered: Floats
    terms: Integers

    def chosen(self, kept: Integers) -> Coverage:
        """Return some of the pairs."""
        return Coverage(
            value=self.value[kept], shares=self.shares[kept], covered=self.covered[kept], terms=self.terms[kept]
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Two ontologies with all that their names are compared by.

    Args:
        source, target: the ontologies.
        words: of both.
        likeness: of the words.
        contexts: of the source's and of the target's concepts.
    """

    source: Ontology
    target: Ontology
    words: Vocabulary
    likeness: Likeness
    contexts: tuple[Context, Context]

    @classmethod
    def of(cls, source: Ontology, target: Ontology, words: Vocabulary, likeness: Likeness) -> Comparison:
        """Return the comparison of two ontologies whose words are known."""
        contexts = Context.of(source, words, likeness), Context.of(target, words, likeness)
        return cls(source=source, target=target, words=words, likeness=likeness, contexts=contexts)

    def coverage(self, pairs: Integers) -> Coverage:
        """Return the best pair of names of each pair of concepts.

        Args:
            pairs: (pair, 2) concepts that have a name each.

        Cost: the number of pairs of names, times the words of both.
        """
        parts = [self._some(pairs[start : start + AT_ONCE]) for start in range(0, len(pairs), AT_ONCE)]
        if not parts:
            empty = np.zeros((0, 2), np.float32)
            return Coverage(value=empty[:, 0], shares=empty, covered=empty, terms=empty.astype(np.int64))
        return Coverage(
            value=np.concatenate([one.value for one in parts]),
            shares=np.concatenate([one.shares for one in parts]),
            covered=np.concatenate([one.covered for one in parts]),
            terms=np.concatenate([one.terms for one in parts]),
        )

    def _some(self, pairs: Integers) -> Coverage:
        left, right = self._rows
        pair, one, other = _products(pairs, self.source.first, self.target.first)
        rows, columns = left[one], right[other]
        alike = self.likeness.between(rows[:, :, None], columns[:, None, :])
        inside = alike.max(axis=2), alike.max(axis=1)
        concepts = pairs[pair]
        outside = (
            DISCOUNT * self.contexts[1](concepts[:, 1:], rows),
            DISCOUNT * self.contexts[0](concepts[:, :1], columns),
        )
        weights = self._weights(rows), self._weights(columns)
        shares = np.stack([_share(*both) for both in zip(inside, weights, strict=True)], axis=1)
        covered = np.stack(
            [_share(np.maximum(a, b), w) for a, b, w in zip(inside, outside, weights, strict=True)], axis=1
        )
        value = covered.prod(axis=1) * (1 + shares.max(axis=1)) / 2 * (0.7 + 0.3 * shares.min(axis=1))
        best = _first_best(pair, value)
        terms = np.stack([one - self.source.first[concepts[:, 0]], other - self.target.first[concepts[:, 1]]], axis=1)
        return Coverage(
            value=value[best].astype(np.float32), shares=shares[best], covered=covered[best], terms=terms[best]
        )

    @property
    def _rows(self) -> tuple[Integers, Integers]:
        return self.words.rows(self.source.flat), self.words.rows(self.target.flat)

    def _weights(self, rows: Integers) -> Floats:
        return np.where(rows < 0, np.float32(0.0), self.words.idf[rows])


def _products(pairs: Integers, first: Integers, other: Integers) -> tuple[Integers, Integers, Integers]:
    """Return the pair, the source's name and the target's name of each pair of names."""
    rows, columns = np.diff(first)[pairs[:, 0]], np.diff(other)[pairs[:, 1]]
    counts = rows * columns
    pair = np.repeat(np.arange(len(pairs)), counts)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    width = columns[pair]
    return pair, first[pairs[pair, 0]] + place // width, other[pairs[pair, 1]] + place % width


def _share(explained: Floats, weights: Floats) -> Floats:
    return np.asarray((explained * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9), dtype=np.float32)


def _first_best(pair: Integers, value: Floats) -> Integers:
    """Return for each pair the place of its highest value, of equal ones the first: labels come before synonyms."""
    order = np.lexsort((np.arange(len(value)), -value, pair))
    first = np.ones(len(order), dtype=bool)
    first[1:] = pair[order][1:] != pair[order][:-1]
    return order[first]
