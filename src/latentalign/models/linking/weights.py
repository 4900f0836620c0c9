"""The few numbers that make one value of all that speaks for a name, and probabilities of the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.models.linking.features import FEATURES, Looked
from latentalign.models.matcher.minimum import minimum

RIDGE = 1e-3


WITHOUT_ENCODER = 8.0
"""The value of NULL where no encoder adds to the values of concepts."""


def _defaults() -> dict[str, float]:
    return {
        "words": 0.7,
        "whole": 2.7,
        "asked": 4.5,
        "spelling": 0.5,
        "exact": 1.3,
        "loose": 1.5,
        "initials": 2.0,
        "short": -6.0,
        "label": 1.0,
        "near": -2.0,
        "taught": 0.5,
        "share": 2.0,
        "context": 6.5,
        "elsewhere": 1.3,
    }


class Chance(NamedTuple):
    """A concept that a mention may mean: its number, the row of its best name, the value, and the probability."""

    concept: int
    row: int
    value: float
    probability: float


class Chances(NamedTuple):
    """The concepts that a mention may mean, the most probable one first, and the probability that it means none."""

    ranked: tuple[Chance, ...]
    nothing: float


@dataclass(frozen=True, kw_only=True)
class LinkWeights:
    r"""Values and probabilities of the concepts that a mention may be.

    $$V_c = \max_{x, y \in c} \sum_k w_k f_k(x, y), \quad
    p(c) = \frac{e^{V_c}}{e^{\nu} + \sum_{c'} e^{V_{c'}}}, \quad
    p(\text{NULL}) = \frac{e^{\nu}}{e^{\nu} + \sum_{c'} e^{V_{c'}}}$$

    over the forms $x$ of the mention and the names $y$ of the concept; $f_k$ are ``FEATURES``. NULL is that no concept
    of the catalogue is meant.

    Args:
        weights: $w_k$ by the name of the feature.
        null: $\nu$.
        fitted_on: for people.

    Raises:
        InputError: a name that is no feature.
    """

    weights: dict[str, float] = field(default_factory=_defaults)
    null: float = 12.4
    fitted_on: str = "80 texts of the NCBI disease corpus; loose, initials, short, near, taught and share by hand"

    def __post_init__(self) -> None:
        if unknown := set(self.weights) - set(FEATURES):
            raise InputError(
                wanted=f"weights of {', '.join(FEATURES)}", came=", ".join(sorted(unknown)), where="weights"
            )

    @property
    def vector(self) -> Tensor:
        """(feature,) the weights; 0 where there is none."""
        return torch.tensor([self.weights.get(name, 0.0) for name in FEATURES])

    def values(self, looked: Looked) -> Tensor:
        """Return (row,) the value of each name."""
        return looked.features @ self.vector

    def parts(self, looked: Looked, row: int) -> dict[str, float]:
        """Return what each feature gives to the value of a name; they sum to it."""
        found = (looked.features[row] * self.vector).tolist()
        return {name: part for name, part in zip(FEATURES, found, strict=True) if part}

    def chances(self, looked: Looked, concepts: Sequence[int]) -> Chances:
        """Return the concepts of the names with their probabilities.

        Args:
            looked: a mention with the names it may be.
            concepts: the concept of each name.
        """
        best: dict[int, tuple[float, int]] = {}
        for row, (concept, value) in enumerate(zip(concepts, self.values(looked).tolist(), strict=True)):
            if concept not in best or value > best[concept][0]:
                best[concept] = value, row
        order = sorted(best, key=lambda one: -best[one][0])
        logits = torch.tensor([*(best[one][0] for one in order), self.null], dtype=torch.float64)
        shares = logits.softmax(dim=0).tolist()
        ranked = tuple(
            Chance(concept=one, row=best[one][1], value=best[one][0], probability=share)
            for one, share in zip(order, shares, strict=False)
        )
        return Chances(ranked=ranked, nothing=shares[-1])

    def log_odds(self, looked: Looked, concepts: Sequence[int]) -> float:
        r"""Return $\log \sum_c e^{V_c} - \nu$, that some concept is meant; very low where no name is near."""
        values = [one.value for one in self.chances(looked, concepts).ranked]
        return float(torch.tensor(values, dtype=torch.float64).logsumexp(dim=0)) - self.null if values else -1e4

    @classmethod
    def fit(
        cls, examples: Sequence[tuple[Looked, Sequence[int], frozenset[int]]], *, fitted_on: str, ridge: float = RIDGE
    ) -> LinkWeights:
        """Return the weights under which what some mentions mean is most likely.

        Args:
            examples: each a mention with the names it may be, the concept of each name, and the concepts that are
                right; where none of these is among the names, NULL is right.
            fitted_on: for people.
            ridge: of the squared differences from the default weights, which stay where no example says otherwise.

        Raises:
            InputError: no example has its concept among the names.

        Cost: some hundred softmaxes over all names of all examples.
        """
        batch = _Batch.of(examples)
        if not bool(batch.right[:, :-1].any()):
            raise InputError(
                wanted="mentions with their concept among the candidates", came="none", where="LinkWeights.fit"
            )
        start = cls().vector.double()

        def loss(parameters: Tensor) -> Tensor:
            return batch.loss(parameters) + ridge * ((parameters[:-1] - start) ** 2).mean()

        found = minimum(loss, [*start.tolist(), cls().null])
        return cls(weights=dict(zip(FEATURES, found, strict=False)), null=found[-1], fitted_on=fitted_on)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Batch:
    """Mentions beside each other: (mention, row, feature), which concept a row is of, and which are right."""

    features: Tensor
    owner: Tensor
    right: Tensor

    @classmethod
    def of(cls, examples: Sequence[tuple[Looked, Sequence[int], frozenset[int]]]) -> _Batch:
        rows = max((len(looked.aliases) for looked, _, _ in examples), default=0)
        features = torch.zeros(len(examples), max(rows, 1), len(FEATURES), dtype=torch.float64)
        owner = torch.full((len(examples), max(rows, 1)), max(rows, 1))
        right = torch.zeros(len(examples), max(rows, 1) + 1, dtype=torch.bool)
        for number, (looked, concepts, told) in enumerate(examples):
            places = {concept: place for place, concept in enumerate(dict.fromkeys(concepts))}
            features[number, : len(concepts)] = looked.features
            owner[number, : len(concepts)] = torch.tensor([places[one] for one in concepts], dtype=torch.long)
            for concept in told & places.keys():
                right[number, places[concept]] = True
            right[number, -1] = not (told & places.keys())
        return cls(features=features, owner=owner, right=right)

    def loss(self, parameters: Tensor) -> Tensor:
        """Return the mean of minus the log-probability of what is right; the last column is NULL."""
        values = self.features @ parameters[:-1]
        count, rows = values.shape
        best = values.new_full((count, rows + 1), -1e4).scatter_reduce(1, self.owner, values, "amax")
        logits = torch.cat([best[:, :rows], parameters[-1].expand(count, 1)], dim=1)
        logs = logits.log_softmax(dim=1)
        return -torch.where(self.right, logs, -1e4).logsumexp(dim=1).mean()
