r"""The dual of entropic transport, solved by alternating updates, Newton steps and annealing, in the log domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.families.marginals import Marginal
from latentalign.families.numerics import NEG

RANGE = 8.0
"""Annealing starts where the largest score is this many temperatures."""
COOLING = 0.25
"""The factor of the temperature from one stage of the annealing to the next."""
LOOSE = 0.1
"""The violation at which a stage is done. Measured: 0.5 is too rough for the next stage, 0.01 costs a fifth more."""
RADIUS = 3.0
"""The largest change of any exponent of D in one Newton step."""
DAMPING = 1e-10
"""Added to the eigenvalues (0 to 1) of the Newton system: a shift of all rows against all columns may leave the plan as
it is, and rounding errors would grow without bound along it."""


@dataclass(frozen=True, kw_only=True)
class Dual:
    r"""The convex function of the potentials whose minimum is the value, in units of the temperature.

    $$D(x, y) = \sum_{ij} \exp(L_{ij} + x_i + y_j) + \sum_i \psi(x_i) + \sum_j \psi(y_j)$$

    Args:
        logits: (batch, query, key), float64, scores over temperature.
        mask: bool, the same shape, which links are admitted.
        rows: what the queries ask for.
        columns: what the keys ask for.
    """

    logits: Tensor
    mask: Tensor
    rows: Marginal
    columns: Marginal

    def log_plan(self, x: Tensor, y: Tensor) -> Tensor:
        r"""Return (batch, query, key) $\log P$."""
        return torch.where(self.mask, self.logits + x[..., :, None] + y[..., None, :], NEG)

    def plan(self, x: Tensor, y: Tensor) -> Tensor:
        """Return (batch, query, key) P."""
        return self.log_plan(x, y).exp()

    def gaps(self, plan: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient of D: for rows and columns, the mass that is there less the mass that is wanted."""
        return plan.sum(dim=-1) - self.rows.wanted(x), plan.sum(dim=-2) - self.columns.wanted(y)

    def columns_for(self, x: Tensor) -> Tensor:
        """Return the potentials of the columns that minimise D for those of the rows."""
        return self.columns.meet(torch.logsumexp(self.logits + x[..., :, None], dim=-2))

    def value(self, x: Tensor, y: Tensor) -> Tensor:
        """Return (batch,) D at any potentials: an upper bound, off by the square of the violation."""
        mass = self.plan(x, y).sum(dim=(-2, -1))
        return mass + self.rows.conjugate(x).sum(dim=-1) + self.columns.conjugate(y).sum(dim=-1)

    def profile(self, x: Tensor) -> Tensor:
        """Return (batch, 1) the minimum of D over the potentials of the columns."""
        y = self.columns_for(x)
        columns = self.columns.conjugate(y) + self.columns.wanted(y)
        return self.rows.conjugate(x).sum(dim=-1, keepdim=True) + columns.sum(dim=-1, keepdim=True)

    def violation(self, plan: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Return (batch, 1) the largest gap between the mass of a token and the wanted one, relative where that is
        above 1."""
        rows, columns = self.gaps(plan, x, y)
        row = rows.abs() / self.rows.wanted(x).clamp_min(1.0)
        column = columns.abs() / self.columns.wanted(y).clamp_min(1.0)
        return torch.maximum(row.amax(dim=-1, keepdim=True), column.amax(dim=-1, keepdim=True))

    def newton(self, plan: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Newton step for both sides. The Hessian has no graph, the gradient keeps its own: so the step
        carries the derivative of the minimiser, by the implicit function theorem."""
        rows, columns = self.gaps(plan, x, y)
        fixed = plan.detach()
        diagonal = (fixed.sum(dim=-1) + self.rows.curvature(x), fixed.sum(dim=-2) + self.columns.curvature(y))
        if plan.shape[-2] > plan.shape[-1]:
            step_y, step_x = _solve(fixed.mT, diagonal[1], diagonal[0], columns, rows)
        else:
            step_x, step_y = _solve(fixed, diagonal[0], diagonal[1], rows, columns)
        return step_x, step_y

    def within(self, radius: float, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return a step, shortened where it changes an exponent of D by more than the radius: beyond that the Hessian
        says little. A shift of all rows against all columns changes none of the plan, and may be large."""
        joint = torch.where(self.mask, x[..., :, None] + y[..., None, :], 0.0).detach().abs().amax(dim=(-2, -1))
        own = torch.maximum(self.rows.exponent(x).amax(dim=-1), self.columns.exponent(y).amax(dim=-1))
        factor = (radius / torch.maximum(joint, own).clamp_min(radius))[..., None]
        return x * factor, y * factor

    def improve(self, plan: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Return better potentials of the rows: those of an alternating update, or of a Newton step if it is no worse.

        The first always lowers D; the second converges quadratically, also where the first crawls.
        """
        mass = plan.sum(dim=-1).clamp_min(torch.finfo(plan.dtype).tiny)
        alternating = self.rows.meet(mass.log() - x)
        step, _ = self.within(RADIUS, *self.newton(plan, x, y))
        newton = x + step
        bound = self.profile(alternating)
        rounding = 1e-13 * (1 + bound.abs())
        return torch.where(self.profile(newton) <= bound + rounding, newton, alternating)


def solve(
    dual_at: Callable[[Tensor], Dual],
    *,
    temperature: Tensor,
    largest: Tensor,
    tolerance: float,
    max_iterations: int,
) -> tuple[Tensor, Tensor]:
    """Return the potentials (batch, query) and (batch, key) of the plan at the given temperatures.

    Args:
        dual_at: the problem at temperatures (batch, 1).
        temperature: (batch, 1) the temperatures that are asked for.
        largest: (batch, 1) the largest absolute score, which says how hot to begin.
        tolerance: the largest violation that is left.
        max_iterations: the solver stops there, converged or not.

    Each item cools and stops at its own pace, so it does not depend on its batch.
    Annealing: Schmitzer 2019, section 3.2; Newton steps on the dual: Brauer, Clason, Lorenz and Wirth 2017.
    """
    with torch.no_grad():
        now = torch.maximum(temperature, largest / RANGE)
        x = torch.zeros_like(dual_at(now).logits[..., 0])
        for _ in range(max_iterations):
            dual = dual_at(now)
            y = dual.columns_for(x)
            plan = dual.plan(x, y)
            wanted = torch.where(now > temperature, LOOSE, tolerance)
            settled = ~(dual.violation(plan, x, y) > wanted)  # so written, NaN scores end at once too
            done = settled & ~(now > temperature)
            if bool(done.all()):
                return x, y
            cooler = torch.where(settled, torch.maximum(temperature, now * COOLING), now)
            x = torch.where(done, x, dual.improve(plan, x, y) * (now / cooler))
            now = cooler
        x = x * (now / temperature)
        return x, dual_at(temperature).columns_for(x)


def polish(dual: Dual, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the potentials after one more Newton step, with their derivatives in the logits."""
    step_x, step_y = dual.within(1.0, *dual.newton(dual.plan(x, y), x, y))
    return x + step_x, y + step_y


def _solve(plan: Tensor, row: Tensor, column: Tensor, row_gap: Tensor, column_gap: Tensor) -> tuple[Tensor, Tensor]:
    """Solve [[diag row, P], [P', diag column]] (x, y) = -(gaps) by the Schur complement of the columns, scaled to a
    unit diagonal."""
    tiny = 1e-100  # a token that does not exist has no mass, and a gap of 0
    row, column = row.clamp_min(tiny), column.clamp_min(tiny)
    root = row.rsqrt()
    scaled = plan * root[..., :, None] * column.rsqrt()[..., None, :]
    system = -(scaled @ scaled.mT)
    system.diagonal(dim1=-2, dim2=-1).add_(1 + DAMPING)
    factor, _ = torch.linalg.cholesky_ex(system)
    right = (plan @ (column_gap / column)[..., None])[..., 0] - row_gap
    x = torch.cholesky_solve((right * root)[..., None], factor)[..., 0] * root
    return x, -(column_gap + (plan.mT @ x[..., None])[..., 0]) / column
