"""Sections of documents learned from labelled ones, as a recipe says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from latentalign import config, registry
from latentalign.errors import InputError, UnsupportedError
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.label_scores import fitted_temperature, null_level, with_null
from latentalign.models.scorer import load_encoder
from latentalign.models.sections import SectionScorer
from latentalign.tasks.classification.labelled_texts import LabelledTexts, texts_of
from latentalign.tasks.sections.labelled_documents import Labelled, LabelledDocuments
from latentalign.tasks.sections.sectioner import SectionClassifier
from latentalign.tasks.sections.strangers import with_strangers
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.held_out import apart
from latentalign.training.loop import train
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule
from latentalign.training.section_null import with_learned_null
from latentalign.training.sections import SectionsConfig, SectionsInTraining

MOST_STRANGERS = 300
"""Documents that get a text out of scope, to learn NULL from."""


def _training() -> TrainingConfig:
    return TrainingConfig.brief(
        epochs=3,
        batching=Batching(tokens=16384, items=16, pool=256),
        optimizer=AdamW(learning_rate=1e-4),
        schedule=Schedule(warmup=20),
    )


@dataclass(frozen=True, kw_only=True)
class SectionsTraining:
    """How a classifier of sections is trained.

    Args:
        family: table of the family. The steps of a ``chain`` are learned; ``monotonic`` and ``markov`` take the
            sections in the order of their mean place in the documents; ``independent`` knows no order.
        model: the encoder by hub name or folder; None is the default encoder.
        window: tokens read at once; None is the limit that the checkpoint states.
        sections: what is trained of it.
        training: how.
        seed: of the order of the documents and of dropout.
        held_out: the share of the documents that only the probabilities are fitted on.
        turned_away: the share of sentences that NULL may take, where there are no texts out of scope.

    Raises:
        InputError: a share outside its range.
    """

    family: dict[str, Any] = field(default_factory=lambda: {"name": "chain"})
    model: str | None = None
    window: int | None = 512
    sections: SectionsConfig = field(default_factory=SectionsConfig)
    training: TrainingConfig = field(default_factory=_training)
    seed: int = 0
    held_out: float = 0.05
    turned_away: float = 0.01

    def __post_init__(self) -> None:
        if not (0 < self.held_out < 1 and 0 < self.turned_away < 1):
            raise InputError(
                wanted="shares above 0 and below 1",
                came=f"{self.held_out} and {self.turned_away}",
                where="SectionsTraining",
            )

    def fit(
        self, rows: Sequence[Labelled], *, out_of_scope: Sequence[str] = (), folder: Path | None = None
    ) -> SectionClassifier:
        """Return a classifier of the sections that are in some documents.

        Args:
            rows: documents with the label of each sentence, two at least.
            out_of_scope: texts that are of no section, for NULL; one each is put into ``MOST_STRANGERS`` documents at
                most, after the sections were learned.
            folder: for the checkpoints and the log of the training; None keeps neither.

        Raises:
            InputError: fewer than two documents, or fewer than two sections.
            TrainingError: the training cannot go on.
        """
        names = ordered(rows)
        kept, aside = apart(rows, share=self.held_out)
        encoder = load_encoder(model=self.model, window=self.window)
        if not isinstance(encoder, HuggingFaceEncoder):
            raise UnsupportedError(wanted="a Hugging Face encoder", came=type(encoder).__name__, where="model")
        torch.manual_seed(self.seed)
        module = SectionsInTraining(
            encoder,
            [one.document for one in kept],
            _numbered(kept, names),
            trust=[one.trust for one in kept],
            sections=len(names),
            family=config.build(registry.families, self.family, where="family"),
            settings=self.sections,
        )
        corpus = Items(items=range(len(kept)), measure=lambda number: sum(map(len, kept[number].document.words)) + 2)
        train(module, corpus, collate=torch.tensor, config=replace(self.training, seed=self.seed), folder=folder)
        made = self._calibrated(module, names, aside)
        return self._with_null(made, [*aside, *kept], out_of_scope) if out_of_scope else made

    def _with_null(
        self, made: SectionClassifier, rows: Sequence[Labelled], out_of_scope: Sequence[str]
    ) -> SectionClassifier:
        some = with_strangers([one.document for one in rows][:MOST_STRANGERS], out_of_scope, seed=self.seed)
        assert isinstance(made.scorer, SectionScorer)
        scorer = with_learned_null(
            made.scorer, *map(list, zip(*some, strict=True)), temperature=float(made.family.temperature)
        )
        return replace(
            made, scorer=scorer, fitted_on=f"{made.fitted_on} and {len(some)} with a text out of scope in each"
        )

    def _calibrated(
        self, module: SectionsInTraining, names: tuple[str, ...], aside: list[Labelled]
    ) -> SectionClassifier:
        scorer, family = module.trained()
        with torch.inference_mode():
            scores, mask = scorer.scores([one.document for one in aside])
        temperature = fitted_temperature(family, scores, mask, _numbered(aside, names))
        family = replace(family, temperature=temperature)  # type: ignore[type-var]
        level = null_level(scores, mask, turned_away=self.turned_away)
        return SectionClassifier(
            names=names,
            scorer=SectionScorer(encoder=scorer.encoder, vectors=scorer.vectors, bias=scorer.bias - level),
            family=with_null(family, allowed=True),
            fitted_on=f"{len(aside)} documents held out",
        )


@dataclass(frozen=True, kw_only=True)
class SectionsRecipe:
    """Train a classifier of sections, as ``latentalign train`` runs it.

    Args:
        documents: what it is trained on.
        out_of_scope: texts that are of no section; their labels are not read.
        settings: how.
    """

    documents: LabelledDocuments
    out_of_scope: LabelledTexts | None = None
    settings: SectionsTraining = field(default_factory=SectionsTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> SectionClassifier:
        """Train, fit the probabilities, write the folder, and return the classifier."""
        made = self.settings.fit(self.documents.read(data), out_of_scope=texts_of(self.out_of_scope, data))
        made.save(output)
        return made


def ordered(rows: Sequence[Labelled]) -> tuple[str, ...]:
    """Return the names of the sections by their mean place in the documents, from 0 (first) to 1 (last).

    Raises:
        InputError: fewer than two of them.

    >>> from latentalign.text.split_texts import SplitText
    >>> ordered([Labelled(SplitText.of_text("We tried. It works. Thanks."), ("method", "result", "other"))])
    ('method', 'result', 'other')
    """
    places: dict[str, list[float]] = {}
    for row in rows:
        for number, label in enumerate(row.labels):
            places.setdefault(label, []).append((number + 0.5) / len(row.labels))
    if len(places) < 2:
        raise InputError(wanted="documents with two sections or more", came=f"{len(places)}", where="documents")
    return tuple(sorted(places, key=lambda name: (sum(places[name]) / len(places[name]), name)))


def _numbered(rows: Sequence[Labelled], names: Sequence[str]) -> list[list[int]]:
    numbers = {name: number for number, name in enumerate(names)}
    return [[numbers[label] for label in row.labels] for row in rows]
