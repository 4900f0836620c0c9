"""What a classifier has to beat: words and letters with a linear machine, and a linear head on the same encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.models.matcher.memory import read, units_of, vectors
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.scorer import PairScorer
from latentalign.registry import require
from latentalign.tasks.classification.train_classifier import training_for
from latentalign.training.config import TrainingConfig
from latentalign.training.head import train_head

Floats = NDArray[np.float64]


class Baseline(Protocol):
    """Something with values for labels."""

    def fit(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Train on texts with the numbers of their labels, each of which is there."""
        ...

    def values(self, texts: Sequence[str]) -> Tensor:
        """Return (text, label) values."""
        ...


@dataclass(kw_only=True)
class TfidfSvm:
    """TF-IDF of words, word pairs and letters, and a linear support vector machine.

    Args:
        names: of a catalogue; the concepts that a text names, and all above them, are further features.
    """

    names: ConceptNames | None = None
    fitted: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Train on texts with the numbers of their labels."""
        pipeline = require("sklearn.pipeline", extra="sklearn")
        tfidf = require("sklearn.feature_extraction.text", extra="sklearn").TfidfVectorizer
        machine = require("sklearn.svm", extra="sklearn").LinearSVC
        words = tfidf(ngram_range=(1, 2), sublinear_tf=True)
        letters = tfidf(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        parts = [words, letters]
        if self.names is not None and any(map(self._concepts, texts)):
            parts.append(tfidf(analyzer=self._concepts, sublinear_tf=True))
        self.fitted = pipeline.make_pipeline(pipeline.make_union(*parts), machine())
        self.fitted.fit(list(texts), list(labels))

    def values(self, texts: Sequence[str]) -> Tensor:
        """Return (text, label) distances from the planes."""
        return both_sides(self.fitted.decision_function(list(texts)))

    def _concepts(self, text: str) -> list[str]:
        names = cast(ConceptNames, self.names)
        return [one for some in names.of_words(units_of(text).strings) for one in some]


@dataclass(kw_only=True)
class LogisticHead:
    """Logistic regression on the vectors of a frozen encoder.

    Args:
        scorer: with the encoder.
        strength: inverse strength of the regularisation, on vectors of length 1.
    """

    scorer: PairScorer
    strength: float = 30.0
    fitted: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Train on texts with the numbers of their labels."""
        machine = require("sklearn.linear_model", extra="sklearn").LogisticRegression
        self.fitted = machine(C=self.strength, max_iter=500)
        self.fitted.fit(self._vectors(texts), list(labels))

    def values(self, texts: Sequence[str]) -> Tensor:
        """Return (text, label) log-odds."""
        return both_sides(self.fitted.decision_function(self._vectors(texts)))

    def _vectors(self, texts: Sequence[str]) -> Any:
        units = [units_of(text) for text in texts]
        return vectors(units, read(units, self.scorer)).numpy()


@dataclass(kw_only=True)
class FineTunedHead:
    """Logistic regression on the vectors of an encoder that is trained with it.

    Args:
        matcher: with the encoder.
        training: how; None goes by the number of texts, as our own training does.
        dropout: the share of what each layer adds that is dropped.
        seed: of the order of the texts and of dropout.
    """

    matcher: MatcherConfig
    training: TrainingConfig | None = None
    dropout: float = 0.1
    seed: int = 0
    fitted: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Train on texts with the numbers of their labels, the encoder from where it begins."""
        units = [units_of(text) for text in texts]
        training = replace(self.training or training_for(len(units)), seed=self.seed)
        encoder = self.matcher.build().scorer.encoder
        self.fitted = train_head(encoder, units, labels, training=training, dropout=self.dropout)

    def values(self, texts: Sequence[str]) -> Tensor:
        """Return (text, label) log-odds."""
        with torch.no_grad():
            found: Tensor = self.fitted.logits([units_of(text) for text in texts])
        return found


def both_sides(decisions: Floats) -> Tensor:
    """Return (text, label) values from scikit-learn's decisions, which are of the second label alone if there are two.

    >>> both_sides(np.array([0.5]))
    tensor([[-0.5000,  0.5000]])
    """
    columns = np.stack([-decisions, decisions], axis=1) if decisions.ndim == 1 else decisions
    return torch.from_numpy(columns).float()
