"""Probabilities by a rising step function that was fitted, where a temperature is too stiff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from latentalign.errors import InputError


@final
@dataclass(frozen=True, kw_only=True)
class Isotonic:
    r"""A function that never falls, linear between the middles of its steps.

    Args:
        places: of the steps, rising.
        values: of the steps, in [0, 1], never falling.

    Raises:
        InputError: unequal lengths, none, or an order that is broken.

    Zadrozny and Elkan 2002, section 3 (each class against the rest, then divided by the sum).
    """

    places: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(np.diff(self.places) >= 0) and all(np.diff(self.values) >= 0)
        if not self.places or len(self.places) != len(self.values) or not rising:
            raise InputError(
                wanted="as many values as places, both rising",
                came=f"{self.places} and {self.values}",
                where="Isotonic",
            )

    @classmethod
    def fit(cls, stated: ArrayLike, right: ArrayLike) -> Isotonic:
        r"""Return the function of least squared error by pooling neighbours that fall.

        $$\min_f \sum_i (f(p_i) - [\text{right}_i])^2, \quad f \text{ rising}$$

        Args:
            stated: probabilities.
            right: whether each came true.

        Raises:
            InputError: unequal lengths, or none.

        Cost: a sort.

        >>> Isotonic.fit([0.1, 0.2, 0.3, 0.9], [0, 1, 0, 1])
        Isotonic(places=(0.1, 0.25, 0.9), values=(0.0, 0.5, 1.0))

        Ayer and others 1955, section 2 (pool adjacent violators).
        """
        chances, told = np.asarray(stated, dtype=np.float64), np.asarray(right, dtype=np.float64)
        if chances.ndim != 1 or chances.shape != told.shape or not len(chances):
            raise InputError(
                wanted="as many outcomes as probabilities",
                came=f"{told.shape} and {chances.shape}",
                where="Isotonic.fit",
            )
        order = np.argsort(chances, kind="stable")
        pools: list[tuple[float, float, int]] = []  # sum of outcomes, sum of probabilities, how many
        for outcome, chance in zip(told[order].tolist(), chances[order].tolist(), strict=True):
            pools.append((outcome, chance, 1))
            while len(pools) > 1 and pools[-2][0] * pools[-1][2] >= pools[-1][0] * pools[-2][2]:
                last, before = pools.pop(), pools.pop()
                pools.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
        return cls(
            places=tuple(round(chance / count, 12) for _, chance, count in pools),
            values=tuple(total / count for total, _, count in pools),
        )

    def shares(self, probabilities: Tensor) -> Tensor:
        """Return (text, candidate) probabilities, each mapped and then divided by the sum of its row."""
        mapped = np.interp(probabilities.double().cpu().numpy(), self.places, self.values)
        # A hundredth of what was stated keeps the order where the function is flat, and a row from being all 0.
        found = torch.from_numpy(mapped).to(probabilities) + 0.01 * probabilities
        return found / found.sum(dim=1, keepdim=True)
