"""A trained classifier that teaches a faster one what it makes of each text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.models.matcher.memory import Memory
from latentalign.models.units import Units
from latentalign.tasks.classification.classify import Classifier
from latentalign.training.matching import MatcherInTraining
from latentalign.training.taught_matcher import TaughtMatcher

LEAST = 1e-9
"""No probability of a teacher is taken for less."""


@dataclass(frozen=True, kw_only=True)
class TeacherConfig:
    """Which classifier teaches, and how much it counts.

    Args:
        folder: of a trained classifier. It has every label of the student; it may have more, which are left out.
        weight: of what the teacher says, beside the labels, in (0, 1].
        temperature: at which teacher and student are compared, above 0.

    Raises:
        InputError: a number outside its range.
    """

    folder: str
    weight: float = 0.5
    temperature: float = 2.0

    def __post_init__(self) -> None:
        if not (0 < self.weight <= 1 and self.temperature > 0):
            raise InputError(
                wanted="a weight in (0, 1] and a temperature above 0",
                came=f"{self.weight!r} and {self.temperature!r}",
                where="settings.teacher",
            )

    @classmethod
    def of(cls, given: TeacherConfig | str) -> TeacherConfig:
        """Return the settings where a recipe may also give the folder alone."""
        return cls(folder=given) if isinstance(given, str) else given

    def load(self, labels: Sequence[str]) -> Classifier:
        """Return the teacher.

        Args:
            labels: of the student.

        Raises:
            ModelError: the folder is none of a trained classifier.
            InputError: the teacher lacks a label.
        """
        teacher = Classifier.load(folder=Path(self.folder))
        absent = sorted(set(labels) - set(teacher.labels))
        if absent:
            raise InputError(
                wanted="a teacher with every label of the training texts",
                came=f"one without {', '.join(map(repr, absent[:5]))}" + (" and more" if len(absent) > 5 else ""),
                where=f"settings.teacher: {self.folder}",
                fix="train the teacher on texts of these labels as well",
            )
        return teacher

    def teach(self, student: MatcherInTraining, memory: Memory, unlabelled: Sequence[Units] = ()) -> TaughtMatcher:
        """Return the student as the trainer takes it.

        Args:
            student: of the memory.
            memory: its labels with their texts.
            unlabelled: further texts, for which only the teacher counts.

        Cost: the teacher reads and values every text once.
        """
        labels = [one.name for one in memory.candidates]
        told = opinions(self.load(labels), [*memory.units, *unlabelled], labels)
        return TaughtMatcher(student, told, unlabelled=unlabelled, weight=self.weight, temperature=self.temperature)


def opinions(teacher: Classifier, texts: Sequence[Units], labels: Sequence[str]) -> Tensor:
    """Return (text, label) the log-probabilities of some labels, given that one of them fits.

    A text that is one of the teacher's own examples is valued without it, as the student's are in training; else the
    teacher would only say what it was told.

    Args:
        teacher: which has the labels.
        texts: with words each.
        labels: in the order of the columns.
    """
    memory = teacher.memory
    alone = memory.counts[memory.owner] > 1
    places = {one: number for number, one in enumerate(memory.units) if bool(alone[number])}
    own = [number for number, one in enumerate(texts) if one in places]
    other = [number for number, one in enumerate(texts) if one not in places]
    values = torch.zeros(len(texts), len(teacher.labels))
    values[own] = teacher.values([texts[one].text for one in own], without=[places[texts[one]] for one in own])
    values[other] = teacher.values([texts[one].text for one in other])
    shares = teacher.calibration.shares(values, memory.counts).clamp_min(LEAST).log()
    return shares[:, [teacher.labels.index(one) for one in labels]].log_softmax(dim=1)
