"""A recipe for an encoder that aligns words: any Hugging Face model, taught by the statistical aligner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

from latentalign.errors import InputError
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.tasks.alignment.aligner_config import DEFAULT_LAYER, DEFAULT_POTENTIALS
from latentalign.tasks.alignment.posterior_aligner import units as units_of
from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner
from latentalign.tasks.alignment.train_aligner import ParallelText
from latentalign.text.pairs import TextPair
from latentalign.training.config import TrainingConfig
from latentalign.training.distillation import Weights
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule

if TYPE_CHECKING:
    from latentalign.training.em import Pass
    from latentalign.training.fine_tuning import Pair


def _training() -> TrainingConfig:
    return TrainingConfig(
        epochs=1,
        batching=Batching(tokens=1024, items=48),
        optimizer=AdamW(learning_rate=1e-4),
        schedule=Schedule(warmup=50, decay="linear"),
        save_every=200,
    )


@final
@dataclass(frozen=True, kw_only=True)
class EncoderRecipe:
    """Fine-tune an encoder on sentence pairs, so that ``latentalign align --model FOLDER`` aligns their languages.

    Args:
        texts: what the teacher counts and the encoder learns from.
        model: the encoder by hub name or folder; None is the default encoder.
        layer: hidden layer that the states of words come from; keep it where an ``Aligner`` reads them.
        potentials: tables of potentials that the scores are made of, as an ``Aligner`` reads them.
        settings: of the teacher, a statistical aligner that is trained on the texts.
        weights: of the objectives.
        training: of the encoder.
        pairs: how many pairs the encoder learns from, the first ones; None takes all.
        threads: of the teacher's training.

    Raises:
        InputError: fewer than 1 pair.
    """

    resumes: ClassVar[bool] = True

    texts: tuple[ParallelText, ...]
    model: str | None = None
    layer: int = DEFAULT_LAYER
    potentials: list[dict[str, Any]] = field(default_factory=lambda: [dict(one) for one in DEFAULT_POTENTIALS["word"]])
    settings: StatisticalConfig = field(default_factory=StatisticalConfig)
    weights: Weights = field(default_factory=lambda: Weights(agreement=0.1))
    training: TrainingConfig = field(default_factory=_training)
    pairs: int | None = None
    threads: int = 2

    def __post_init__(self) -> None:
        if self.pairs is not None and self.pairs < 1:
            raise InputError(wanted="at least 1 pair, or none said for all", came=repr(self.pairs), where="pairs")

    def run(
        self, data: Path, output: Path, *, resume: bool = False, report: Callable[[Pass], None] | None = None
    ) -> Path:
        """Train the teacher and the encoder, write the encoder in Hugging Face's format, and return its folder.

        See ``ResumableRecipe``; a run that goes on trains the teacher again.
        """
        import torch

        from latentalign.models.huggingface import HuggingFaceEncoder
        from latentalign.models.saving import save_encoder
        from latentalign.models.scorer import PairScorer, ScorerConfig
        from latentalign.training.corpus import Items
        from latentalign.training.fine_tuning import EncoderInTraining
        from latentalign.training.loop import train

        pairs = [pair for text in self.texts for pair in text.read(data) if isinstance(pair, TextPair)]
        teacher = StatisticalAligner.train(pairs, self.settings, threads=self.threads, report=report).model
        scorer = PairScorer.load(ScorerConfig(model=self.model, layer=self.layer, potentials=self.potentials))
        module = EncoderInTraining(scorer, self._with_words(pairs), teacher=teacher, weights=self.weights)
        corpus = Items(items=range(len(module.pairs)), measure=lambda number: _size(module.pairs[number]))
        run = output.with_name(f"{output.name}.run")
        train(module, corpus, collate=torch.tensor, config=self.training, folder=run, resume=resume)
        encoder = scorer.encoder
        assert isinstance(encoder, HuggingFaceEncoder)
        assert encoder.origin is not None
        save_encoder(encoder.model, output, origin=encoder.origin)
        return output

    def _with_words(self, pairs: list[TextPair]) -> list[Pair]:
        from latentalign.models.units import Units

        languages = self.settings.source, self.settings.target
        split = ((pair, units_of(pair, languages)) for pair in pairs)
        found = (
            (Units(text=pair.source, spans=source), Units(text=pair.target, spans=target))
            for pair, (source, target) in split
            if source and target
        )
        return list(islice(found, self.pairs))


def _size(pair: Pair) -> int:
    """Return the words of the longer side, for batches of similar length."""
    return max(len(side.spans) for side in pair)
