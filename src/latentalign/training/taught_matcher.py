"""A matcher in training that a slower one teaches: it learns the labels, and what the teacher says beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, final

import torch
from torch import Tensor, nn

from latentalign.errors import ShapeError
from latentalign.models.units import Units
from latentalign.objectives.neighbours import neighbours
from latentalign.objectives.soft_labels import soft_labels
from latentalign.training.matching import MatcherInTraining


@final
class TaughtMatcher(nn.Module):
    r"""A student and its loss, $(1 - w)\,L_{labels} + w\,L_{teacher}$; ``train`` takes it.

    Items are numbers: those of the texts of the student's memory, then those of texts without labels, for which only
    the teacher counts.

    Args:
        student: is trained in place.
        teacher: (text, candidate) log-probabilities of the teacher, of all items in that order, the candidates in the
            order of the memory.
        unlabelled: the texts without labels.
        weight: $w$, in [0, 1].
        temperature: at which both are compared.

    Raises:
        ShapeError: other texts or candidates than those of the student.

    Hinton, Vinyals and Dean 2015, section 2 (the weighted mean of both objectives).
    """

    def __init__(
        self,
        student: MatcherInTraining,
        teacher: Tensor,
        *,
        unlabelled: Sequence[Units] = (),
        weight: float,
        temperature: float,
    ) -> None:
        super().__init__()
        wanted = len(student.units) + len(unlabelled), len(student.counts)
        if tuple(teacher.shape) != wanted:
            raise ShapeError(wanted=f"values of the teacher {wanted}", came=str(tuple(teacher.shape)))
        self.student, self.unlabelled, self.weight, self.temperature = student, unlabelled, weight, temperature
        self.register_buffer("teacher", teacher, persistent=False)  # a resumed run asks the teacher again

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the texts of some numbers, and how many are explained by the candidate that is right, or
        that the teacher holds to be."""
        count = len(self.student.units)
        known, free = batch[batch < count], batch[batch >= count]
        values = self.student.values(known, [self.unlabelled[one - count] for one in free.tolist()])
        labels, usable = self.student.owner[known], self.student.counts[self.student.owner[known]] > 1
        hard = neighbours(values[: len(known)], labels, reduction="none")[usable].sum()
        told = cast(Tensor, self.teacher)[torch.cat([known, free])]
        counted = torch.cat([usable, usable.new_ones(len(free))])
        soft = soft_labels(values, told, temperature=self.temperature, reduction="none")[counted].sum()
        best, right = values.argmax(dim=1), torch.cat([labels, told[len(known) :].argmax(dim=1)])
        figures = {
            "right": float((best == right)[counted].float().mean().nan_to_num(0.0)),
            "teacher": float(soft.detach() / max(1, len(batch))),
        }
        return ((1 - self.weight) * hard + self.weight * soft) / max(1, len(batch)), figures
