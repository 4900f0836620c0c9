"""The different words of two ontologies, with how rare they are and what the encoder says of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.terms import LONGEST, Term
from latentalign.models.features import Featurizer
from latentalign.models.units import Units

if TYPE_CHECKING:
    from latentalign.models.encoder import Encoder

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
NOTHING = -1
"""The number in the padding."""
COMMON = (
    "people time water house work light place animal number thing group paper line music food money word year part "
    "colour sound city road hand tree stone river fire law plan letter game ship table price school war health"
)
"""Words of every day, with which the mean vector of a small vocabulary is estimated."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """Words by number.

    Args:
        numbers: of each form.
        idf: (word,) inverse document frequency over the concepts of both ontologies.
        vectors: (word, features) of length 1, centred; no columns without an encoder.
        stems: of each form.
    """

    numbers: dict[str, int]
    idf: Floats
    vectors: Floats
    stems: dict[str, str]

    @classmethod
    def of(cls, ontologies: Sequence[Ontology], encoder: Encoder | None, *, language: str = "english") -> Vocabulary:
        """Return the words of some ontologies.

        Cost: one pass of the encoder over each different word.
        """
        counts: Counter[str] = Counter()
        spellings: dict[str, dict[str, None]] = {}
        for terms in (terms for one in ontologies for terms in one.terms):
            counts.update({form for term in terms for form in term.forms})
            for term in terms:
                for form, word in zip(term.forms, term.words, strict=True):
                    spellings.setdefault(form, {})[word] = None
        forms = sorted(counts)
        concepts = sum(map(len, ontologies))
        return cls(
            numbers={form: number for number, form in enumerate(forms)},
            idf=np.array(
                [math.log1p((concepts - counts[one] + 0.5) / (counts[one] + 0.5)) for one in forms], np.float32
            ),
            vectors=_vectors([tuple(spellings[one]) for one in forms], encoder),
            stems={form: _stem(form, language) for form in forms},
        )

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def forms(self) -> list[str]:
        """The words in the order of their numbers."""
        return list(self.numbers)

    def rows(self, terms: Sequence[Term]) -> Integers:
        """Return (term, ``LONGEST``) numbers of the words of each name, ``NOTHING`` in the padding."""
        found = np.full((len(terms), LONGEST), NOTHING, dtype=np.int64)
        for row, term in enumerate(terms):
            found[row, : len(term.forms)] = [self.numbers[form] for form in term.forms]
        return found


def _stem(form: str, language: str) -> str:
    return Featurizer(mode="stem", language=language).of_word(form)[0]


def _vectors(spellings: Sequence[Sequence[str]], encoder: Encoder | None) -> Floats:
    if encoder is None or not spellings:
        return np.zeros((len(spellings), 0), np.float32)
    words = list(dict.fromkeys([*(word for some in spellings for word in some), *COMMON.split()]))
    found = encoder.encode([Units(text=one, spans=()) for one in words], level="word", states=False, pooled=True)
    states = torch.nn.functional.normalize(torch.stack([one.pooled for one in found if one.pooled is not None]), dim=1)
    table = dict(zip(words, states.cpu().numpy(), strict=True))
    mean = np.mean(list(table.values()), axis=0)
    sums = np.stack([np.mean([table[word] for word in some], axis=0) for some in spellings])
    centred = sums - mean
    lengths = np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    return np.asarray(centred / lengths, dtype=np.float32)
