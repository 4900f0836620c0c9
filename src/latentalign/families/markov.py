"""The hidden Markov alignment of Vogel, Ney and Tillmann: each query takes a key, at a jump from the last one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

from latentalign.errors import InputError
from latentalign.families.family import AlignmentFamily, _prepare, check_temperature, entropy_by_temperature
from latentalign.families.numerics import NEG
from latentalign.families.packing import Packed, pack
from latentalign.families.trellis import Trellis

NEAR_ONE = tuple(-0.5 * abs(distance - 1) for distance in range(-8, 9))
"""The default jumps: the next key is likeliest, and each key away from it costs half a nat, up to eight."""


@final
@dataclass(frozen=True, kw_only=True)
class Markov(AlignmentFamily):
    r"""Queries are read in order; each aligns to a key by its distance from the last aligned key, or to NULL.

    $$\Phi(S) = T \log \sum_a \exp\Big(\tfrac{1}{T} \sum_i [S_{i a_i} + \log p(a_i | \text{last}_i)]\Big)$$
    $$p(\text{NULL} | k) = p_0, \quad p(j | k) = (1 - p_0) \frac{\exp w(j - k)}{\sum_{j'} \exp w(j' - k)}, \quad
    \log \frac{p_0}{1 - p_0} = \text{null log-odds}$$

    where last is the last key taken before query i, or the virtual position -1 before key 0; a NULL state remembers it,
    so NULL is exact anywhere, at the start too. The sum over j' runs over the real keys of the item, so the p are
    chances: where all links are admitted and S = 0, the value is 0 at temperature 1.

    A query or key that no link is admitted to is as if it were not there: its neighbours are adjacent. A masked link of
    a live query cannot be taken. Where NULL is not allowed, every live query takes a key.

    Args:
        temperature: above 0, in the unit of the scores; it divides the logs of the chances as well.
        jump: w, an odd number 2W + 1 of log weights for the distances -W to W from the last key, unnormalised; a longer
            jump has the weight of the nearest end.
        null: whether a query may align to nothing.
        null_log_odds: of a step to NULL against a step to a key; the default is a chance of 0.2.
        start: the first key is chosen by its ``jump`` from the virtual position, or ``uniform``.
        end: ``any`` last key is as good as another; with ``jump`` the chance is counted that the next jump, could it
            land on the place after the last key as well, would land there.

    Raises:
        InputError: an even number of jumps, a number that is not finite, an unknown start or end.

    Cost: O(n m^2), as n products of a vector with a matrix; O(n m) memory. Where the jumps differ by more than 200
    temperatures the products are sums in log space, many times slower.

    >>> family = Markov()
    >>> family.value(torch.zeros(3, 4, dtype=torch.float64)).abs() < 1e-12
    tensor(True)
    >>> scores = torch.tensor([[3.0, 0.0, 3.0], [0.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    >>> family.best(scores).int()
    tensor([[1, 0, 0],
            [0, 1, 0],
            [0, 0, 1]], dtype=torch.int32)

    Vogel, Ney and Tillmann 1996 (jumps, normalised over the positions of the sentence); Och and Ney 2003 (NULL states
    that remember the last position, with a fixed chance $p_0$). Their table has no bound and is given as chances.
    """

    temperature: float = 1.0
    jump: tuple[float, ...] = NEAR_ONE
    null: bool = True
    null_log_odds: float = math.log(0.25)
    start: Literal["jump", "uniform"] = "jump"
    end: Literal["any", "jump"] = "any"

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Markov.temperature")
        if len(self.jump) % 2 == 0:
            raise InputError(
                wanted="an odd number of jump weights, for -W to W", came=str(len(self.jump)), where="Markov.jump"
            )
        if not all(math.isfinite(weight) for weight in (*self.jump, self.null_log_odds)):
            raise InputError(
                wanted="finite log weights",
                came=repr((*self.jump, self.null_log_odds)),
                where="Markov.jump, Markov.null_log_odds",
                fix="use a low weight such as -50 for what is very unlikely, and null=False for no NULL",
            )
        if self.start not in ("jump", "uniform"):
            raise InputError(wanted="'jump' or 'uniform'", came=repr(self.start), where="Markov.start")
        if self.end not in ("any", "jump"):
            raise InputError(wanted="'any' or 'jump'", came=repr(self.end), where="Markov.end")

    @property
    def probabilistic(self) -> bool:
        return True

    @property
    def smooth(self) -> bool:
        return True

    def jump_counts(self, scores: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        r"""Return (\*batch, 2W + 1) how often each distance is jumped, as expected under the alignment, and how often
        the jump table alone would have jumped it from the same positions.

        Their quotient improves the table: one step of expectation-maximisation, with generalised iterative scaling as
        its second half (Darroch and Ratcliff 1972), never lowers the sum of the values at temperature 1. In one row,
        with a count of 1 to smooth it:

        >>> from dataclasses import replace
        >>> family = Markov(jump=(0.0, 0.0, 0.0))
        >>> seen, offered = family.jump_counts(torch.eye(4) * 9)
        >>> jump = torch.tensor(family.jump) + ((seen + 1) / (offered + 1)).log()
        >>> better = replace(family, jump=tuple(jump.tolist()))
        >>> bool(better.value(torch.eye(4) * 9) > family.value(torch.eye(4) * 9))
        True

        Sum both over a corpus first. The two outer weights stand for all longer jumps as well. A uniform start is not
        counted.
        """
        flat, admitted, shape = _prepare(scores, mask)
        if flat.numel() == 0:
            empty = flat.new_zeros((*shape[:-2], len(self.jump)))
            return empty, empty
        packed = pack(flat, admitted)
        steps, last = self._trellis(packed, self.temperature).transitions()
        weights, to_keys, to_end = self._weights(packed)
        column, keys = torch.arange(weights.shape[1], device=flat.device), packed.keys[:, None, None]
        ending = last[:, :, None] * (packed.queries[:, None, None] > 0) * (self.end == "jump")
        seen = pad(steps, (0, 1)) + torch.where(column == keys, ending, 0.0)
        by_table = steps.sum(dim=2, keepdim=True) * (weights - to_keys[:, :, None]).exp() * (column < keys)
        by_table = by_table + ending * (weights - to_end[:, :, None]).exp() * (column <= keys)
        found = [self._by_distance(matrix).to(flat.dtype).reshape(*shape[:-2], -1) for matrix in (seen, by_table)]
        return found[0], found[1]

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        total = self._trellis(pack(scores, mask), temperature).log_partition()
        scale = temperature[:, 0, 0] if isinstance(temperature, Tensor) else temperature
        return (scale * total).to(scores.dtype)

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        packed = pack(scores, mask)
        return packed.unpack(self._trellis(packed, self.temperature).mass()).to(scores.dtype)

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        packed = pack(scores, mask)
        return packed.unpack(self._trellis(packed, self.temperature).best())

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        packed = pack(scores, mask)
        return packed.unpack(self._trellis(packed, self.temperature).sample(generator))

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        return entropy_by_temperature(self, scores, mask)

    def _trellis(self, packed: Packed, temperature: float | Tensor) -> Trellis:
        weights, to_keys, to_end = self._weights(packed)
        to_null, to_key = self._null_or_key()
        each = temperature[:, :, 0] if isinstance(temperature, Tensor) else temperature
        ends = torch.zeros_like(to_end)
        if self.end == "jump":
            at_end = weights.T[packed.keys] - to_end
            ends = torch.where(packed.queries[:, None] > 0, at_end, 0.0)
        return Trellis(
            scores=torch.where(packed.mask, packed.scores / temperature, NEG),
            rows=packed.queries,
            jumps=weights[:, :-1] / temperature,
            leave=(to_key - to_keys) / each,
            null=to_null / each if self.null else NEG,
            ends=ends / each,
            narrow=max(self.jump) - min(self.jump) <= 200 * self.temperature,
        )

    def _null_or_key(self) -> tuple[float, float]:
        if not self.null:
            return NEG, 0.0
        odds = torch.tensor([self.null_log_odds, -self.null_log_odds], dtype=torch.float64)
        to_null, to_key = logsigmoid(odds).tolist()
        return to_null, to_key

    def _weights(self, packed: Packed) -> tuple[Tensor, Tensor, Tensor]:
        """Return (1 + key, key + 1) the weights of the jumps from each position to each key and to the place after
        them, at most 0, and (batch, 1 + key) the logs of their sums over the real keys, and with the end."""
        table = packed.scores.new_tensor(self.jump)
        weights = (table - table.amax())[self._distance(packed.keys, packed.scores.shape[2])]
        if self.start == "uniform":
            weights[0] = 0.0
        sums = weights.logcumsumexp(dim=1).T
        return weights, sums[(packed.keys - 1).clamp_min(0)], sums[packed.keys]

    def _distance(self, like: Tensor, keys: int) -> Tensor:
        """Return (1 + key, key + 1) the place in the table of the jump from each position to each other."""
        places, reach = torch.arange(keys + 1, device=like.device), len(self.jump) // 2
        return (places - (places[:, None] - 1)).clamp(-reach, reach) + reach

    def _by_distance(self, matrix: Tensor) -> Tensor:
        """Return (batch, 2W + 1) the sums of (batch, 1 + key, key + 1) over the jumps of each distance."""
        skipped = int(self.start == "uniform")
        places = self._distance(matrix, matrix.shape[1] - 1)[skipped:].flatten()
        sums = matrix.new_zeros((matrix.shape[0], len(self.jump)))
        return sums.index_add(1, places, matrix[:, skipped:].flatten(1))

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        packed = pack(links.double(), mask)
        chosen = packed.scores > 0.5
        weights, to_keys, to_end = self._weights(packed)
        to_null, to_key = self._null_or_key()
        row, linked = torch.arange(chosen.shape[1], device=links.device), chosen.any(dim=-1)
        # Position 0 is the virtual one, so a query that took no key yet has the place 0.
        place = torch.where(linked, chosen.to(torch.uint8).argmax(dim=-1) + 1, 0)
        latest = torch.where(linked, row, -1).cummax(dim=1).values
        now = torch.where(latest < 0, 0, place.gather(1, latest.clamp_min(0)))
        before = pad(now[:, :-1], (1, 0))
        jumped = to_key + weights[before, (place - 1).clamp_min(0)] - to_keys.gather(1, before)
        passed = to_null * (row < packed.queries[:, None]).double()
        total = torch.where(linked, jumped, passed).sum(dim=1)
        if self.end == "jump":
            last = now[:, -1]
            ending = weights[last, packed.keys] - to_end.gather(1, last[:, None])[:, 0]
            total = total + torch.where(packed.queries > 0, ending, 0.0)
        wrong = (chosen.sum(dim=-1) > 1).any(dim=1) | (total < NEG / 2)
        return torch.where(wrong, NEG, total)
