"""A trained statistical aligner: tables, and the posteriors of any pair of sentences under them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from latentalign.models.statistical import spelling
from latentalign.models.statistical.calibration import Calibration
from latentalign.models.statistical.memory import Memory, fingerprint
from latentalign.models.statistical.posterior import Engine, Posterior, by_families, by_kernels
from latentalign.models.statistical.reading import read
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.statistical.table import Table, View
from latentalign.models.statistical.thresholds import HALF
from latentalign.models.statistical.vocabulary import Vocabulary, normal


@dataclass(frozen=True, kw_only=True, eq=False)
class StatisticalModel:
    """Tables of several views of the words, and what the training pairs have put into them.

    Args:
        settings: of the model.
        source, target: the vocabularies of whole words.
        tables: one a view.
        memory: what each training pair has put into the tables; None reads every pair as a new one.
        calibration: from the mass of a link to its probability.
    """

    settings: StatisticalConfig
    source: Vocabulary
    target: Vocabulary
    tables: tuple[Table, ...]
    memory: Memory | None = None
    calibration: Calibration = field(default_factory=Calibration)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The tables with the words of their rows and columns."""
        return tuple(
            View(table=table, source=self.source.view(table.size)[0], target=self.target.view(table.size)[0])
            for table in self.tables
        )

    @property
    def threshold(self) -> float:
        """The least probability of a link that is given; one half where nothing was said."""
        return HALF if self.settings.threshold is None else self.settings.threshold

    def posteriors(
        self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]], *, engine: Engine | None = None
    ) -> list[Posterior]:
        """Return the posterior of each pair, averaged over the views.

        Args:
            pairs: words, at least one on each side.
            engine: ``compiled`` (numba) or ``torch``; None takes numba if it is installed.

        Cost: see ``posteriors_by_view``.
        """
        return [mean(views) for views in self.posteriors_by_view(pairs, engine=engine)]

    def posteriors_by_view(
        self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]], *, engine: Engine | None = None
    ) -> list[tuple[Posterior, ...]]:
        """Return the posteriors of each pair, one a view.

        A pair of the training text is read without what it has itself put into the tables, so it is treated as a new
        one, and the answer depends on nothing but the pair.

        Args:
            pairs: words, at least one on each side.
            engine: ``compiled`` (numba) or ``torch``; None takes numba if it is installed.

        Cost: for each view, a binary search a cell, and the O(n m (n + m)) of two hidden Markov models.
        """
        if not pairs:
            return []
        engine = engine or ("compiled" if importlib.util.find_spec("numba") else "torch")
        compare, infer = spelling.likeness, by_families
        if engine == "compiled":
            from latentalign.models.statistical.kernels import likeness

            compare, infer = likeness, by_kernels
        words = [(tuple(map(normal, source)), tuple(map(normal, target))) for source, target in pairs]
        known = [self._known(*pair) for pair in words]
        by_view = []
        for number, view in enumerate(self.views):
            found = read(
                words,
                view,
                number=number,
                known=known,
                memory=self.memory,
                settings=self.settings,
                likeness=compare,
            )
            by_view.append(infer(list(found), view.table.jump, self.settings))
        return list(zip(*by_view, strict=True))

    def without_memory(self) -> StatisticalModel:
        """Return the model without the training pairs: smaller, but it reads them as pairs that confirm it."""
        return replace(self, memory=None)

    def _known(self, source: Sequence[str], target: Sequence[str]) -> int | None:
        if self.memory is None:
            return None
        return self.memory.find(fingerprint(self.source.find(source), self.target.find(target)))


def mean(posteriors: Sequence[Posterior]) -> Posterior:
    """Return the mean of the posteriors of one pair."""
    return Posterior(
        np.mean([posterior.forward for posterior in posteriors], axis=0),
        np.mean([posterior.backward for posterior in posteriors], axis=0),
        float(np.mean([posterior.value for posterior in posteriors])),
    )
