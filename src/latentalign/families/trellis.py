r"""Sums, maxima and samples over the state sequences of a hidden Markov model whose states are positions.

After i queries the model is at the position of the last key that was linked, or at the virtual position before all
keys. A query steps to a key and pays a jump, or steps to NULL and stays. With $a_i(p)$ the total at position p:

$$r_i(j) = \max_T{}_p\,[a_{i-1}(p) + \text{leave}(p) + \text{jump}(p, j)], \quad
a_i(p) = \max_T(s_{ip} + r_i(p),\; a_{i-1}(p) + \text{null})$$
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint

from latentalign.families.folds import Fold, at_random, firmly, softly
from latentalign.families.numerics import NEG

Step = Callable[[Tensor], Tensor]
"""From totals (batch, from) to totals (batch, to)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trellis:
    """What each step of the model pays; all in units of the temperature. Position 0 is the virtual one, j + 1 key j.

    Args:
        scores: (batch, row, key), ``NEG`` where no link may be; the live rows come first.
        rows: (batch,) how many rows are live; the others change nothing.
        jumps: (1 + key, key), or with a batch axis, at most 0: for the distance of a step to a key.
        leave: (batch, 1 + key) for any step to a key, by its origin.
        null: for each step to NULL, a number or (batch, 1).
        ends: (batch, 1 + key) for the last position.
        narrow: whether no jump is under -200, so that sums over jumps are matrix products.
    """

    scores: Tensor
    rows: Tensor
    jumps: Tensor
    leave: Tensor
    null: Tensor | float
    ends: Tensor
    narrow: bool

    def log_partition(self) -> Tensor:
        """Return (batch,) the log of the sum over all sequences."""
        return self._total(self._forward(_soft_step(self.jumps, narrow=self.narrow), softly))

    def mass(self) -> Tensor:
        """Return (batch, row, key) the probability of each link, by a forward and a backward sum."""
        forward = self._forward(_soft_step(self.jumps, narrow=self.narrow), softly)
        reach, ahead = torch.stack(forward.reach, dim=1), torch.stack(self._ahead(), dim=1)
        log_mass = reach + ahead - self._total(forward)[:, None, None]
        return torch.where(self.scores > NEG / 2, log_mass, NEG).exp()

    def transitions(self) -> tuple[Tensor, Tensor]:
        """Return (batch, 1 + key, key) the expected number of steps to each key from each position, and
        (batch, 1 + key) the probability of each last position."""
        forward = self._forward(_soft_step(self.jumps, narrow=self.narrow), softly)
        total = self._total(forward)[:, None]
        steps = self.jumps.new_zeros(())
        for number, (before, ahead) in enumerate(zip(forward.before, self._ahead(), strict=True)):
            step = ((before + self.leave - total)[:, :, None] + self.jumps + ahead[:, None, :]).exp()
            steps = steps + torch.where((number < self.rows)[:, None, None], step, 0.0)
        return steps, (forward.after + self.ends - total).exp()

    def best(self) -> Tensor:
        """Return (batch, row, key) bool, the sequence of highest total (Viterbi)."""
        return self._walk_back(self._forward(_firm_step(self.jumps), firmly), firmly)

    def sample(self, generator: torch.Generator | None) -> Tensor:
        """Return (batch, row, key) bool, one sequence by its probability: sums forwards, draws backwards."""
        forward = self._forward(_soft_step(self.jumps, narrow=self.narrow), softly)
        return self._walk_back(forward, at_random(generator))

    def _total(self, forward: _Forward) -> Tensor:
        return (forward.after + self.ends).logsumexp(dim=1)

    def _forward(self, step: Step, fold: Fold) -> _Forward:
        position = pad(torch.full_like(self.scores[:, 0], NEG), (1, 0), value=0.0)
        before, reach = [], []
        for number, score in enumerate(self.scores.unbind(dim=1)):
            before.append(position)
            reach.append(step(position + self.leave))
            linked = pad(score + reach[-1], (1, 0), value=NEG)
            both, _ = fold(torch.stack([linked, position + self.null]))
            position = torch.where((number < self.rows)[:, None], both, position)
        return _Forward(before=before, reach=reach, after=position)

    def _ahead(self) -> list[Tensor]:
        """Return, for each row, (batch, key) the score of linking to each key and all that follows."""
        step = _soft_step(self.jumps.mT, narrow=self.narrow)
        behind, ahead = self.ends, []
        for number, score in reversed(list(enumerate(self.scores.unbind(dim=1)))):
            ahead.append(score + behind[:, 1:])
            both = torch.stack([self.leave + step(ahead[-1]), behind + self.null]).logsumexp(dim=0)
            behind = torch.where((number < self.rows)[:, None], both, behind)
        return ahead[::-1]

    def _walk_back(self, forward: _Forward, fold: Fold) -> Tensor:
        """Return (batch, row, key) bool, choosing by ``fold`` from the last row to the first."""
        keys, to_key = torch.arange(self.scores.shape[2], device=self.scores.device), self.jumps.mT
        _, place = fold((forward.after + self.ends).T)
        marks = []
        for number, score in reversed(list(enumerate(self.scores.unbind(dim=1)))):
            before = forward.before[number]
            linked = pad(score + forward.reach[number], (1, 0), value=NEG)
            _, choice = fold(torch.stack([before + self.null, linked]).gather(2, place.expand(2, -1)[:, :, None]))
            taken = (choice[:, 0] == 1) & (number < self.rows)
            marks.append(taken[:, None] & (keys + 1 == place[:, None]))
            _, origin = fold((before + self.leave + to_key[(place - 1).clamp_min(0)]).T)
            place = torch.where(taken, origin, place)
        return torch.stack(marks[::-1], dim=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Forward:
    """Of each row, the totals (batch, 1 + key) before it and (batch, key) on reaching a key; the totals at the end."""

    before: list[Tensor]
    reach: list[Tensor]
    after: Tensor


def _soft_step(jumps: Tensor, *, narrow: bool) -> Step:
    r"""Return the step $y_j = \log \sum_p \exp(x_p + \text{jump}_{pj})$.

    The product of matrices is exact: as no jump is impossible, every key is reached from the highest position, and what
    underflows beside that is below 1 in $10^{200}$. It is also the only form that keeps no (from, to) matrix a row.
    """
    if not narrow:
        return lambda totals: _recomputed(totals, jumps)
    kernel = jumps.exp()

    def step(totals: Tensor) -> Tensor:
        highest = totals.amax(dim=1, keepdim=True).detach()
        return highest + ((totals - highest).exp()[:, None, :] @ kernel)[:, 0].log()

    return step


def _recomputed(totals: Tensor, jumps: Tensor) -> Tensor:
    """Return the sum in log space; backwards it is computed again, so as not to keep a (from, to) matrix a row."""
    summed = lambda totals, jumps: torch.logsumexp(totals[:, :, None] + jumps, dim=1)  # noqa: E731
    result: Tensor = checkpoint(summed, totals, jumps, use_reentrant=False, preserve_rng_state=False)
    return result


def _firm_step(jumps: Tensor) -> Step:
    """Return the step to the maximum. It has one buffer, for the allocator would leave a hole a row instead."""
    to_key = jumps.mT.contiguous()
    buffer = torch.empty(0, dtype=jumps.dtype, device=jumps.device)

    def step(totals: Tensor) -> Tensor:
        shape = (totals.shape[0], *to_key.shape)
        return torch.add(totals[:, None, :], to_key, out=buffer.resize_(shape)).amax(dim=2)

    return step
