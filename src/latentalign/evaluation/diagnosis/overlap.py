"""What a diagnoser has to beat: findings or words in common, weighted by idf, and vectors of the same encoder."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentalign.models.features import Featurizer, fold
from latentalign.models.matcher.phrases import Phrases, encode
from latentalign.models.matcher.profile import Profile
from latentalign.models.matcher.profiles import Profiles

STEMS = Featurizer(mode="stem")


def whole_names(name: str) -> set[str]:
    """Return the name of a finding, folded, as the one thing that it can have in common."""
    return {fold(name)}


def stems(name: str) -> set[str]:
    """Return the stems of the words of a name."""
    return set(STEMS.bag(name, whole=False))


@dataclass(frozen=True, eq=False)
class Overlap:
    r"""Values a profile by what it has in common with a list of symptoms.

    $$V = \frac{1}{\sqrt{|d|}} \sum_{t \in x \cap d} \mathrm{idf}(t)$$

    Args:
        profiles: the catalogue.
        parts: what a phrase can have in common: ``whole_names`` or ``stems``.
    """

    profiles: Sequence[Profile]
    parts: Callable[[str], set[str]]

    def __post_init__(self) -> None:
        each = [set().union(*(self.parts(one.name) for one in profile.features)) for profile in self.profiles]
        counts = Counter(part for some in each for part in some)
        total = len(each)
        idf = {part: math.log1p((total - count + 0.5) / (count + 0.5)) for part, count in counts.items()}
        having: dict[str, list[int]] = {}
        for number, some in enumerate(each):
            for part in some:
                having.setdefault(part, []).append(number)
        lengths = np.sqrt([len(some) for some in each])
        object.__setattr__(self, "_idf", idf)
        object.__setattr__(self, "_having", {part: np.array(numbers) for part, numbers in having.items()})
        object.__setattr__(self, "_lengths", lengths)

    def values(self, said: Sequence[str]) -> Tensor:
        """Return (profile,) values."""
        found = np.zeros(len(self.profiles))
        idf: dict[str, float] = self._idf  # type: ignore[attr-defined]
        for part in sorted(set().union(*map(self.parts, said))):
            if part in idf:
                found[self._having[part]] += idf[part]  # type: ignore[attr-defined]
        return torch.from_numpy(found / self._lengths)  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True, eq=False)
class NearestVectors:
    """Values a profile by the cosine of each symptom with the nearest of its findings, in the same encoder."""

    phrases: Phrases
    profiles: Profiles

    def values(self, said: Sequence[str]) -> Tensor:
        """Return (profile,) values."""
        assert self.phrases.encoder is not None
        cosines = encode(said, self.phrases.encoder) @ self.phrases.vectors.T
        nearest = cosines.new_full((len(said), len(self.phrases.features)), -1.0)
        nearest = nearest.scatter_reduce(1, self.phrases.owner.expand_as(cosines), cosines, "amax")
        best = cosines.new_full((len(said), len(self.profiles.profiles)), -1.0)
        entries = nearest[:, self.profiles.features]
        return best.scatter_reduce(1, self.profiles.owner.expand_as(entries), entries, "amax").sum(dim=0)
