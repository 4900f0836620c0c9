"""The linear chain: each query takes a key, and each step from the last key to the next has a score of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import pad

from latentalign.errors import InputError
from latentalign.families.family import AlignmentFamily, check_temperature, entropy_by_temperature
from latentalign.families.numerics import NEG
from latentalign.families.trellis import Trellis


@final
@dataclass(frozen=True, kw_only=True)
class Chain(AlignmentFamily):
    r"""Queries are read in order; each takes a key, or NULL, at a score that depends on the last key taken.

    $$\Phi(S) = T \log \sum_a \exp\Big(\tfrac{1}{T} \sum_i [S_{i a_i} + t(\text{last}_i, a_i)]\Big), \quad
    t(\cdot, \text{NULL}) = \nu$$

    where last is the last key taken before query i, or the start before the first; a NULL state remembers it. Keys
    are known by their place, as the sections of a kind of document are, so every step has its own score, where
    ``markov`` has one for each distance. With all steps 0 it is ``independent``.

    A query that no link is admitted to is as if it were not there. A masked link cannot be taken.

    Args:
        temperature: above 0, in the unit of the scores; it divides the steps as well.
        steps: t, a row for the start and one for each key, with a column for each key; a key beyond the table has the
            last row and column.
        null: $\nu$, the score of a query that aligns to nothing; None if every query takes a key.
        learned: the steps as a tensor that takes a gradient, in training, in place of ``steps``.

    Raises:
        InputError: a table that is not (1 + key, key), or a number that is not finite.

    Cost: O(n m^2), as n products of a vector with a matrix; O(n m) memory.

    >>> family = Chain(steps=((0.0, 0.0), (0.0, 0.0), (-9.0, 0.0)), null=None)
    >>> family.best(torch.tensor([[1.0, 0.0], [0.0, 3.0], [1.0, 0.0]])).int().argmax(dim=-1)
    tensor([0, 1, 1])

    Lafferty, McCallum and Pereira 2001, eq. 1 (conditional random fields).
    """

    temperature: float = 1.0
    steps: tuple[tuple[float, ...], ...] = ((0.0,), (0.0,))
    null: float | None = 0.0
    learned: Tensor | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Chain.temperature")
        table = self.steps if self.learned is None else _shaped(self.learned)
        keys = len(table) - 1
        if keys < 1 or any(len(row) != keys for row in table):
            raise InputError(
                wanted="a row for the start and one for each key, with a column for each key",
                came=f"rows of {[len(row) for row in table]} columns",
                where="Chain.steps",
            )
        if not all(math.isfinite(one) for row in self.steps for one in (*row, self.null or 0.0)):
            raise InputError(
                wanted="finite scores",
                came=repr((self.steps, self.null)),
                where="Chain.steps, Chain.null",
                fix="use a low score such as -50 for a step that never happens",
            )

    @property
    def probabilistic(self) -> bool:
        return True

    @property
    def smooth(self) -> bool:
        return True

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        total = self._trellis(scores, mask, temperature).log_partition()
        scale = temperature[:, 0, 0] if isinstance(temperature, Tensor) else temperature
        return (scale * total).to(scores.dtype)

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        return _put_back(self._trellis(scores, mask, self.temperature).mass(), mask).to(scores.dtype)

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        return _put_back(self._trellis(scores, mask, self.temperature).best(), mask)

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        return _put_back(self._trellis(scores, mask, self.temperature).sample(generator), mask)

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        return entropy_by_temperature(self, scores, mask)

    def _trellis(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Trellis:
        order = _live_first(mask)
        each = temperature[:, :, 0] if isinstance(temperature, Tensor) else temperature
        table = self._table(scores) / temperature  # (1, key + 1, key) or, by item, (batch, key + 1, key)
        highest = table.detach().amax(dim=(-2, -1), keepdim=True)
        start = scores.new_zeros(scores.shape[0], scores.shape[2] + 1, dtype=torch.float64)
        return Trellis(
            scores=torch.where(mask, scores.double() / temperature, NEG).take_along_dim(order[:, :, None], dim=1),
            rows=mask.any(dim=-1).sum(dim=-1),
            jumps=table - highest,
            leave=start + highest[..., 0],
            null=NEG if self.null is None else self.null / each,
            ends=start,
            narrow=self._spread <= 200 * self.temperature,
        )

    @property
    def _spread(self) -> float:
        if self.learned is not None:
            return float(self.learned.detach().max() - self.learned.detach().min())
        told = [one for row in self.steps for one in row]
        return max(told) - min(told)

    def _table(self, scores: Tensor) -> Tensor:
        """Return (1 + key, key) the score of each step, float64, for as many keys as there are scores of."""
        told = scores.new_tensor(self.steps, dtype=torch.float64) if self.learned is None else self.learned.double()
        last = told.shape[1] - 1
        columns = torch.arange(scores.shape[2], device=scores.device).clamp_max(last)
        rows = pad(columns + 1, (1, 0))
        return told[rows][:, columns]

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        order = _live_first(mask)
        chosen, live = (one.take_along_dim(order[:, :, None], dim=1) for one in (links, mask))
        linked, row = chosen.any(dim=-1), torch.arange(links.shape[1], device=links.device)
        place = torch.where(linked, chosen.to(torch.uint8).argmax(dim=-1) + 1, 0)
        latest = torch.where(linked, row, -1).cummax(dim=1).values
        now = torch.where(latest < 0, 0, place.gather(1, latest.clamp_min(0)))
        before = pad(now[:, :-1], (1, 0))
        stepped = self._table(links)[before, (place - 1).clamp_min(0)]
        passed = live.any(dim=-1).double() * (NEG if self.null is None else self.null)
        total = torch.where(linked, stepped, passed).sum(dim=1)
        wrong = (chosen.sum(dim=-1) > 1).any(dim=1) | (total < NEG / 2)
        return torch.where(wrong, NEG, total)


def _shaped(table: Tensor) -> Sequence[Sequence[int]]:
    return [range(table.shape[1])] * table.shape[0]


def _live_first(mask: Tensor) -> Tensor:
    """Return (batch, query) the queries, those that a link is admitted to first, each kind in its order."""
    return (~mask.any(dim=-1)).to(torch.uint8).argsort(dim=-1, stable=True)


def _put_back(matrix: Tensor, mask: Tensor) -> Tensor:
    """Return a matrix whose live queries come first in the order of the mask."""
    return matrix.take_along_dim(_live_first(mask).argsort(dim=-1)[:, :, None], dim=1)
