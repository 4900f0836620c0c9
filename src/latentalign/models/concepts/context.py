"""The words above a concept, which may explain a word that the concept's own names leave out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentalign.models.concepts.likeness import Likeness
from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.vocabulary import Floats, Integers, Vocabulary

FADING = 0.9
"""What a step up costs."""
ALIKE = 0.5
"""Words at least so alike explain each other in a context."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    r"""How well the names of the ancestors and wholes of each concept explain each word.

    $$C_{iw} = \max_{k \in \mathrm{above}(i)} \max_{v \in k} 0.9^{d(i, k) - 1} L_{wv}$$

    So *retina inner plexiform layer* may match an *inner plexiform layer* that is part of the retina.

    Args:
        keys: sorted ``concept * size + word``.
        values: of each key.
        size: how many words there are.
    """

    keys: Integers
    values: Floats
    size: int

    @classmethod
    def of(cls, ontology: Ontology, words: Vocabulary, likeness: Likeness) -> Context:
        """Return the context of every concept. Cost: linear in the ancestors, three steps up at most."""
        own = [sorted({words.numbers[form] for term in terms for form in term.forms}) for terms in ontology.terms]
        found: dict[int, float] = {}
        for number, above in enumerate(ontology.ancestors):
            for other, steps in above.items():
                for word in own[other]:
                    key = number * len(words) + word
                    found[key] = max(found.get(key, 0.0), FADING ** (steps - 1))
        keys = np.fromiter(found, np.int64, len(found))
        weights = np.fromiter(found.values(), np.float32, len(found))
        spread, values = _spread(keys, weights, likeness)
        return cls(keys=spread, values=values, size=len(words))

    def __call__(self, concepts: Integers, rows: Integers) -> Floats:
        """Return how well the context of each concept explains words, broadcast; 0 in the padding."""
        if not len(self.keys):
            return np.zeros(np.broadcast_shapes(concepts.shape, rows.shape), np.float32)
        wanted = np.where(rows < 0, np.int64(-1), concepts * self.size + rows)
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[places] == wanted, self.values[places], np.float32(0.0))


def _spread(keys: Integers, weights: Floats, likeness: Likeness) -> tuple[Integers, Floats]:
    """Return the keys and values with the words that are like those of the keys."""
    size = max(likeness.size, 1)
    concept, word = keys // size, keys % size
    counts = np.diff(likeness.bounds)[word]
    begins = np.cumsum(counts) - counts
    entry = np.arange(counts.sum()) - np.repeat(begins - likeness.bounds[word], counts)
    values = np.repeat(weights, counts) * likeness.values[entry]
    values[likeness.values[entry] < ALIKE] = 0.0
    spread = np.repeat(concept, counts) * size + likeness.columns[entry]
    order = np.lexsort((-values, spread))
    first = np.ones(len(order), dtype=bool)
    first[1:] = spread[order][1:] != spread[order][:-1]
    chosen = order[first]
    chosen = chosen[values[chosen] > 0]
    return spread[chosen], values[chosen].astype(np.float32)
