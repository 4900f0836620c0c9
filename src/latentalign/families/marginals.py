r"""What one side of a transport plan asks of the mass of each of its tokens.

The plan maximises $\langle S / T, P \rangle - \sum_{ij} P_{ij} (\log P_{ij} - 1) + \sum_i W(r_i) + \sum_j W(c_j)$, with
$r, c$ the masses of rows and columns. A side is the concave function W. Its dual form has one potential x a token:
$\psi(x) = \max_r W(r) - x r$, and $P_{ij} = \exp(S_{ij} / T + x_i + y_j)$.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from latentalign.families.numerics import NEG


class Marginal(ABC):
    """One side; every method takes and returns (batch, size), and is 0 at tokens that do not exist."""

    @abstractmethod
    def meet(self, total: Tensor) -> Tensor:
        r"""Return the potential x with $e^{x + total} = -\psi'(x)$, total being the log of the mass without it."""

    @abstractmethod
    def wanted(self, potential: Tensor) -> Tensor:
        r"""Return the mass $-\psi'(x)$ that the side asks for at this potential."""

    @abstractmethod
    def curvature(self, potential: Tensor) -> Tensor:
        r"""Return $\psi''(x)$."""

    @abstractmethod
    def conjugate(self, potential: Tensor) -> Tensor:
        r"""Return $\psi(x)$."""

    @abstractmethod
    def exponent(self, step: Tensor) -> Tensor:
        r"""Return by how much a step of the potential changes the exponent in $\psi$, absolute and without a graph."""

    @abstractmethod
    def entropy(self, potential: Tensor) -> Tensor:
        r"""Return $\partial (T W) / \partial T$ at the mass of this potential."""

    @abstractmethod
    def worth(self, mass: Tensor) -> Tensor:
        r"""Return $W(r)$, ``NEG`` where the mass is not admitted."""


@final
@dataclass(frozen=True, kw_only=True)
class Partial(Marginal):
    r"""Mass at most 1, the rest s goes to the dustbin: $W(r) = -(s \log s - s + 1)$, $s = 1 - r = e^x$.

    Args:
        real: (batch, size) bool, which tokens exist.
    """

    real: Tensor

    def meet(self, total: Tensor) -> Tensor:
        return torch.where(self.real, -torch.logaddexp(total, torch.zeros_like(total)), 0.0)

    def wanted(self, potential: Tensor) -> Tensor:
        return torch.where(self.real, -torch.expm1(potential), 0.0)

    def curvature(self, potential: Tensor) -> Tensor:
        return torch.where(self.real, potential.exp(), 0.0)

    def conjugate(self, potential: Tensor) -> Tensor:
        return torch.where(self.real, torch.expm1(potential) - potential, 0.0)

    def exponent(self, step: Tensor) -> Tensor:
        return step.detach().abs()

    def entropy(self, potential: Tensor) -> Tensor:
        return torch.where(self.real, torch.expm1(potential) - potential * potential.exp(), 0.0)

    def worth(self, mass: Tensor) -> Tensor:
        left = 1 - mass
        entropy = torch.special.entr(left.clamp_min(0.0)) + left - 1
        return torch.where(self.real, torch.where(left >= 0, entropy, NEG), 0.0)


@final
@dataclass(frozen=True, kw_only=True)
class Fixed(Marginal):
    r"""A given mass: $W(r) = -r / 2$ there. The halves of both sides turn $P (\log P - 1)$ into $P \log P$.

    Args:
        mass: (batch, size), 0 for tokens that do not exist.
    """

    mass: Tensor

    def meet(self, total: Tensor) -> Tensor:
        real = self.mass > 0
        return torch.where(real, torch.where(real, self.mass, 1.0).log() - total, 0.0)

    def wanted(self, potential: Tensor) -> Tensor:
        return self.mass

    def curvature(self, potential: Tensor) -> Tensor:
        return torch.zeros_like(self.mass)

    def conjugate(self, potential: Tensor) -> Tensor:
        return -self.mass * (potential + 0.5)

    def exponent(self, step: Tensor) -> Tensor:
        return torch.zeros_like(step)

    def entropy(self, potential: Tensor) -> Tensor:
        return -self.mass / 2

    def worth(self, mass: Tensor) -> Tensor:
        return torch.where((mass - self.mass).abs() < 1e-9, -self.mass / 2, NEG)


@final
@dataclass(frozen=True, kw_only=True)
class Relaxed(Marginal):
    r"""Mass near 1, at a price: $W(r) = -\kappa (r \log r - r)$, $r = e^{-x / \kappa}$.

    Args:
        real: (batch, size) bool, which tokens exist.
        strength: (batch, 1), $\kappa = \rho / T$, above 0.
    """

    real: Tensor
    strength: Tensor

    def meet(self, total: Tensor) -> Tensor:
        return torch.where(self.real, -total * self.strength / (1 + self.strength), 0.0)

    def wanted(self, potential: Tensor) -> Tensor:
        return torch.where(self.real, (-potential / self.strength).exp(), 0.0)

    def curvature(self, potential: Tensor) -> Tensor:
        return self.wanted(potential) / self.strength

    def conjugate(self, potential: Tensor) -> Tensor:
        return self.wanted(potential) * self.strength

    def exponent(self, step: Tensor) -> Tensor:
        return step.detach().abs() / self.strength

    def entropy(self, potential: Tensor) -> Tensor:
        return torch.zeros_like(potential)

    def worth(self, mass: Tensor) -> Tensor:
        return torch.where(self.real, self.strength * (torch.special.entr(mass) + mass), 0.0)
