"""The phrases of all findings, encoded once, and how much likelier each of them makes what somebody said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from latentalign.models.encoder import Encoder
from latentalign.models.features import Featurizer, fold
from latentalign.models.idf import Idf
from latentalign.models.matcher.profile import Feature
from latentalign.models.units import Units
from latentalign.text.spans import Span

LETTERS = Featurizer(mode="ngram", sizes=(3, 4))
"""What words are compared by: letters find "hypotonic" in "hypotonia", and forgive a typo."""
Postings = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Phrases:
    r"""The findings of a catalogue, each with one phrase or several, and the phrases as the encoder sees them.

    How alike a phrase $x$ and a finding are, in log-odds, is the best of the finding's phrases $y$:

    $$s_j(x) = \max_{y \in j} \; a \cos(\bar x, \bar y) + b \cos(l_x, l_y)$$

    with the vectors of the encoder and bags $l$ of letter n-grams weighted by idf. What is said is taken to be meant
    for one of the findings, or for something else that is as alike as ``stranger`` to everything, so that finding $j$
    makes it more likely than chance by

    $$r_j(x) = \frac{e^{s_j(x)}}{\sum_k \pi_k e^{s_k(x)} + e^{\nu}}$$

    where $\pi_k$ is how often finding $k$ is met: a rare finding that is named exactly has the ratio $1 / \pi_k$,
    whose logarithm is its inverse document frequency.

    Args:
        features: the different findings.
        phrases: (phrase,) all phrases of all findings.
        owner: (phrase,) the number of the finding that a phrase is of, ascending.
        vectors: (phrase, feature) of length 1; no columns where there is no encoder.
        shares: (finding,) $\pi$, which sums to less than 1: the rest is what may be said and is not in the catalogue.
        encoder: None compares letters alone.
        vector_weight, letter_weight: $a$ and $b$.
        stranger: $\nu$.
    """

    features: tuple[Feature, ...]
    phrases: tuple[str, ...]
    owner: Tensor
    vectors: Tensor
    shares: Tensor
    encoder: Encoder | None
    vector_weight: float
    letter_weight: float
    stranger: float

    @cached_property
    def names(self) -> Mapping[str, int]:
        """The finding that each phrase, folded, is of."""
        return {fold(phrase): int(one) for phrase, one in zip(self.phrases, self.owner, strict=True)}

    @torch.inference_mode()
    def likeness(self, said: Sequence[str]) -> Tensor:
        """Return (said, finding) $s$.

        Cost: one pass of the encoder over what is said, one product with all vectors, and the shared n-grams.
        """
        letters = torch.from_numpy(np.stack([self._letters(one) for one in said]))
        found = self.letter_weight * letters
        if self.encoder is not None:
            found += self.vector_weight * (encode(said, self.encoder) @ self.vectors.T)
        if len(self.phrases) == len(self.features):
            return found
        best = found.new_full((len(said), len(self.features)), -torch.inf)
        return best.scatter_reduce(1, self.owner.expand_as(found), found, "amax")

    def ratios(self, said: Sequence[str]) -> Tensor:
        r"""Return (said, finding) $\log r$."""
        likeness = self.likeness(said)
        known = (likeness + self.shares.log()).logsumexp(dim=1, keepdim=True)
        return likeness - torch.logaddexp(known, torch.full_like(known, self.stranger))

    def symptomatic(self, ratios: Tensor) -> Tensor:
        r"""Return (said,) the chance that each phrase of a text names a finding, and is not said by the way.

        $$c(x) = \frac{K}{K + e^{\nu}}, \quad K = \frac{1}{2} \sum_k \pi_k e^{s_k(x)} \Big/ \sum_k \pi_k$$

        A small catalogue holds few of the findings that people have; so that it does not take most of them for no
        findings, $K$ is that of one that holds half of them.

        Args:
            ratios: (said, finding) $\log r$.
        """
        known = (ratios + self.shares.log()).logsumexp(dim=1).exp().clamp(1e-9, 1 - 1e-6)
        odds = known / (1 - known) / (2 * self.shares.sum())
        return odds / (1 + odds)

    def _letters(self, phrase: str) -> NDArray[np.float32]:
        found = np.zeros(len(self.phrases), dtype=np.float32)
        bag = LETTERS.bag(phrase, whole=False)
        length = 0.0
        for letters, count in bag.items():
            weight = count * self._idf(letters)
            length += weight * weight
            if letters in self._postings:
                rows, values = self._postings[letters]
                found[rows] += np.float32(weight) * values
        return found / np.float32(max(length, 1e-12) ** 0.5)

    @cached_property
    def _idf(self) -> Idf:
        return Idf.fit(self.phrases, featurizer=LETTERS)

    @cached_property
    def _postings(self) -> dict[str, Postings]:
        """For each n-gram, the phrases that have it and its weight in each, of bags of length 1."""
        rows: dict[str, list[int]] = {}
        values: dict[str, list[float]] = {}
        for row, phrase in enumerate(self.phrases):
            weights = {one: count * self._idf(one) for one, count in LETTERS.bag(phrase, whole=False).items()}
            length = sum(weight * weight for weight in weights.values()) ** 0.5
            for one, weight in weights.items():
                rows.setdefault(one, []).append(row)
                values.setdefault(one, []).append(weight / length)
        return {
            one: (np.array(some, dtype=np.int64), np.array(values[one], dtype=np.float32)) for one, some in rows.items()
        }


def unit_of(phrase: str) -> Units:
    """Return a phrase as one unit."""
    return Units(text=phrase, spans=(Span(0, len(phrase)),))


def encode(phrases: Sequence[str], encoder: Encoder) -> Tensor:
    """Return (phrase, features) the vectors of some phrases, of length 1, in float32 on the CPU."""
    if not phrases:
        return torch.zeros(0, 0)
    units = [unit_of(one) for one in phrases]
    with torch.inference_mode():
        found = [one.pooled for one in encoder.encode(units, level="word", states=False, pooled=True)]
    return F.normalize(torch.stack([one for one in found if one is not None]).float().cpu(), dim=-1)
