"""What a statistical model says of pairs, as a network takes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentalign.models.neural.evidence import Said
from latentalign.models.statistical.model import StatisticalModel
from latentalign.models.statistical.posterior import Engine, Posterior
from latentalign.models.statistical.vocabulary import UNKNOWN, Vocabulary, normal

Words = tuple[Sequence[str], Sequence[str]]


def said(model: StatisticalModel, pairs: Sequence[Words], *, engine: Engine | None = None) -> list[Said]:
    """Return the posteriors of some pairs, and how often their words came, at least 1 each.

    Args:
        model: reads a pair of its training text as a new one.
        pairs: words, at least one on each side.
        engine: see ``StatisticalModel.posteriors``.
    """
    return as_said(model, pairs, model.posteriors_by_view(pairs, engine=engine))


def as_said(model: StatisticalModel, pairs: Sequence[Words], found: Sequence[Sequence[Posterior]]) -> list[Said]:
    """Return posteriors that are known, of each view, with the counts of the words."""
    return [
        Said(
            np.stack([view.forward for view in views]),
            np.stack([view.backward for view in views]),
            _counts(model.source, source),
            _counts(model.target, target),
        )
        for views, (source, target) in zip(found, pairs, strict=True)
    ]


def _counts(vocabulary: Vocabulary, words: Sequence[str]) -> NDArray[np.int32]:
    numbers = vocabulary.find(map(normal, words))
    counts = np.where(numbers == UNKNOWN, 1, vocabulary.counts[numbers])
    return np.minimum(counts, np.iinfo(np.int32).max).astype(np.int32)
