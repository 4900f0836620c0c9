"""Slots that are described, learned from what people say to services, so that slots of other services can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from latentalign.errors import InputError
from latentalign.models.described_slots import DescribedSlots, description_vectors
from latentalign.models.encoder import Encoder
from latentalign.models.matcher.memory import units_of
from latentalign.models.scorer import load_encoder
from latentalign.models.slots import Utterance, word_inputs
from latentalign.tasks.slots.described_slots import DescribedSlotTagger
from latentalign.tasks.slots.dialogues import Service, read_dialogues, read_services
from latentalign.tasks.slots.service_utterances import ServiceUtterance, service_utterances
from latentalign.tasks.slots.slot_columns import labels_of
from latentalign.tasks.slots.slot_training import slot_training
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.described_slots import Described, DescribedSlotsConfig, DescribedSlotsInTraining
from latentalign.training.held_out import apart
from latentalign.training.loop import train


@dataclass(frozen=True, kw_only=True)
class DescribedSlotsTraining:
    """How a tagger of described slots is trained; the encoder stays as it is.

    Args:
        model: the encoder by hub name or folder; None is the default encoder.
        layer: of the states of words; 0 is the embedding, negative layers count from the last.
        slots: what is trained.
        training: how.
        seed: of the first parameters, of the order of the utterances and of dropout.
        most: utterances that are learned from, evenly spread; None for all.
        held_out: the share of these that only the temperature is fitted on.

    Raises:
        InputError: fewer than two utterances are asked for, or a share outside its range.
    """

    model: str | None = None
    layer: int = -1
    slots: DescribedSlotsConfig = field(default_factory=DescribedSlotsConfig)
    training: TrainingConfig = field(default_factory=lambda: slot_training(epochs=4, items=64))
    seed: int = 0
    most: int | None = None
    held_out: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise InputError(
                wanted="a share above 0 and below 1", came=str(self.held_out), where="DescribedSlotsTraining.held_out"
            )
        if self.most is not None and self.most < 2:
            raise InputError(wanted="at least 2", came=str(self.most), where="DescribedSlotsTraining.most")

    def fit(
        self, utterances: Sequence[ServiceUtterance], services: Mapping[str, Service], *, folder: Path | None = None
    ) -> DescribedSlotTagger:
        """Return what was learned of the slots of some services.

        Args:
            utterances: with a word each.
            services: those that they speak to, by name.
            folder: for the checkpoints and the log of the training; None keeps neither.

        Raises:
            InputError: fewer than two utterances.
            TrainingError: the training cannot go on.
        """
        some = [one for one in utterances if services[one.service].asked and units_of(one.annotated.text).spans]
        if len(some) < 2:
            raise InputError(wanted="two utterances or more", came=str(len(some)), where="utterances")
        some = some[:: max(1, -(-len(some) // self.most))] if self.most else some
        encoder = load_encoder(model=self.model, layer=self.layer)
        numbers = _numbers(services)
        rows = _rows(some, services, numbers, encoder, rows=self.slots.rows)
        descriptions = description_vectors(
            [name for _, name in numbers], [services[one].slots[name].told for one, name in numbers], encoder
        )
        torch.manual_seed(self.seed)
        kept, aside = apart(rows, share=self.held_out)
        module = DescribedSlotsInTraining(kept, descriptions, self.slots)
        corpus = Items(items=range(len(kept)), measure=lambda number: len(kept[number].labels))
        train(module, corpus, collate=torch.tensor, config=replace(self.training, seed=self.seed), folder=folder)
        model = DescribedSlots(encoder=encoder, tensors=module.cpu().eval().trained(aside))
        return DescribedSlotTagger(
            model=model, fitted_on=f"{len(aside)} of {len(rows)} utterances to {len(services)} services held out"
        )


@dataclass(frozen=True, kw_only=True)
class DescribedSlotsRecipe:
    """Train a tagger of described slots, as ``latentalign train`` runs it.

    Args:
        dialogues, schema: files below the data folder, in the format of Schema-Guided Dialogue.
        settings: how.
    """

    dialogues: str
    schema: str
    settings: DescribedSlotsTraining = field(default_factory=DescribedSlotsTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> DescribedSlotTagger:
        """Train, write the folder, and return the tagger."""
        services = read_services(data / self.schema)
        found = service_utterances(read_dialogues(data / self.dialogues), services)
        made = self.settings.fit([one for some in found for one in some], services)
        made.save(output)
        return made


def _numbers(services: Mapping[str, Service]) -> dict[tuple[str, str], int]:
    """Return the number of each slot of each service that a person may be asked for."""
    pairs = [(one.name, name) for one in services.values() for name in one.asked]
    return {pair: number for number, pair in enumerate(pairs)}


def _rows(
    utterances: Sequence[ServiceUtterance],
    services: Mapping[str, Service],
    numbers: Mapping[tuple[str, str], int],
    encoder: Encoder,
    *,
    rows: int,
) -> list[Described]:
    units = [units_of(one.annotated.text) for one in utterances]
    inputs = word_inputs([Utterance(one) for one in units], encoder, rows=rows)
    found = []
    for one, words, known in zip(utterances, units, inputs, strict=True):
        names = list(services[one.service].asked)
        columns = {"O": 0} | {f"{c}-{name}": 2 * k + 1 + i for k, name in enumerate(names) for i, c in enumerate("BI")}
        found.append(
            Described(
                inputs=known._replace(states=known.states.half()),
                slots=tuple(numbers[one.service, name] for name in names),
                asked=tuple(names.index(name) for name in one.annotated.asked if name in names),
                labels=tuple(columns[label] for label in labels_of(one.annotated, words.spans)),
            )
        )
    return found
