"""The figures of a classifier's probabilities: right, calibrated, and able to tell what is out of scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from latentalign.evaluation.report import Cell
from latentalign.metrics.auroc import auroc
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.false_positives import false_positive_rate
from latentalign.metrics.macro_f1 import macro_f1
from latentalign.metrics.risk_coverage import RiskCoverage
from latentalign.models.matcher.calibration import Calibration, given_one


def detection(inside: Sequence[float], outside: Sequence[float]) -> dict[str, Cell]:
    """Return how well scores tell what is in scope from what is not; dashes where nothing is out of scope.

    >>> detection([0.9, 0.8], [0.1])
    {'AUROC': 1.0, 'FPR95': 0.0}
    """
    if not outside:
        return {"AUROC": "–", "FPR95": "–"}
    scores, told = [*inside, *outside], [True] * len(inside) + [False] * len(outside)
    return {"AUROC": auroc(scores, told), "FPR95": false_positive_rate(scores, told)}


@dataclass(frozen=True, kw_only=True, eq=False)
class ProbabilityFigures:
    """What the probabilities of some texts are worth.

    Args:
        inside: (text, label + 1) probabilities of texts in scope, the last one that of none.
        labels: the right label of each.
        outside: (text, label + 1) probabilities of texts out of scope; no rows where there are none.
        calibration: which knows the conformal sets.
    """

    inside: Tensor
    labels: Sequence[int]
    outside: Tensor
    calibration: Calibration

    @cached_property
    def given(self) -> Tensor:
        """(text, label) the probabilities of texts in scope, given that a label explains them."""
        return given_one(self.inside)

    @cached_property
    def right(self) -> list[bool]:
        """Whether the most probable label is the right one."""
        found: list[bool] = (self.given.argmax(dim=1) == torch.tensor(self.labels)).tolist()
        return found

    @property
    def accuracy(self) -> float:
        """The share of texts in scope whose most probable label is right."""
        return sum(self.right) / len(self.right)

    @property
    def among_three(self) -> float:
        """The share of texts in scope whose right label is among the three most probable ones."""
        first = self.given.topk(min(3, self.given.shape[1]), dim=1).indices
        return float((first == torch.tensor(self.labels)[:, None]).any(dim=1).float().mean())

    @cached_property
    def risk(self) -> RiskCoverage:
        """The risk-coverage curve of the texts in scope, by the probability of the answer."""
        return RiskCoverage.of(self.inside[:, :-1].amax(dim=1).tolist(), self.right)

    def row(self) -> dict[str, Cell]:
        """Return the figures as a row; those that need texts out of scope are a dash where there are none."""
        sets = self.calibration.possible(self.inside)
        covered = sets.gather(1, torch.tensor(self.labels)[:, None]).float().mean()
        return {
            "accuracy": self.accuracy,
            "top 3": self.among_three,
            "macro F1": macro_f1(self.given.argmax(dim=1).tolist(), list(self.labels)),
            "ECE": calibration_error(self.given.amax(dim=1).clamp(0, 1).tolist(), self.right),
            "Brier": brier(self.given.tolist(), list(self.labels)),
            "risk area": self.risk.area,
            **detection((1 - self.inside[:, -1]).tolist(), (1 - self.outside[:, -1]).tolist()),
            "in set": float(covered),
            "set size": float(sets.float().sum(dim=1).mean()),
        }
