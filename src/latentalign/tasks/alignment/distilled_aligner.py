"""An aligner that a statistical one has taught: it starts from the teacher's links and sees what stands around them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

from latentalign.models.neural.model import DistilledModel
from latentalign.tasks.alignment.posterior_aligner import PosteriorAligner
from latentalign.tasks.alignment.trained_aligner import read_folder

if TYPE_CHECKING:
    from latentalign.training.checkpoint import Checkpoint


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DistilledAligner(PosteriorAligner[DistilledModel]):
    """Aligns words by a small network that reads the posteriors of its teacher and the words themselves.

    The folder holds the student and the teacher. Like the teacher, it reads a training pair as if it were new. What the
    weights and the masses mean stands in ``PosteriorAligner``; ``tasks.train_distilled`` trains one.

    Args:
        model: student, teacher and calibration.
        threshold, batch_size, keep_matrix, engine: see ``PosteriorAligner``.
    """

    @property
    def family(self) -> str:
        """The name of the alignment family of the student."""
        return type(self.model.networks[0].family).__name__.lower()

    @classmethod
    def load(
        cls, folder: str | Path, *, threshold: float | None = None, batch_size: int = 64, keep_matrix: bool = False
    ) -> DistilledAligner:
        """Return a trained aligner from a folder that ``save`` wrote.

        Args:
            folder: of the aligner.
            threshold: None takes that of the model.

        Raises:
            ModelError: there is none, or its files are not what their hashes say.
        """
        return cls.from_checkpoint(
            read_folder(folder), threshold=threshold, batch_size=batch_size, keep_matrix=keep_matrix
        )

    @classmethod
    def from_checkpoint(
        cls, found: Checkpoint, *, threshold: float | None = None, batch_size: int = 64, keep_matrix: bool = False
    ) -> DistilledAligner:
        """Return the aligner that a folder holds.

        Raises:
            ModelError: it holds another kind of model.
        """
        from latentalign.models.neural.storage import from_tensors

        model = from_tensors(found.tensors, found.values, where=str(found.path))
        chosen = model.teacher.threshold if threshold is None else threshold
        return cls(model=model, threshold=chosen, batch_size=batch_size, keep_matrix=keep_matrix)

    def save(self, folder: str | Path, *, memory: bool = True) -> Path:
        """Write the aligner into a folder, complete or not at all, and return it.

        Args:
            folder: takes the place of an old one.
            memory: whether the teacher still reads its training pairs as new ones; without it, the folder is smaller.
        """
        from latentalign.models.neural.storage import to_tensors, to_values
        from latentalign.training import checkpoint

        model = self.model if memory else self.model.without_memory()
        teacher = replace(model.teacher, settings=replace(model.settings, threshold=self.threshold))
        model = replace(model, teacher=teacher)
        path = Path(folder).absolute()
        return checkpoint.save(path.parent, path.name, tensors=to_tensors(model), values=to_values(model))
