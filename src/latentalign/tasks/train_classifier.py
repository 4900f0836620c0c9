"""A classifier trained from labelled texts, as a recipe says: encoder, weights, calibration, all in one folder."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from latentalign.errors import InputError
from latentalign.models.matcher.candidate import Candidate, grouped
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.potentials.lexical import Lexical
from latentalign.tasks.classifier_defaults import ZERO_SHOT
from latentalign.tasks.classify import Classifier
from latentalign.tasks.labelled_texts import LabelledTexts
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.loop import train
from latentalign.training.matching import MatcherInTraining, MatchingConfig, size_of
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule

Rows = Sequence[tuple[str, str]]


def _training() -> TrainingConfig:
    return TrainingConfig(
        epochs=2,
        batching=Batching(tokens=8192, items=128),
        optimizer=AdamW(learning_rate=1e-4),
        schedule=Schedule(warmup=20),
        save_every=100_000,
        keep=1,
    )


@dataclass(frozen=True, kw_only=True)
class ClassifierTraining:
    """How a classifier is trained.

    Args:
        matcher: what is trained.
        matching: which parts of it.
        training: how; None leaves encoder and weights as they are and only fits the probabilities.
        names: whether the name of a label, its underscores and camel case as spaces, is one of its texts.
        held_out: the share of the texts of each label that the probabilities are fitted on. They are no examples in
            training and become examples after it. Where it is less than one text of every label, the probabilities are
            fitted on the examples, each explained by the others; after a training that is too sure of itself.
        turned_away: the share of in-scope texts that NULL may take, where there are no texts out of scope.
        error_rate: of conformal sets.
    """

    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    training: TrainingConfig | None = field(default_factory=_training)
    names: bool = False
    held_out: float = 0.1
    turned_away: float = 0.05
    error_rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.held_out < 1:
            raise InputError(wanted="a share in [0, 1)", came=repr(self.held_out), where="held_out")

    def fit(self, rows: Rows, *, out_of_scope: Sequence[str] = (), folder: Path | None = None) -> Classifier:
        """Return a classifier of the labels of some texts.

        Args:
            rows: texts with their labels.
            out_of_scope: texts that no label fits, for the level of NULL; they are not trained on.
            folder: for the checkpoints and the log of the training; None keeps neither.

        Raises:
            InputError: fewer than two labels, or no label with two texts.
            TrainingError: the training cannot go on.
        """
        kept, aside = split(rows, share=self.held_out)
        labels = self._labels(kept)
        matcher = _with_frequencies(self.matcher.build(), [text for text, _ in kept])
        if self.training is not None:
            matcher = self._trained(matcher, labels, folder)
        made = Classifier(matcher=matcher, memory=matcher.remember(labels), calibration=ZERO_SHOT)
        made = self._calibrated(made, aside, out_of_scope)
        return made.with_labels(self._labels(rows)) if aside else made

    def _labels(self, rows: Rows) -> tuple[Candidate, ...]:
        labels = grouped([text for text, _ in rows], [label for _, label in rows])
        if not self.names:
            return labels
        return tuple(replace(one, texts=(*one.texts, spoken(one.name))) for one in labels)

    def _trained(self, matcher: Matcher, labels: Sequence[Candidate], folder: Path | None) -> Matcher:
        assert self.training is not None
        memory = matcher.remember(labels)
        torch.manual_seed(self.training.seed)
        model = MatcherInTraining(matcher, memory, self.matching)
        corpus = Items(items=range(len(memory.units)), measure=lambda number: size_of(memory.units[number]))
        with tempfile.TemporaryDirectory() as passing:
            place = Path(passing) / "run" if folder is None else folder
            train(model, corpus, collate=torch.tensor, config=self.training, folder=place)
        return model.trained(matcher)

    def _calibrated(self, made: Classifier, aside: Rows, out_of_scope: Sequence[str]) -> Classifier:
        settings: dict[str, Any] = {"turned_away": self.turned_away, "error_rate": self.error_rate}
        if not aside:
            return made.calibrate_on_examples(out_of_scope=out_of_scope, **settings)
        texts = [text for text, _ in aside] + list(out_of_scope)
        told = [label for _, label in aside] + [None] * len(out_of_scope)
        note = f"{len(aside)} texts held out and {len(out_of_scope)} out of scope"
        return made.calibrate(texts, told, fitted_on=note, **settings)


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe:
    """Train a classifier, as ``latentalign train`` runs it.

    Args:
        texts: what it is trained on.
        out_of_scope: texts that no label fits; their labels are not read.
        settings: how.
    """

    texts: LabelledTexts
    out_of_scope: LabelledTexts | None = None
    settings: ClassifierTraining = field(default_factory=ClassifierTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> Classifier:
        """Train, fit the probabilities, write the folder, and return the classifier."""
        outside = [] if self.out_of_scope is None else [text for text, _ in self.out_of_scope.read(data)]
        made = self.settings.fit(self.texts.read(data), out_of_scope=outside)
        made.save(output)
        return made


def spoken(name: str) -> str:
    """Return the name of a label as words.

    >>> spoken("alarm_query"), spoken("BookRestaurant"), spoken("atis_flight#atis_airfare")
    ('alarm query', 'Book Restaurant', 'atis flight atis airfare')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name).strip()
    return parted or name


def split(rows: Rows, *, share: float) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return texts in two parts: of each label, as many whole texts as the share is go into the second.

    >>> kept, aside = split([(str(n), "a") for n in range(20)] + [("x", "b")], share=0.1)
    >>> len(kept), aside
    (19, [('9', 'a'), ('19', 'a')])
    """
    kept: list[tuple[str, str]] = []
    aside: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    for text, label in rows:
        seen[label] = seen.get(label, 0) + 1
        taken = int(seen[label] * share + 1e-9) > int((seen[label] - 1) * share + 1e-9)
        (aside if taken else kept).append((text, label))
    return kept, aside


def _with_frequencies(matcher: Matcher, texts: Sequence[str]) -> Matcher:
    """Return the matcher with the document frequencies of some texts, where there are enough to count."""
    if len(texts) < 200:
        return matcher
    potentials = tuple(
        one.fit(texts) if isinstance(one, Lexical) and one.idf is None else one for one in matcher.scorer.potentials
    )
    return replace(matcher, scorer=replace(matcher.scorer, potentials=potentials))
