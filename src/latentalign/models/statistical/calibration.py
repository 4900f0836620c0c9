"""From the expected mass of a link to the chance that a person would accept it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError

Array = NDArray[np.float64]
FLOOR = 1e-6
"""Mass below this, or this near to 1, is not told apart."""
TOLD = 0.01
"""The least mass that a fit looks at: a text has far more cells than links, and they would drown the rest."""
PRIOR = 0.01
"""The inverse variance of the prior of the numbers of a curve."""


def agreed(forward: Array, backward: Array) -> Array:
    r"""Return $(P + Q) / 2$, the mass of the links as the two directions see it together."""
    return (forward + backward) / 2


@dataclass(frozen=True, kw_only=True)
class Calibration:
    r"""A rising curve from mass to probability.

    $$p = \sigma(\text{rise} \cdot \log m - \text{finish} \cdot \log(1 - m) + \text{offset})$$

    Args:
        rise: above 0; how fast the odds grow with the mass where it is low.
        finish: above 0; how fast they grow with what is missing to 1 where the mass is high. With both 1 and no offset,
            the probability is the mass.
        offset: in log-odds.
        fitted_on: the gold that it was fitted on; it holds for texts like that, and for what counts as a link there.

    Raises:
        InputError: a rise or finish that is not above 0, or a number that is not finite.

    >>> Calibration()(np.array([0.25, 0.5])).round(6).tolist()
    [0.25, 0.5]

    Kull, Silva Filho and Flach 2017, eq. 2 (beta calibration).
    """

    rise: float = 1.0
    finish: float = 1.0
    offset: float = 0.0
    fitted_on: str = ""

    def __post_init__(self) -> None:
        if not (0 < self.rise < np.inf and 0 < self.finish < np.inf and np.isfinite(self.offset)):
            raise InputError(
                wanted="a finite rise and finish above 0, and a finite offset",
                came=f"{self.rise}, {self.finish}, {self.offset}",
                where="Calibration",
                fix="give gold in which links of higher mass are accepted more often",
            )

    def __call__(self, mass: Array) -> Array:
        """Return the probabilities of links of some mass."""
        low, high = _logs(mass)
        return _sigmoid(self.rise * low + self.finish * high + self.offset)

    def at(self, mass: float) -> float:
        """Return the probability of one link."""
        return float(self(np.array([mass]))[0])

    def inverse(self, probability: float) -> float:
        """Return the mass that has a probability, by halving.

        >>> curve = Calibration(rise=0.5, offset=1.0)
        >>> round(curve.at(curve.inverse(0.7)), 6)
        0.7
        """
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self.at(middle) < probability else (low, middle)
        return (low + high) / 2

    @classmethod
    def fit(cls, mass: Array, accepted: NDArray[np.bool_], *, fitted_on: str = "") -> Calibration:
        """Return the curve of highest likelihood for links of which a person has said whether they accept them.

        Where few answers would make it fall somewhere, rise and finish are the same number (Platt's curve on the
        log-odds of the mass).

        Args:
            mass: (cell,) of every cell of the pairs; those below 0.01 are not used.
            accepted: (cell,) whether the gold has the link, sure or possible.

        Raises:
            InputError: no cell of mass 0.01 that is accepted, or none that is not, or mass and gold that go against
                each other.

        Cost: up to 30 Newton steps; deterministic. A normal prior of variance 100 keeps few answers from extremes.
        """
        used = mass >= TOLD
        told = accepted[used].astype(np.float64)
        if len(told) == 0 or told.min() == told.max():
            raise InputError(
                wanted="links that are accepted and links that are not, of mass 0.01 or more",
                came=f"{int(told.sum())} and {int(len(told) - told.sum())}",
                where="Calibration.fit",
            )
        low, high = _logs(mass[used])
        rise, finish, offset = _newton(np.stack([low, high, np.ones(len(told))]), told).tolist()
        if min(rise, finish) <= 0:
            rise, offset = _newton(np.stack([low + high, np.ones(len(told))]), told).tolist()
            finish = rise
        return cls(rise=rise, finish=finish, offset=offset, fitted_on=fitted_on)


def gold_cells(shapes: Iterable[tuple[int, int]], gold: Iterable[Sequence[tuple[int, int]]]) -> NDArray[np.bool_]:
    """Return (cell,) of all pairs whether the gold has the link.

    >>> gold_cells([(1, 2)], [[(0, 1)]]).tolist()
    [False, True]
    """
    cells = []
    for shape, links in zip(shapes, gold, strict=True):
        found = np.zeros(shape, bool)
        for i, j in links:
            found[i, j] = True
        cells.append(found.ravel())
    return np.concatenate(cells) if cells else np.zeros(0, bool)


def _newton(scores: Array, told: Array) -> Array:
    def loss(weights: Array) -> float:
        sums = weights @ scores
        return float((np.logaddexp(0, sums) - told * sums).sum() + PRIOR * weights @ weights / 2)

    weights = np.ones(len(scores))
    weights[-1] = 0.0
    for _ in range(30):
        chance = _sigmoid(weights @ scores)
        gradient = scores @ (chance - told) + PRIOR * weights
        curvature = (scores * (chance * (1 - chance))) @ scores.T + PRIOR * np.eye(len(scores))
        step = np.linalg.solve(curvature, gradient)
        while loss(weights - step) > loss(weights) and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights - step
    return weights


def _sigmoid(score: Array) -> Array:
    chance: Array = (1 + np.tanh(score / 2)) / 2
    return chance


def _logs(mass: Array) -> tuple[Array, Array]:
    """Return log m and -log(1 - m)."""
    inside = np.clip(mass, FLOOR, 1 - FLOOR)
    return np.log(inside), -np.log1p(-inside)
