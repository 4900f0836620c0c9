"""A recipe for a distilled aligner: a teacher, weak teachers, rounds of training, gold for its probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, final

from latentalign.errors import InputError
from latentalign.models.neural.network import NetworkConfig
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.tasks.alignment.distilled_aligner import DistilledAligner
from latentalign.tasks.alignment.posterior_aligner import words_of
from latentalign.tasks.alignment.train_aligner import Gold, ParallelText, read_gold
from latentalign.text.pairs import TextPair
from latentalign.training.config import TrainingConfig
from latentalign.training.distill import Rounds
from latentalign.training.distillation import Weights
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule
from latentalign.training.weak import WeakTeachers

if TYPE_CHECKING:
    from latentalign.training.em import Pass


def _training() -> TrainingConfig:
    return TrainingConfig(
        epochs=1,
        batching=Batching(tokens=700, items=48),
        optimizer=AdamW(learning_rate=3e-3),
        schedule=Schedule(warmup=50, decay="linear", least=0.02),
        log_every=50,
        save_every=200,
    )


@final
@dataclass(frozen=True, kw_only=True)
class DistilledRecipe:
    """Train a statistical aligner, and a student of it.

    Args:
        texts: what the teacher counts and the student learns from.
        settings: of the teacher.
        network: of the student.
        weak: the small texts whose teachers the student starts from.
        weights: of the objectives.
        training: of each round.
        rounds: 1 learns from the teacher; each further round from the mean of teacher and student (self-training).
        students: how many are trained in each round, with seeds of their own; their mean is the student.
        share: of the students in the answer, in [0, 1]; the rest is the teacher's.
        gold: what the probabilities are fitted to; None leaves them as they are.
        threads: of the teacher's training.
        memory: whether the folder keeps what each training pair has put into the tables.

    Raises:
        InputError: a number outside its range.
    """

    resumes: ClassVar[bool] = True

    texts: tuple[ParallelText, ...]
    settings: StatisticalConfig = field(default_factory=StatisticalConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    weak: WeakTeachers = field(default_factory=WeakTeachers)
    weights: Weights = field(default_factory=Weights)
    training: TrainingConfig = field(default_factory=_training)
    rounds: int = 1
    students: int = 1
    share: float = 1.0
    gold: Gold | None = None
    threads: int = 1
    memory: bool = True

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.students < 1 or not 0 <= self.share <= 1:
            raise InputError(
                wanted="rounds and students of at least 1, and a share in [0, 1]",
                came=f"{self.rounds}, {self.students}, {self.share}",
                where="DistilledRecipe",
            )

    def run(
        self, data: Path, output: Path, *, resume: bool = False, report: Callable[[Pass], None] | None = None
    ) -> DistilledAligner:
        """Train, fit the probabilities, write the folder, and return the aligner; see ``ResumableRecipe``."""
        languages = self.settings.source, self.settings.target
        pairs = (pair for text in self.texts for pair in text.read(data) if isinstance(pair, TextPair))
        words = [pair for pair in (words_of(pair, languages) for pair in pairs) if all(pair)]
        rounds = Rounds(
            folder=output.with_name(f"{output.name}.run"),
            settings=self.settings,
            network=self.network,
            weak=self.weak,
            weights=self.weights,
            training=self.training,
            rounds=self.rounds,
            students=self.students,
            share=self.share,
            threads=self.threads,
        )
        aligner = DistilledAligner(model=rounds.run(words, resume=resume, report=report))
        if self.gold is not None:
            aligner = aligner.calibrate(*read_gold(data, self.gold), fitted_on=self.gold.file)
        aligner.save(output, memory=self.memory)
        return aligner
