"""What the words of a text, and the whole of it, say for each candidate, by weights that were learned."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.models.features import Featurizer
from latentalign.models.matcher.concept_names import ConceptNames, NamedStretch
from latentalign.models.matcher.memory import vectors
from latentalign.models.units import Encoded, Units

Feature = tuple[int, str]
"""The number of the rule that made it, and the feature; concepts have the number after the last rule."""
CONCEPT_LENGTH = 0.7
"""The length of the bag of concepts: their features say much the same, so they count less than words do."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    r"""Texts as weighted bags of features, one bag a rule, each of length 1, and one of concepts, a little shorter.

    $$\phi_f = (1 + \log t_f)\,\mathrm{idf}_f / |\cdot|, \quad \mathrm{idf}_f = 1 + \log \frac{1 + N}{1 + d_f}$$

    Args:
        rules: how words become features.
        places: the number of each known feature.
        idf: (feature,).
        concepts: the names of a catalogue; each word of a name has its concepts, and all above them, as features. None
            for no catalogue.

    Salton and Buckley 1988, table 1.
    """

    rules: tuple[Featurizer, ...]
    places: Mapping[Feature, int]
    idf: Tensor
    concepts: ConceptNames | None = None

    @classmethod
    def of(
        cls,
        texts: Sequence[Units],
        rules: tuple[Featurizer, ...],
        *,
        least: int,
        concepts: ConceptNames | None = None,
    ) -> Vocabulary:
        """Count the features of some texts; those in fewer than ``least`` of them are not known."""
        counts: Counter[Feature] = Counter()
        for one in texts:
            counts.update({feature for some in _features(rules, concepts, one) for feature in some})
        kept = sorted(feature for feature, count in counts.items() if count >= least)
        found = torch.tensor([counts[one] for one in kept], dtype=torch.float32)
        idf = 1 + ((1 + len(texts)) / (1 + found)).log()
        return cls(rules=rules, places={one: number for number, one in enumerate(kept)}, idf=idf, concepts=concepts)

    def words(self, text: Units) -> list[list[int]]:
        """Return the numbers of the known features of each word."""
        found = (map(self.places.get, some) for some in _features(self.rules, self.concepts, text))
        return [[one for one in some if one is not None] for some in found]

    def weights(self, words: Iterable[Sequence[int]]) -> dict[int, float]:
        r"""Return $\phi_f$ of each feature that is there."""
        counts = Counter(one for some in words for one in some)
        weights = {one: (1 + math.log(count)) * float(self._idf[one]) for one, count in counts.items()}
        squares = [0.0] * (len(self.rules) + 1)
        for one, weight in weights.items():
            squares[self._rule[one]] += weight**2
        lengths = [1.0] * len(self.rules) + [CONCEPT_LENGTH]
        scales = [length / (square or 1.0) ** 0.5 for length, square in zip(lengths, squares, strict=True)]
        return {one: weight * scales[self._rule[one]] for one, weight in weights.items()}

    @cached_property
    def _idf(self) -> list[float]:
        found: list[float] = self.idf.tolist()
        return found

    @cached_property
    def _rule(self) -> list[int]:
        return [rule for rule, _ in self.places]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bags:
    """Texts as the numbers of their features, one after the other, with their weights and where each text begins."""

    numbers: Tensor
    weights: Tensor
    begins: Tensor

    @classmethod
    def of(cls, texts: Sequence[Units], vocabulary: Vocabulary) -> Bags:
        """Weigh the features of some texts."""
        found = [vocabulary.weights(vocabulary.words(one)) for one in texts]
        begins = list(accumulate((len(one) for one in found), initial=0))[:-1]
        return cls(
            numbers=torch.tensor([number for one in found for number in one], dtype=torch.long),
            weights=torch.tensor([weight for one in found for weight in one.values()], dtype=torch.float32),
            begins=torch.tensor(begins, dtype=torch.long),
        )

    def times(self, table: Tensor) -> Tensor:
        """Return (text, candidate) the sums of the rows of a table (feature, candidate), weighted."""
        return F.embedding_bag(self.numbers, table, self.begins, mode="sum", per_sample_weights=self.weights)


@dataclass(frozen=True, kw_only=True, eq=False)
class Discriminant:
    r"""Adds to the value of each candidate what a linear machine says of the text.

    $$u_c(x) = s\,V_c(x) + \sum_f \phi_f(x)\,\beta_{fc} + \bar x \cdot w_c + b_c$$

    Args:
        vocabulary: gives $\phi$.
        words: (feature, candidate) $\beta$.
        whole: (dimension, candidate) w; no rows where there is no encoder.
        bias: (candidate,) b.
        scale: s, how much the value of the matcher counts.
    """

    vocabulary: Vocabulary
    words: Tensor
    whole: Tensor
    bias: Tensor
    scale: float

    def add(self, values: Tensor, texts: Sequence[Units], known: Mapping[Units, Encoded]) -> Tensor:
        """Return (text, candidate) values with what the discriminant says of the texts."""
        found = self.scale * values + self.of_words(texts)
        return found + vectors(texts, known) @ self.whole if len(self.whole) else found

    def named(self, text: Units) -> list[NamedStretch]:
        """Return the names of the catalogue that a text has; none where there is no catalogue."""
        concepts = self.vocabulary.concepts
        return [] if concepts is None else concepts.stretches(text.strings)

    def of_words(self, texts: Sequence[Units]) -> Tensor:
        r"""Return (text, candidate) $\sum_f \phi_f(x)\,\beta_{fc} + b_c$, what the words say alone."""
        return Bags.of(texts, self.vocabulary).times(self.words) + self.bias

    def carried(self, text: Units, candidate: int, known: Mapping[Units, Encoded]) -> Tensor:
        """Return (word,) what each word adds to a candidate over the mean of all, without the value of the matcher."""
        places = self.vocabulary.words(text)
        weights = self.vocabulary.weights(places)
        counts = Counter(one for some in places for one in some)
        apart = (self.words[:, candidate] - self.words.mean(dim=1)).tolist()
        found = torch.tensor([sum(weights[one] / counts[one] * apart[one] for one in some) for some in places])
        encoded = known.get(text)
        if not len(self.whole) or encoded is None or encoded.states is None or encoded.pooled is None:
            return found
        direction = self.whole[:, candidate] - self.whole.mean(dim=1)
        of_whole: Tensor = encoded.states @ direction / encoded.pooled.norm().clamp_min(1e-9)
        return found + of_whole.cpu() / max(1, len(places))


def _features(rules: Sequence[Featurizer], concepts: ConceptNames | None, text: Units) -> list[list[Feature]]:
    """Return the features of each word."""
    numbered = list(enumerate(rules))
    found = [[(number, one) for number, rule in numbered for one in rule.of_word(word)] for word in text.strings]
    if concepts is not None:
        for some, ids in zip(found, concepts.of_words(text.strings), strict=True):
            some += [(len(rules), one) for one in ids]
    return found
