"""A classifier trained from labelled texts, as a recipe says: encoder, weights, calibration, all in one folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.matcher.candidate import Candidate, grouped
from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import units_of
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.units import Units
from latentalign.tasks.classification.classifier_defaults import zero_shot
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.head_and_words import HeadAndWords, head_training_for
from latentalign.tasks.classification.held_out import FEW, fitted_in_turns, parts_of_few, split
from latentalign.tasks.classification.teacher import TeacherConfig
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.discriminant import DiscriminantConfig, shares_of
from latentalign.training.loop import train
from latentalign.training.matching import MatcherInTraining, MatchingConfig, size_of
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule

Rows = Sequence[tuple[str, str]]


def training_for(texts: int) -> TrainingConfig:
    """Return how long to train on so many texts: 2 epochs of 2,000 or more, up to 40 of fewer.

    >>> training_for(15000).epochs, training_for(320).epochs, training_for(35).epochs
    (2, 13, 40)
    """
    return TrainingConfig.brief(
        epochs=max(2, min(40, -(-4000 // max(1, texts)))),
        batching=Batching(tokens=8192, items=128 if texts >= 2000 else 64),
        optimizer=AdamW(learning_rate=1e-4),
        schedule=Schedule(warmup=10),
    )


@dataclass(frozen=True, kw_only=True)
class ClassifierTraining:
    """How a classifier is trained.

    Args:
        matcher: what is trained.
        matching: which parts of it.
        training: how; None goes by the number of texts (``training_for``, and ``head_training_for`` with an encoder
            beside the words).
        discriminant: how weights of words, and of the whole, are learned for each label beside; None learns none. It is
            for long texts and labels that stay; a text then counts as an example and in the weights.
        concepts: of a catalogue; the names in a text, and all that stands above what they name, have learned weights
            beside those of the words, so that a rare disease counts as one of its kind. They need the discriminant, or
            a head.
        head: whether the encoder is trained with a head, by the likelihood of the labels, and weights of words apart
            from it, by ``discriminant`` or its default; texts held out say how much each of the two counts.
            ``fine_tune`` is off then, ``training`` is that of encoder and head, and examples count nothing, since the
            encoder knows them by heart.
        fine_tune: off leaves encoder and weights as they are, and only fits the probabilities.
        teacher: a trained classifier, or its folder, whose probabilities of the labels are learned beside the labels
            themselves; it is slower, and what is trained is to do nearly as well. None learns the labels alone.
        seed: of the order of the texts and of dropout.
        names: whether the name of a label, its underscores and camel case as spaces, is one of its texts.
        held_out: the share of the texts of each label that the probabilities are fitted on. They are no examples in
            training and become examples after it. Where that is less than a hundred texts in all, the probabilities
            are fitted by a training on four fifths of the texts, and a second one then has them all; where that fifth
            is less than twenty texts, each text is held out once, from one of up to five trainings.
        turned_away: the share of in-scope texts that NULL may take, where there are no texts out of scope.
        error_rate: of conformal sets.
        isotonic: whether a rising function is fitted on top of the temperature.

    Raises:
        InputError: a share outside [0, 1), both ways to train the encoder, or a teacher where it is not fine-tuned.
    """

    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    training: TrainingConfig | None = None
    discriminant: DiscriminantConfig | None = None
    concepts: tuple[Concept, ...] = field(default=(), repr=False)
    head: bool = False
    fine_tune: bool = True
    teacher: TeacherConfig | str | None = None
    seed: int = 0
    names: bool = False
    held_out: float = 0.1
    turned_away: float = 0.05
    error_rate: float = 0.1
    isotonic: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.held_out < 1:
            raise InputError(wanted="a share in [0, 1)", came=repr(self.held_out), where="held_out")
        if self.head and self.fine_tune:
            raise InputError(
                wanted="one way to train the encoder",
                came="fine_tune and head",
                where="ClassifierTraining",
                fix="set fine_tune = false",
            )
        if self.concepts and not (self.head or self.discriminant):
            raise InputError(
                wanted="weights of words beside which concepts have theirs",
                came="concepts alone",
                where="ClassifierTraining.concepts",
                fix="set discriminant = {}",
            )
        if self.teacher is not None and not self.fine_tune:
            raise InputError(
                wanted="fine_tune with a teacher",
                came="fine_tune = false",
                where="settings.teacher",
                fix="leave it out",
            )

    def fit(
        self,
        rows: Rows,
        *,
        out_of_scope: Sequence[str] = (),
        unlabelled: Sequence[str] = (),
        folder: Path | None = None,
    ) -> Classifier:
        """Return a classifier of the labels of some texts.

        Args:
            rows: texts with their labels.
            out_of_scope: texts that no label fits, for the level of NULL; they are not trained on.
            unlabelled: texts of which only what the teacher says is learned.
            folder: for the checkpoints and the log of the training; None keeps neither.

        Raises:
            InputError: fewer than two labels, no label with two texts, a teacher that lacks a label, or texts without
                labels and no teacher.
            ModelError: the folder of the teacher holds none.
            TrainingError: the training cannot go on.

        Cost: the training; twice that where there are few texts, up to six times where they are fewest.
        """
        if unlabelled and self.teacher is None:
            raise InputError(wanted="a teacher for texts without labels", came="none", where="settings.teacher")
        if self.head:
            return self._headed(rows, out_of_scope, folder)
        kept, aside = split(rows, share=self.held_out)
        if len(aside) >= FEW:
            made = self._calibrated(self._made(kept, folder, unlabelled), aside, out_of_scope)
            if self.discriminant is None:
                return made.with_labels(self._labels(rows))
            memory = made.matcher.remember(self._labels(rows), before=made.memory)
            return self._with_discriminant(replace(made, memory=memory))
        made = self._made(rows, folder, unlabelled)
        parts = parts_of_few(rows)
        if (not self.fine_tune and self.discriminant is None) or not parts:
            return self._calibrated(made, (), out_of_scope)
        held_out = sum(len(aside) for _, aside in parts)
        fitted = fitted_in_turns(
            parts,
            lambda kept: self._made(kept, None, unlabelled),
            like=made,
            out_of_scope=out_of_scope,
            fitted_on=f"{held_out} texts held out and {len(out_of_scope)} out of scope",
            **self._fitting,
        )
        return replace(made, calibration=fitted)

    def _headed(self, rows: Rows, out_of_scope: Sequence[str], folder: Path | None) -> Classifier:
        """Return a classifier by weights of words and an encoder with a head, each as much as texts held out say.

        Held out, they are in neither, and the probabilities are fitted on them too. Where they are few, a second
        training has all texts; where not, they join the examples and the weights of the words.
        """
        kept, aside = split(rows, share=self.held_out)
        few = len(aside) < FEW
        if few:
            kept, aside = split(rows, share=0.2)
        if not aside:
            raise InputError(
                wanted="five texts of a label at least, to tell how much the encoder counts beside the words",
                came=f"{len(rows)} texts",
                where="ClassifierTraining.head",
                fix="bring more texts, or leave head out",
            )
        both = self._both(kept, None if few else folder)
        units, names = [units_of(text) for text, _ in aside], both.names
        shares = shares_of(*both.say(units), torch.tensor([names.index(label) for _, label in aside]))
        calibrated = self._calibrated(both.classifier(shares), aside, out_of_scope)
        both = self._both(rows, folder) if few else self._with_more(both, rows)
        return replace(both.classifier(shares), calibration=calibrated.calibration)

    def _both(self, rows: Rows, folder: Path | None) -> HeadAndWords:
        return HeadAndWords.train(
            self.matcher.build().with_frequencies([text for text, _ in rows]),
            self._labels(rows),
            discriminant=self.discriminant or DiscriminantConfig(),
            concepts=self._names,
            training=replace(self.training or head_training_for(len(rows)), seed=self.seed),
            dropout=self.matching.dropout,
            folder=folder,
        )

    def _with_more(self, both: HeadAndWords, rows: Rows) -> HeadAndWords:
        memory = both.matcher.remember(self._labels(rows), before=both.memory)
        words = (self.discriminant or DiscriminantConfig()).fit(memory, None, concepts=self._names)
        return both._replace(memory=memory, words=words)

    def _made(self, rows: Rows, folder: Path | None, unlabelled: Sequence[str]) -> Classifier:
        labels = self._labels(rows)
        matcher = self.matcher.build().with_frequencies([text for text, _ in rows])
        if self.fine_tune:
            matcher = self._trained(matcher, labels, folder, [units_of(one) for one in unlabelled])
        made = Classifier(matcher=matcher, memory=matcher.remember(labels), calibration=zero_shot(len(labels)))
        return self._with_discriminant(made)

    def _with_discriminant(self, made: Classifier) -> Classifier:
        if self.discriminant is None:
            return made
        found = self.discriminant.fit_beside(made.matcher, made.memory, concepts=self._names)
        return replace(made, discriminant=found)

    @cached_property
    def _names(self) -> ConceptNames | None:
        return ConceptNames.of(self.concepts) if self.concepts else None

    def _labels(self, rows: Rows) -> tuple[Candidate, ...]:
        labels = grouped([text for text, _ in rows], [label for _, label in rows])
        if not self.names:
            return labels
        return tuple(replace(one, texts=(*one.texts, spoken(one.name))) for one in labels)

    def _trained(
        self, matcher: Matcher, labels: Sequence[Candidate], folder: Path | None, unlabelled: Sequence[Units]
    ) -> Matcher:
        memory = matcher.remember(labels)
        texts = [*memory.units, *unlabelled]
        chosen = replace(self.training or training_for(len(texts)), seed=self.seed)
        torch.manual_seed(self.seed)
        student = MatcherInTraining(matcher, memory, self.matching)
        model: nn.Module = student
        if self.teacher is not None:
            model = TeacherConfig.of(self.teacher).teach(student, memory, unlabelled)
        corpus = Items(items=range(len(texts)), measure=lambda number: size_of(texts[number]))
        train(model, corpus, collate=torch.tensor, config=chosen, folder=folder)
        return student.trained(matcher)

    @property
    def _fitting(self) -> dict[str, Any]:
        """What is said to ``Calibration.fit``."""
        return {"turned_away": self.turned_away, "error_rate": self.error_rate, "isotonic": self.isotonic}

    def _calibrated(self, made: Classifier, aside: Rows, out_of_scope: Sequence[str]) -> Classifier:
        if not aside:
            return made.calibrate_on_examples(out_of_scope=out_of_scope, **self._fitting)
        texts = [text for text, _ in aside] + list(out_of_scope)
        told = [label for _, label in aside] + [None] * len(out_of_scope)
        note = f"{len(aside)} texts held out and {len(out_of_scope)} out of scope"
        return made.calibrate(texts, told, fitted_on=note, **self._fitting)


def spoken(name: str) -> str:
    """Return the name of a label as words.

    >>> spoken("alarm_query"), spoken("BookRestaurant"), spoken("atis_flight#atis_airfare")
    ('alarm query', 'Book Restaurant', 'atis flight atis airfare')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name).strip()
    return parted or name
