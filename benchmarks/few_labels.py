"""Systems that learn from a few labelled texts and, some of them, from many others without labels."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from latentalign.evaluation.baselines import Baseline, LogisticHead, TfidfSvm
from latentalign.metrics.calibration_error import calibration_error
from latentalign.models.matcher.calibration import given_one
from latentalign.models.matcher.phrases import encode
from latentalign.registry import require
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.train_classifier import ClassifierTraining

Rows = list[tuple[str, str]]
Values = tuple[Callable[[list[str]], Tensor], list[str]]
"""From texts to (text, label) values, and the labels."""
Made = Classifier | Values


def figures_of(made: Made, dev: Rows) -> dict[str, float]:
    """Return the accuracy, and of a classifier what its probabilities are worth."""
    texts = [text for text, _ in dev]
    values, names = (made.values, list(made.labels)) if isinstance(made, Classifier) else made
    right = [names[one] == label for one, (_, label) in zip(values(texts).argmax(dim=1).tolist(), dev, strict=True)]
    figures = {"accuracy": sum(right) / len(right)}
    if isinstance(made, Classifier):
        chances = made.probabilities(texts)
        stated = given_one(chances).amax(dim=1).clamp(0, 1).tolist()
        figures["ECE"] = calibration_error(stated, right)
        figures["turned away"] = float((chances[:, -1] >= chances[:, :-1].amax(dim=1)).float().mean())
    return figures


def baseline(model: Baseline, rows: Rows) -> Values:
    """Return a baseline trained on labelled texts."""
    names = list(dict.fromkeys(label for _, label in rows))
    model.fit([text for text, _ in rows], [names.index(label) for _, label in rows])
    return model.values, names


def head() -> LogisticHead:
    """Return a logistic head on the default encoder as it is."""
    return LogisticHead(scorer=ClassifierTraining().matcher.build().scorer)


def few_shot(rows: Rows) -> Classifier:
    """Return our classifier of labelled texts, the encoder as it is."""
    return ClassifierTraining(fine_tune=False).fit(rows)


def self_taught(rows: Rows, others: list[str], described: Rows) -> Values:
    """Train, label the other texts by that, train on all: five times, the descriptions being texts the first time."""
    known = [*rows, *described]
    others = [text for text in others if text not in dict(rows)]
    for _ in range(5):
        values, names = baseline(TfidfSvm(), known)
        guessed = values(others).argmax(dim=1).tolist()
        known = [*rows, *((text, names[one]) for text, one in zip(others, guessed, strict=True))]
    return baseline(TfidfSvm(), known)


def label_spreading(rows: Rows, others: list[str]) -> Values:
    """Spread labels over neighbours by the vectors of the encoder, as scikit-learn does, and train on them."""
    spreading = require("sklearn.semi_supervised", extra="sklearn").LabelSpreading(kernel="knn", n_neighbors=7)
    names = list(dict.fromkeys(label for _, label in rows))
    left = [text for text in others if text not in dict(rows)]
    encoder = head().scorer.encoder
    assert encoder is not None
    vectors = encode([*(text for text, _ in rows), *left], encoder).numpy()
    spreading.fit(vectors, [names.index(label) for _, label in rows] + [-1] * len(left))
    guessed = spreading.transduction_[len(rows) :]
    return baseline(TfidfSvm(), [*rows, *((text, names[one]) for text, one in zip(left, guessed, strict=True))])
