"""The classifier as an estimator of scikit-learn: for pipelines, grid searches and cross-validation.

``from latentalign.tasks.classification.sklearn_classifier import TextClassifier``
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError
from latentalign.registry import require

if TYPE_CHECKING:
    from latentalign.tasks.classification.classify import Classifier

Array = NDArray[Any]


def __getattr__(name: str) -> Any:
    """Return ``TextClassifier``, made when it is first asked for; so pickles and processes find it under its name."""
    if name == "TextClassifier":
        return estimator_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def estimator_class() -> type:
    """Return the class ``TextClassifier``; scikit-learn is imported now and not before.

    Its parameters, all of which a grid search may set: ``fine_tune`` (off leaves the encoder as it is), ``epochs`` and
    ``learning_rate`` (None goes by the number of texts), ``whole_weight``, ``word_weight``, ``aligned`` and ``family``
    (see ``Matcher``), ``model`` (an encoder), ``held_out``, ``names`` and ``random_state``. After ``fit`` there are
    ``classes_`` and ``classifier_``, which explains itself and abstains.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    if "made" not in _MADE:
        _MADE["made"] = _make(require("sklearn.base", extra="sklearn"))
    return _MADE["made"]


_MADE: dict[str, type] = {}


class _TextClassifier:
    """Texts into classes, by the alignment with the texts of each class."""

    def __init__(
        self,
        *,
        fine_tune: bool = False,
        epochs: int | None = None,
        learning_rate: float | None = None,
        whole_weight: float = 14.0,
        word_weight: float = 1.0,
        aligned: int = 16,
        family: str = "independent",
        model: str | None = None,
        held_out: float = 0.1,
        names: bool = False,
        random_state: int = 0,
    ) -> None:
        self.fine_tune, self.epochs, self.learning_rate = fine_tune, epochs, learning_rate
        self.whole_weight, self.word_weight, self.aligned = whole_weight, word_weight, aligned
        self.family, self.model, self.held_out, self.names = family, model, held_out, names
        self.random_state = random_state

    def fit(self, X: Sequence[str], y: Sequence[Any]) -> _TextClassifier:  # noqa: N803 - scikit-learn's name
        """Train on texts and their classes, and return the estimator."""
        texts, labels = _texts(X), np.asarray(y)
        if len(texts) != len(labels):
            raise InputError(wanted="as many classes as texts", came=f"{len(labels)} and {len(texts)}", where="y")
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        self.classifier_ = _fitted(self, texts, [str(one) for one in numbers.tolist()])
        return self

    def decision_function(self, X: Sequence[str]) -> Array:  # noqa: N803
        """Return the values of the classes, in log-odds; of the second against the first where there are two."""
        values = _in_order(self.classifier_, self.classifier_.values(_texts(X)).numpy())
        found: Array = values[:, 1] - values[:, 0] if len(self.classes_) == 2 else values
        return found

    def predict_proba(self, X: Sequence[str]) -> Array:  # noqa: N803
        """Return the probabilities of the classes, given that one of them is right."""
        shared = self.classifier_.probabilities(_texts(X)).numpy().astype(np.float64)
        inside = _in_order(self.classifier_, shared[:, :-1])
        found: Array = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1e-300)
        return found

    def predict(self, X: Sequence[str]) -> Array:  # noqa: N803
        """Return the most probable class of each text; it never abstains, ``classifier_`` does."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_")


def _make(sklearn: Any) -> type:
    parents = (_TextClassifier, sklearn.ClassifierMixin, sklearn.BaseEstimator)
    return type("TextClassifier", parents, {"__module__": __name__, "__doc__": _TextClassifier.__doc__})


def _fitted(estimator: Any, texts: list[str], labels: list[str]) -> Classifier:
    from dataclasses import replace

    from latentalign.models.matcher.settings import MatcherConfig
    from latentalign.models.scorer import ScorerConfig
    from latentalign.tasks.classification.train_classifier import ClassifierTraining, training_for

    matcher = MatcherConfig(
        scorer=ScorerConfig(model=estimator.model),
        family={"name": estimator.family},
        whole_weight=estimator.whole_weight,
        word_weight=estimator.word_weight,
        aligned=estimator.aligned,
    )
    training = training_for(len(texts))
    rate = estimator.learning_rate or training.optimizer.learning_rate
    training = replace(
        training,
        epochs=estimator.epochs or training.epochs,
        optimizer=replace(training.optimizer, learning_rate=rate),
    )
    settings = ClassifierTraining(
        matcher=matcher,
        training=training,
        fine_tune=estimator.fine_tune,
        held_out=estimator.held_out,
        names=estimator.names,
        seed=estimator.random_state,
    )
    return settings.fit(list(zip(texts, labels, strict=True)))


def _in_order(classifier: Classifier, columns: Array) -> Array:
    """Return the columns in the order of the classes, whose numbers are the names of the labels."""
    found: Array = columns[:, np.argsort([int(name) for name in classifier.labels])]
    return found


def _texts(given: Any) -> list[str]:
    """Return texts as a list.

    Raises:
        InputError: one string, or something that is no string.
    """
    found = [given] if isinstance(given, str) else list(given)
    odd = next((one for one in found if not isinstance(one, str)), None)
    if isinstance(given, str) or odd is not None:
        raise InputError(
            wanted="a sequence of strings", came="one string" if odd is None else type(odd).__name__, where="X"
        )
    return found
