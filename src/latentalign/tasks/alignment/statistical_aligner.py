"""An aligner that learns from sentence pairs alone, in minutes on a CPU, and then aligns any text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

from latentalign.models.statistical.model import StatisticalModel
from latentalign.tasks.alignment.pair_aligner import as_pair
from latentalign.tasks.alignment.posterior_aligner import PosteriorAligner, words_of
from latentalign.tasks.alignment.trained_aligner import read_folder
from latentalign.text.pairs import TextPair

if TYPE_CHECKING:
    from latentalign.models.statistical.settings import StatisticalConfig
    from latentalign.training.checkpoint import Checkpoint
    from latentalign.training.em import Pass


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StatisticalAligner(PosteriorAligner[StatisticalModel]):
    """Aligns words by what it has counted in a parallel text: hidden Markov models in both directions, over views.

    The answer depends on the pair alone: a training pair is read as if it had not been in the training text. What the
    weights and the masses mean stands in ``PosteriorAligner``.

    Args:
        model: tables, settings and calibration.
        threshold, batch_size, keep_matrix, engine: see ``PosteriorAligner``.
    """

    @classmethod
    def load(
        cls, name: str | Path, *, threshold: float | None = None, batch_size: int = 64, keep_matrix: bool = False
    ) -> StatisticalAligner:
        """Return a trained aligner: one that is packaged, such as ``en-fr``, or a folder that ``save`` wrote.

        Args:
            name: of a packaged model, or a folder.
            threshold: None takes that of the model.

        Raises:
            ModelError: there is none, or its files are not what their hashes say.
        """
        found = read_folder(name)
        return cls.from_checkpoint(found, threshold=threshold, batch_size=batch_size, keep_matrix=keep_matrix)

    @classmethod
    def from_checkpoint(
        cls, found: Checkpoint, *, threshold: float | None = None, batch_size: int = 64, keep_matrix: bool = False
    ) -> StatisticalAligner:
        """Return the aligner that a folder holds.

        Raises:
            ModelError: it holds another kind of model.
        """
        from latentalign.models.statistical.storage import from_tensors

        model = from_tensors(found.tensors, found.values, where=str(found.path))
        chosen = model.threshold if threshold is None else threshold
        return cls(model=model, threshold=chosen, batch_size=batch_size, keep_matrix=keep_matrix)

    @classmethod
    def train(
        cls,
        pairs: Iterable[TextPair | tuple[str, str]],
        settings: StatisticalConfig | None = None,
        *,
        threads: int = 1,
        report: Callable[[Pass], None] | None = None,
    ) -> StatisticalAligner:
        """Return an aligner trained from nothing on pairs of sentences, which are read once.

        Args:
            pairs: text pairs; those with a blank side are left out.
            settings: of the model.
            threads: how many; the result does not depend on it.
            report: is called after each pass; see ``training.em.Pass``.

        Raises:
            MissingExtraError: numba is not installed.
            InputError: no pair with words on both sides.
        """
        from latentalign.models.statistical.settings import StatisticalConfig
        from latentalign.training.bitext import Bitext
        from latentalign.training.em import fit

        chosen = settings or StatisticalConfig()
        languages = chosen.source, chosen.target
        text = Bitext.read(
            words_of(pair if isinstance(pair, TextPair) else as_pair(*pair), languages) for pair in pairs
        )
        model = fit(text, chosen, threads=threads, report=report)
        return cls(model=model, threshold=model.threshold)

    def save(self, folder: str | Path, *, memory: bool = True) -> Path:
        """Write the aligner into a folder, complete or not at all, and return it.

        Args:
            folder: takes the place of an old one.
            memory: whether what each training pair has put into the tables is written as well; without it, a training
                pair is no longer read as a new one, and the folder is a fifth to a half of the size.
        """
        from latentalign.models.statistical.storage import to_tensors, to_values
        from latentalign.training import checkpoint

        model = self.model if memory else self.model.without_memory()
        model = replace(model, settings=replace(model.settings, threshold=self.threshold))
        path = Path(folder).absolute()
        return checkpoint.save(path.parent, path.name, tensors=to_tensors(model), values=to_values(model))
