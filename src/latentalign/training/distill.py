"""From a text to a student: a teacher, weak teachers, and rounds of training that a stopped run goes on from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast, final

import torch

from latentalign.durable import replacing
from latentalign.errors import InputError
from latentalign.models.neural.model import DistilledModel
from latentalign.models.neural.network import NetworkConfig, NeuralAligner
from latentalign.models.neural.teacher import Words, as_said
from latentalign.models.statistical import storage
from latentalign.models.statistical.model import StatisticalModel, mean
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.subwords import Subwords
from latentalign.training import checkpoint
from latentalign.training.bitext import Bitext
from latentalign.training.config import TrainingConfig
from latentalign.training.distillation import Distillation, Weights
from latentalign.training.em import fit
from latentalign.training.lessons import Matrix, collate, pack_lessons
from latentalign.training.loop import train
from latentalign.training.packed import PackedCorpus
from latentalign.training.snapshot import load_weights
from latentalign.training.weak import WeakTeachers, lessons

if TYPE_CHECKING:
    from latentalign.models.statistical.posterior import Posterior
    from latentalign.training.em import Pass

SETTINGS, SUBWORDS, TEACHER = "settings.json", "subwords.json", "teacher"


@final
@dataclass(frozen=True, kw_only=True)
class Rounds:
    """The whole training of a distilled model.

    Args:
        folder: for everything that a stopped run goes on from; it can be removed when the run is over.
        settings: of the teacher; it has one chain whatever they say, since a student reads one model a view.
        network: of the students.
        weak: the small texts whose teachers the students start from.
        weights: of the objectives.
        training: of each student in each round.
        rounds: 1 learns from the teacher, each further one from the mean of the teacher and the students before.
        students: in each round; their mean answers.
        share: of the students in the answer.
        threads: of the training of the teachers.
    """

    folder: Path
    settings: StatisticalConfig
    network: NetworkConfig
    weak: WeakTeachers
    weights: Weights
    training: TrainingConfig
    rounds: int = 1
    students: int = 1
    share: float = 1.0
    threads: int = 1

    def run(
        self, text: Sequence[Words], *, resume: bool = False, report: Callable[[Pass], None] | None = None
    ) -> DistilledModel:
        """Return the model of the last round.

        Args:
            text: words, at least one on each side.
            resume: go on where a run was stopped, or begin if there was none.
            report: is called after each pass of the teacher.

        Raises:
            InputError: no pair, a run is there and ``resume`` is off, or it is one with other settings or another text.

        Cost: the teacher, and a second time its work on the pairs of all parts, once a round; then the students.
        """
        self._begin(len(text), resume=resume)
        teacher = self._teacher(text, report)
        subwords = self._subwords(text)
        model: DistilledModel | None = None
        for number in range(1, self.rounds + 1):
            corpus = self._lessons(text, teacher, subwords, model, number)
            networks = tuple(self._student(corpus, len(subwords), number, k) for k in range(self.students))
            model = DistilledModel(teacher=teacher, networks=networks, subwords=subwords, share=self.share)
        return cast(DistilledModel, model)

    def _begin(self, pairs: int, *, resume: bool) -> None:
        given = dataclasses.asdict(self) | {"pairs": pairs}
        now = json.loads(json.dumps({name: given[name] for name in given if name not in ("folder", "threads")}))
        path = self.folder / SETTINGS
        if path.exists() and not resume:
            raise InputError(
                wanted="a folder without a run in it",
                came="one with a run",
                where=str(self.folder),
                fix="resume it, remove it, or take another folder",
            )
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else now
        changed = [name for name in now if now[name] != before.get(name)]
        if changed:
            raise InputError(
                wanted=f"the same {', '.join(changed)} as when the run began",
                came="other ones",
                where=str(self.folder),
                fix="resume with the same recipe and data, or train into another folder",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(now, indent=1), encoding="utf-8")

    def _teacher(self, text: Sequence[Words], report: Callable[[Pass], None] | None) -> StatisticalModel:
        if not (self.folder / TEACHER).is_dir():
            settings = dataclasses.replace(self.settings, chains=1)
            model = fit(Bitext.read(text), settings, threads=self.threads, report=report)
            tensors, values = storage.to_tensors(model), storage.to_values(model)
            checkpoint.save(self.folder, TEACHER, tensors=tensors, values=values)
        found = checkpoint.load(self.folder / TEACHER)
        return storage.from_tensors(found.tensors, found.values, where=str(found.path))

    def _subwords(self, text: Sequence[Words]) -> Subwords:
        path = self.folder / SUBWORDS
        if not path.exists():
            words = (word for pair in text for side in pair for word in side)
            made = Subwords.train(words, size=self.network.pieces, kind=self.network.subwords)
            with replacing(path) as file:
                file.write(made.vocabulary.encode())
        return Subwords(vocabulary=path.read_text(encoding="utf-8"))

    def _lessons(
        self,
        text: Sequence[Words],
        teacher: StatisticalModel,
        subwords: Subwords,
        model: DistilledModel | None,
        number: int,
    ) -> PackedCorpus:
        path = self.folder / f"lessons-{number}.packed"
        if path.exists():
            return PackedCorpus(path)

        def label(pairs: Sequence[Words], views: Sequence[tuple[Posterior, ...]]) -> list[tuple[Matrix, Matrix]]:
            found = [mean(one) for one in views]
            if model is None:
                return [(one.forward, one.backward) for one in found]
            student = model.refine(pairs, as_said(teacher, pairs, views))
            return [
                ((one.forward + other.forward) / 2, (one.backward + other.backward) / 2)
                for one, other in zip(found, student, strict=True)
            ]

        return pack_lessons(path, lessons(text, teacher, self.weak, label=label, threads=self.threads), subwords)

    def _student(self, corpus: PackedCorpus, size: int, number: int, student: int) -> NeuralAligner:
        """Train one student of a round, or go on with it, and return it."""
        seed = self.training.seed + student + 1000 * (number - 1)
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            made = Distillation(NeuralAligner(self.network, size=size, views=len(self.settings.views)), self.weights)
        folder = self.folder / f"round-{number}-student-{student}"
        settings = dataclasses.replace(self.training, seed=seed)
        train(made, corpus, collate=collate, config=settings, folder=folder, resume=True)
        load_weights(made, folder)
        return made.network.eval()
