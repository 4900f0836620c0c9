"""Slots of utterances learned from labelled ones, as a recipe says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from latentalign import config, registry
from latentalign.errors import InputError
from latentalign.models.encoder import Encoder
from latentalign.models.label_scores import fitted_temperature, padded, with_null
from latentalign.models.matcher.memory import units_of
from latentalign.models.scorer import load_encoder
from latentalign.models.slots import Utterance, WordInputs, word_inputs
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.labelled_slots import LabelledSlots
from latentalign.tasks.slots.slot_columns import beginnings, columns_of, labels_of
from latentalign.tasks.slots.slot_training import slot_training
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.held_out import apart
from latentalign.training.loop import train
from latentalign.training.slots import SlotsConfig, SlotsInTraining


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadUtterances:
    """Labelled utterances as the encoder sees them, so that several trainings read them once."""

    rows: tuple[AnnotatedText, ...]
    encoder: Encoder
    inputs: tuple[WordInputs, ...]


@dataclass(frozen=True, kw_only=True)
class SlotsTraining:
    """How a tagger of slots is trained; the encoder stays as it is.

    Args:
        family: table of the family: ``chain``, whose steps are learned, or ``independent``, each word on its own.
        model: the encoder by hub name or folder; None is the default encoder.
        layer: of the encoder; 0 is the embedding, negative layers count from the last.
        slots: what is trained.
        training: how.
        seed: of the order of the utterances and of dropout.
        held_out: the share of the utterances that only the temperature is fitted on.

    Raises:
        InputError: a share outside its range.
    """

    family: dict[str, Any] = field(default_factory=lambda: {"name": "chain"})
    model: str | None = None
    layer: int = -1
    slots: SlotsConfig = field(default_factory=SlotsConfig)
    training: TrainingConfig = field(default_factory=lambda: slot_training(epochs=6, items=32))
    seed: int = 0
    held_out: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise InputError(
                wanted="a share above 0 and below 1", came=str(self.held_out), where="SlotsTraining.held_out"
            )

    def read(self, rows: Sequence[AnnotatedText]) -> ReadUtterances:
        """Return utterances as the encoder sees them; those without a word are left out.

        Raises:
            ModelError: the encoder cannot be found or read.

        Cost: one pass of the encoder; 2 bytes a word and feature.
        """
        encoder = load_encoder(model=self.model, layer=self.layer)
        given = [(row, units) for row in rows if (units := units_of(row.text)).spans]
        inputs = word_inputs([Utterance(units, row.asked) for row, units in given], encoder, rows=self.slots.rows)
        return ReadUtterances(
            rows=tuple(row for row, _ in given),
            encoder=encoder,
            inputs=tuple(one._replace(states=one.states.half()) for one in inputs),
        )

    def fit(
        self, rows: Sequence[AnnotatedText], *, read: ReadUtterances | None = None, folder: Path | None = None
    ) -> SlotTagger:
        """Return a tagger of the slots that are in some utterances.

        Args:
            rows: utterances with their values, two at least.
            read: what ``read`` returned for them, where that is known.
            folder: for the checkpoints and the log of the training; None keeps neither.

        Raises:
            InputError: fewer than two utterances, or no value in them.
            TrainingError: the training cannot go on.

        Cost: one pass of the encoder; then, for each epoch, a value of the family and a linear layer for each
        utterance.
        """
        given = self.read(rows) if read is None else read
        if len(given.rows) < 2:
            raise InputError(wanted="two utterances or more", came=str(len(given.rows)), where="utterances")
        words = [units_of(row.text).spans for row in given.rows]
        columns = columns_of(given.rows, words)
        numbers = {name: number for number, name in enumerate(columns)}
        labels = [[numbers[one] for one in labels_of(*pair)] for pair in zip(given.rows, words, strict=True)]
        kept, aside = apart(range(len(labels)), share=self.held_out)
        torch.manual_seed(self.seed)
        module = SlotsInTraining(
            [given.inputs[one] for one in kept],
            [labels[one] for one in kept],
            begun=beginnings(columns),
            family=with_null(config.build(registry.families, self.family, where="family"), allowed=False),
            settings=self.slots,
        )
        corpus = Items(items=range(len(kept)), measure=lambda number: len(module.labels[number]))
        train(module, corpus, collate=torch.tensor, config=replace(self.training, seed=self.seed), folder=folder)
        scorer, family = module.cpu().eval().trained(given.encoder)
        with torch.inference_mode():
            scores, mask = padded([scorer.of_inputs(given.inputs[one]) for one in aside])
        temperature = fitted_temperature(family, scores, mask, [labels[one] for one in aside])
        return SlotTagger(
            columns=columns,
            scorer=scorer,
            family=replace(family, temperature=temperature),  # type: ignore[type-var]
            fitted_on=f"{len(aside)} utterances held out",
        )


@dataclass(frozen=True, kw_only=True)
class SlotsRecipe:
    """Train a tagger of slots, as ``latentalign train`` runs it.

    Args:
        utterances: what it is trained on.
        settings: how.
    """

    utterances: LabelledSlots
    settings: SlotsTraining = field(default_factory=SlotsTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> SlotTagger:
        """Train, fit the probabilities, write the folder, and return the tagger."""
        made = self.settings.fit(self.utterances.read(data))
        made.save(output)
        return made
