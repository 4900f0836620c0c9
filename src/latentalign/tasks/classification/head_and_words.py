"""A classifier of two machines: weights of words, and an encoder trained with a head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from latentalign.models.matcher.candidate import Candidate
from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.models.matcher.discriminant import Discriminant
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import Memory, read, vectors
from latentalign.models.units import Units
from latentalign.tasks.classification.classifier_defaults import zero_shot
from latentalign.tasks.classification.classify import Classifier
from latentalign.training.config import TrainingConfig
from latentalign.training.discriminant import DiscriminantConfig, stacked
from latentalign.training.head import train_head
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule


class HeadAndWords(NamedTuple):
    """Both machines, trained on the same texts and not yet added up.

    Args:
        matcher: with the trained encoder.
        memory: the labels with their texts, as that encoder reads them.
        words: the weights of words.
        whole, bias: (dimension, label) and (label,) those of the head.
    """

    matcher: Matcher
    memory: Memory
    words: Discriminant
    whole: Tensor
    bias: Tensor

    @classmethod
    def train(
        cls,
        matcher: Matcher,
        labels: Sequence[Candidate],
        *,
        discriminant: DiscriminantConfig,
        concepts: ConceptNames | None,
        training: TrainingConfig,
        dropout: float,
        folder: Path | None,
    ) -> HeadAndWords:
        """Return both, trained on the texts of some labels.

        Raises:
            UnsupportedError: an encoder that cannot be trained.
            TrainingError: the training cannot go on.

        Cost: that of the encoder's training; the weights of words take seconds.
        """
        memory = matcher.remember(labels)
        head = train_head(
            matcher.scorer.encoder,
            memory.units,
            memory.owner.tolist(),
            training=training,
            dropout=dropout,
            normalised=True,
            folder=folder,
        )
        trained = replace(matcher, scorer=replace(matcher.scorer, encoder=replace(head.encoder, frozen=True)))
        memory = trained.remember(labels)
        return cls(trained, memory, discriminant.fit(memory, None, concepts=concepts), *head.weights)

    @property
    def names(self) -> list[str]:
        """The labels, in the order of the columns."""
        return [one.name for one in self.memory.candidates]

    def say(self, texts: Sequence[Units]) -> tuple[Tensor, Tensor]:
        """Return (text, label) what the words say, and what the head says."""
        known = read(texts, self.matcher.scorer)
        return self.words.of_words(texts), vectors(texts, known) @ self.whole + self.bias

    def classifier(self, shares: tuple[float, float]) -> Classifier:
        """Return the classifier that adds both up, each as much as its share; its probabilities are not fitted."""
        return Classifier(
            matcher=self.matcher,
            memory=self.memory,
            calibration=zero_shot(len(self.memory.candidates)),
            discriminant=stacked(self.words, self.whole, self.bias, shares),
        )


def head_training_for(texts: int) -> TrainingConfig:
    """Return how long an encoder is trained with a head: 4 epochs of 4,000 texts or more, up to 40 of fewer.

    >>> head_training_for(10_000).epochs, head_training_for(1_000).epochs, head_training_for(50).epochs
    (4, 16, 40)
    """
    return TrainingConfig.brief(
        epochs=max(4, min(40, -(-16_000 // max(1, texts)))),
        batching=Batching(tokens=8192, items=32, pool=256),
        optimizer=AdamW(learning_rate=1e-4),
        schedule=Schedule(warmup=60),
    )
