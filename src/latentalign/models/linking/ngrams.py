"""The names nearest in spelling: character n-grams, weighted by how rare they are, in an inverted index."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentalign.models.features import Featurizer
from latentalign.models.idf import Idf


@dataclass(frozen=True, kw_only=True, eq=False)
class NgramIndex:
    r"""Cosines of names as bags of the character n-grams of their words.

    $$\cos(x, y) = \frac{\sum_f x_f y_f}{|x|\,|y|}, \quad x_f = (1 + \log t_f)\,\mathrm{idf}(f)$$

    Args:
        size: how many names there are.
        idf: of the n-grams, over the names.
        starts: for each n-gram, where its part of ``names`` begins, and its length.
        names: the numbers of the names, n-gram by n-gram.
        weights: of the n-gram in each of these, the vector of a name having length 1.

    >>> index = NgramIndex.of(["breast cancer", "lung cancer", "asthma"])
    >>> [number for number, _ in index.nearest("cancers of the lung", 2)]
    [1, 0]
    """

    size: int
    idf: Idf
    starts: dict[str, tuple[int, int]]
    names: Any
    weights: Any
    featurizer: ClassVar[Featurizer] = Featurizer(mode="ngram", sizes=(2, 3))

    @classmethod
    def of(cls, names: Sequence[str]) -> NgramIndex:
        """Return the index of some names.

        Cost: linear in the characters; about 12 bytes for each different n-gram of a name.
        """
        rule = cls.featurizer
        idf = Idf.fit(names, featurizer=rule)
        numbers: dict[str, array[int]] = {}
        weights: dict[str, array[float]] = {}
        for number, name in enumerate(names):
            for gram, weight in _vector(rule.bag(name, whole=False), idf).items():
                numbers.setdefault(gram, array("i")).append(number)
                weights.setdefault(gram, array("f")).append(weight)
        starts, place = {}, 0
        for gram, postings in numbers.items():
            starts[gram] = place, len(postings)
            place += len(postings)
        return cls(
            size=len(names), idf=idf, starts=starts, names=_flat(numbers, np.int32), weights=_flat(weights, np.float32)
        )

    def cosines(self, name: str) -> Any:
        """Return (name,) float64 cosines.

        Cost: the names that share an n-gram, once for each.
        """
        vector = _vector(self.featurizer.bag(name, whole=False), self.idf)
        found = [(self.starts[gram], weight) for gram, weight in vector.items() if gram in self.starts]
        if not found:
            return np.zeros(self.size)
        places = np.concatenate([self.names[start : start + count] for (start, count), _ in found])
        parts = np.concatenate([weight * self.weights[start : start + count] for (start, count), weight in found])
        return np.bincount(places, weights=parts, minlength=self.size)

    def shares(self, words: Sequence[str], name: str) -> list[float]:
        """Return what each word of a text gives to the cosine of the text and a name; they sum to it."""
        rule = self.featurizer
        bags = [rule.bag(one, whole=False) for one in words]
        text = _vector(sum(bags, Counter()), self.idf)
        other = _vector(rule.bag(name, whole=False), self.idf)
        total = sum(bags, Counter())
        return [
            sum(text[gram] * other.get(gram, 0.0) * count / total[gram] for gram, count in bag.items()) for bag in bags
        ]

    def nearest(self, name: str, count: int) -> list[tuple[int, float]]:
        """Return the numbers of the names with the highest cosines above 0, with these, the highest first."""
        cosines = self.cosines(name)
        few = min(count, self.size)
        best = np.argpartition(-cosines, few - 1)[:few]
        return [
            (int(one), float(cosines[one]))
            for one in best[np.argsort(-cosines[best], kind="stable")]
            if cosines[one] > 0
        ]


def _vector(bag: Counter[str], idf: Idf) -> dict[str, float]:
    weighted = {gram: (1 + math.log(count)) * idf(gram) for gram, count in bag.items()}
    length = math.sqrt(sum(one * one for one in weighted.values())) or 1.0
    return {gram: one / length for gram, one in weighted.items()}


def _flat(parts: dict[str, Any], kind: Any) -> Any:
    return np.concatenate([np.frombuffer(one, dtype=kind) for one in parts.values()]) if parts else np.zeros(0, kind)
