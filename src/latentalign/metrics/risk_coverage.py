"""How many answers are wrong when only the most confident ones are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError
from latentalign.formats.drawing.chart import line_chart
from latentalign.metrics.paired import paired


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskCoverage:
    r"""The risk among the answers that are given, at each coverage.

    $$r(k / n) = \frac{1}{k} \sum_{i \le k} [\text{answer } i \text{ is wrong}]$$

    with the answers in order of falling confidence.

    Args:
        coverage: (n,) 1/n, 2/n, ..., 1.
        risk: (n,) the share of wrong answers among those given.

    El-Yaniv and Wiener 2010, definition 2; Geifman and El-Yaniv 2017 (of a classifier's confidence).
    """

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]

    @classmethod
    def of(cls, confidences: Sequence[float], right: Sequence[bool]) -> RiskCoverage:
        """Return the curve of some answers; of equally confident ones, each counts as their mean.

        Raises:
            InputError: unequal lengths, or no answers.

        >>> RiskCoverage.of([0.9, 0.8, 0.1], [True, True, False]).risk.round(2).tolist()
        [0.0, 0.0, 0.33]
        """
        stated, told = paired(confidences, right, where="risk_coverage")
        _, group = np.unique(-stated, return_inverse=True)
        wrong = np.bincount(group, 1 - told) / np.bincount(group)
        number = np.arange(1, len(stated) + 1)
        return cls(coverage=number / len(stated), risk=wrong[np.sort(group)].cumsum() / number)

    @cached_property
    def area(self) -> float:
        """The mean risk over all coverages, lower is better."""
        return float(self.risk.mean())

    def at(self, coverage: float) -> float:
        """Return the risk at the least coverage that is not below the one asked.

        Raises:
            InputError: a coverage outside (0, 1].
        """
        if not 0 < coverage <= 1:
            raise InputError(wanted="a coverage in (0, 1]", came=repr(coverage), where="risk_coverage")
        return float(self.risk[np.searchsorted(self.coverage, coverage - 1e-12)])

    def to_svg(self, *, name: str = "risk") -> str:
        """Return the curve as a drawing."""
        points = list(zip(self.coverage.tolist(), self.risk.tolist(), strict=True))
        return line_chart({name: points}, x="coverage", y="risk")


def area_under_risk(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the area under the risk-coverage curve, lower is better.

    >>> area_under_risk([0.9, 0.1], [True, False])
    0.25
    """
    return RiskCoverage.of(confidences, right).area
