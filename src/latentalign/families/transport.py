"""Entropic optimal transport: mass of the queries flows to the keys; what finds no partner goes to NULL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.families.assignment import match
from latentalign.families.envelope import envelope
from latentalign.families.family import AlignmentFamily, _prepare, check_temperature
from latentalign.families.marginals import Fixed, Marginal, Partial, Relaxed
from latentalign.families.numerics import NEG
from latentalign.families.sinkhorn import Dual, polish, solve
from latentalign.registry import nearest

MODES = ("dustbin", "balanced", "unbalanced")
STEEPEST = 160.0
"""The largest score in units of the reach: the mass of a link grows as exp(S / (T + 2 reach)), here to exp(80) at most,
which float32 still holds."""
COLD = 1e-3
"""The temperature of a decision, in units of the largest score."""


@final
@dataclass(frozen=True, kw_only=True)
class Transport(AlignmentFamily):
    r"""Queries and keys exchange mass; the expected alignment is the transport plan P.

    $$\Phi(S) = \max_{P \ge 0} \langle S, P \rangle - T \sum_{ij} P_{ij} (\log P_{ij} - 1) + T [W(P 1) + W(P^\top 1)]$$

    The side term W, the solution $P_{ij} = u_i v_j e^{S_{ij} / T}$ and the value depend on the mode:

    - ``dustbin``: masses are at most 1; the rest $s = 1 - r$ goes to NULL, at score 0, with
      $W(r) = -\sum_i (s_i \log s_i - s_i + 1)$. Then $s = u$, $t = v$, $u_i (1 + \sum_j K_{ij} v_j) = 1$ and
      $\Phi = -T (\sum_i \log u_i + \sum_j \log v_j + \sum_{ij} P_{ij})$. It is the entropic form of one-to-one
      alignment with NULL; a sure link is worth its score less T.
    - ``balanced``: every query has the mass 1, and a key the mass that uniform attention over the admitted links gives
      it (queries / keys, if only padding is masked; so a plan always exists). There is no NULL.
      $\Phi = \max_P \langle S, P \rangle - T \sum P \log P = -T (\sum_i \log u_i + \sum_j c_j \log v_j)$: soft
      attention without NULL, held to the masses of the keys, and never above it.
    - ``unbalanced``: masses are drawn to 1 with the strength ``reach`` ($\rho$), in the unit of the scores:
      $W(r) = -\tfrac{\rho}{T} \sum_i (r_i \log r_i - r_i)$, so $u_i = (\sum_j K_{ij} v_j)^{-\rho / (\rho + T)}$ and
      $\Phi = (T + 2 \rho) \sum_{ij} P_{ij}$. That is $-\rho\,\mathrm{KL}(r \mid 1)$ plus a constant, such that a plan
      without mass is worth 0. A pair on its own has the mass $e^{S / (T + 2 \rho)}$, which may exceed 1. Unexplained
      is what a mass lacks to 1; a token with more than 1 is explained.

    To require a link (``LatentAlignment.constrain``) is to ask for its whole mass to be 1, which ``dustbin`` can give,
    and ``balanced`` where the sides are equal; the others cannot.

    Args:
        temperature: the entropic epsilon, above 0, in the unit of the scores.
        mode: 'dustbin', 'balanced' or 'unbalanced'.
        reach: the strength of the marginals of ``unbalanced``, above 0; at least 1/160 of the largest score.
        tolerance: the violation of the marginals at which the solver stops; one more Newton step squares it.
        max_iterations: it stops there in any case; ask ``residual`` whether it has converged.

    Raises:
        InputError: a value out of its range, or scores too large for the reach.

    Returned by ``best``: for ``dustbin`` the optimal one-to-one alignment, the limit at temperature 0. For the others
    the limit may be fractional: a link belongs to it if the plan at a thousandth of the largest score gives it at least
    half of what the smaller of its two sides has, and of what it wants.

    Cost: some ten iterations, forty where scores are thousands of temperatures; each a few passes over the matrix and a
    linear system of the smaller side n, about $2 n^2 m$ multiplications; in float64 whatever the scores are.
    ``expected`` has exact first derivatives, not second ones.

    >>> family = Transport()
    >>> family.expected(torch.tensor([[0.0]]))
    tensor([[0.3820]])
    >>> family.expected(torch.tensor([[9.0, 0.0], [9.0, 8.0]])).sum(dim=0) < 1
    tensor([True, True])
    >>> family.best(torch.tensor([[9.0, 0.0], [9.0, 8.0]]))
    tensor([[ True, False],
            [False,  True]])
    >>> bool(family.residual(torch.tensor([[1000.0, 999.0]])) < 1e-9)
    True

    Cuturi 2013 (balanced); Chizat et al. 2018 (unbalanced); Sarlin et al. 2020, section 3.2 (dustbin; there one dustbin
    takes the rest of a whole side, here each token has its own).
    """

    temperature: float = 1.0
    mode: str = "dustbin"
    reach: float = 1.0
    tolerance: float = 1e-8
    max_iterations: int = 500

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Transport.temperature")
        if self.mode not in MODES:
            raise InputError(
                wanted="a mode of transport",
                came=repr(self.mode),
                where="Transport.mode",
                fix=nearest(self.mode, MODES),
            )
        for name in ("reach", "tolerance", "max_iterations"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InputError(wanted="a positive finite number", came=repr(value), where=f"Transport.{name}")

    @property
    def probabilistic(self) -> bool:
        return False

    @property
    def smooth(self) -> bool:
        return True

    def residual(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch,) the largest violation of a marginal: the mass of a token less what it should be, relative
        where that is above 1. It is below the tolerance where the solver has converged."""
        flat, admitted, shape = _prepare(scores.detach(), mask)
        if flat.numel() == 0:
            return flat.sum(dim=(-2, -1)).reshape(shape[:-2])
        dual, x, y = self._solution(flat, admitted)
        return dual.violation(dual.plan(x, y), x, y).to(flat.dtype).reshape(shape[:-2])

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        x, y = self._potentials(scores, mask, self.temperature)

        def value(inner: Tensor) -> Tensor:
            return (self.temperature * self._dual(inner, mask, self.temperature).value(x, y)).to(inner.dtype)

        def expected(inner: Tensor) -> Tensor:
            dual = self._dual(inner, mask, self.temperature)
            return dual.plan(*polish(dual, x, y)).to(inner.dtype)

        return envelope(scores, value, expected)

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        dual, x, y = self._solution(scores, mask)
        return dual.plan(x, y).to(scores.dtype)

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        if self.mode == "dustbin":
            return match(scores, mask, null=True)
        largest = _largest(scores, mask)
        cold = torch.where(largest > 0, (COLD * largest).clamp_max(self.temperature), self.temperature)
        x, y = self._potentials(scores, mask, cold)
        dual = self._dual(scores, mask, cold)
        plan = dual.plan(x, y)
        has = torch.minimum(plan.sum(dim=-1)[..., :, None], plan.sum(dim=-2)[..., None, :])
        nothing = torch.zeros_like(x), torch.zeros_like(y)
        wants = torch.minimum(dual.rows.wanted(nothing[0])[..., :, None], dual.columns.wanted(nothing[1])[..., None, :])
        return plan >= 0.499 * torch.maximum(has, wants)

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        dual, x, y = self._solution(scores, mask)
        plan = dual.plan(x, y)
        inside = plan - plan * torch.where(mask, dual.log_plan(x, y), 0.0)
        sides = dual.rows.entropy(x).sum(dim=-1) + dual.columns.entropy(y).sum(dim=-1)
        return (inside.sum(dim=(-2, -1)) + sides).to(scores.dtype)

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        raise AssertionError("`sample` refuses a family that is no distribution")

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        plan = links.double()
        rows, columns = self._marginals(mask, self._temperatures(plan, self.temperature))
        sides = rows.worth(plan.sum(dim=-1)).sum(dim=-1) + columns.worth(plan.sum(dim=-2)).sum(dim=-1)
        total = plan.sum(dim=(-2, -1)) + sides
        return torch.where(total > NEG / 2, self.temperature * total, NEG)

    def _solution(self, scores: Tensor, mask: Tensor) -> tuple[Dual, Tensor, Tensor]:
        """Return the dual and its potentials, with their derivatives in the scores."""
        x, y = self._potentials(scores, mask, self.temperature)
        dual = self._dual(scores, mask, self.temperature)
        return dual, *polish(dual, x, y)

    def _potentials(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> tuple[Tensor, Tensor]:
        largest = _largest(scores, mask)
        self._check_reach(scores)
        return solve(
            partial(self._dual, scores.detach(), mask),
            temperature=self._temperatures(largest, temperature),
            largest=largest,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
        )

    def _dual(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Dual:
        temperatures = self._temperatures(scores, temperature)
        rows, columns = self._marginals(mask, temperatures)
        return Dual(logits=scores.double() / temperatures[..., None], mask=mask, rows=rows, columns=columns)

    def _marginals(self, mask: Tensor, temperatures: Tensor) -> tuple[Marginal, Marginal]:
        if self.mode == "balanced":
            links = mask.double()
            attention = links / links.sum(dim=-1, keepdim=True).clamp_min(1.0)
            return Fixed(mass=mask.any(dim=-1).double()), Fixed(mass=attention.sum(dim=-2))
        side: Callable[..., Marginal] = Partial
        if self.mode == "unbalanced":
            side = partial(Relaxed, strength=self.reach / temperatures)
        return side(real=mask.any(dim=-1)), side(real=mask.any(dim=-2))

    def _temperatures(self, like: Tensor, temperature: float | Tensor) -> Tensor:
        """Return the temperatures as (batch, 1), in float64."""
        if isinstance(temperature, Tensor):
            return temperature
        return torch.full((like.shape[0], 1), temperature, dtype=torch.float64, device=like.device)

    def _check_reach(self, scores: Tensor) -> None:
        if self.mode == "unbalanced" and bool((scores > STEEPEST * self.reach).any()):
            raise InputError(
                wanted=f"scores up to {STEEPEST:.0f} times the reach of {self.reach}",
                came=f"{float(scores.max()):.6g}",
                where="Transport(mode='unbalanced')",
                fix="take a reach of the size of the scores, or mode='dustbin', which bounds all masses",
            )


def _largest(scores: Tensor, mask: Tensor) -> Tensor:
    """Return (batch, 1) the largest absolute score, in float64."""
    found = torch.where(mask, scores.detach(), 0.0).abs().amax(dim=(-2, -1))
    return found.double()[:, None]
