"""A classifier that is measured: its values, and probabilities fitted to texts that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.evaluation.baselines import Baseline
from latentalign.models.matcher.calibration import OUT, Calibration
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.held_out import FEW, parts_of_few, split

Rows = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, eq=False)
class System:
    """A classifier that is measured: calibrated probabilities, from values."""

    name: str
    names: tuple[str, ...]
    model: Baseline | Classifier
    calibration: Calibration
    counts: Tensor

    def probabilities(self, texts: Sequence[str]) -> Tensor:
        """Return (text, label + 1) probabilities."""
        return self.calibration.probabilities(self.model.values(texts), self.counts)


def fitted(name: str, baseline: Baseline, rows: Rows, outside: list[str], *, held_out: float) -> System:
    """Return a baseline trained on some texts, its probabilities fitted on those that ours are fitted on.

    Args:
        name: of the system.
        baseline: what is trained.
        rows: texts with labels.
        outside: texts out of scope.
        held_out: the share of the texts that is held out, where that is many.

    Raises:
        InputError: no label has two texts.
    """
    names = tuple(dict.fromkeys(label for _, label in rows))
    numbers = {one: number for number, one in enumerate(names)}
    counts = torch.ones(len(names))
    parts: list[tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]] = [split(rows, share=held_out)]
    parts = parts if len(parts[0][1]) >= FEW else parts_of_few(rows)
    if not parts:
        raise InputError(
            wanted="two texts of a label at least, to fit probabilities on", came="one of each", where=name
        )
    values, told = [], list[int]()
    for turn, (kept, aside) in enumerate(parts):
        strange = outside[turn :: len(parts)]
        baseline.fit([text for text, _ in kept], [numbers[label] for _, label in kept])
        values.append(baseline.values([*(text for text, _ in aside), *strange]))
        told += [numbers[label] for _, label in aside] + [OUT] * len(strange)
    calibration = Calibration.fit(torch.cat(values), torch.tensor(told), counts)
    baseline.fit([text for text, _ in rows], [numbers[label] for _, label in rows])
    return System(name=name, names=names, model=baseline, calibration=calibration, counts=counts)
