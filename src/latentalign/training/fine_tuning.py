"""An encoder of two languages, fine-tuned so that its states align words as a teacher does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast, final

import torch
from torch import Tensor, nn

from latentalign.errors import UnsupportedError
from latentalign.families import Independent, LatentAlignment
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.scorer import PairScorer
from latentalign.models.statistical.model import StatisticalModel
from latentalign.models.units import Units
from latentalign.objectives.agreement import agreement
from latentalign.objectives.contrastive import contrastive
from latentalign.objectives.guided import guided
from latentalign.training.distillation import Weights

Pair = tuple[Units, Units]


@final
class EncoderInTraining(nn.Module):
    """A scorer whose encoder learns the links of a teacher; ``train`` takes it, with the numbers of pairs as items.

    The scores are those that an ``Aligner`` with the same potentials reads later; each direction is ``Independent``.

    Args:
        scorer: its encoder is a ``HuggingFaceEncoder``, trained in place; the weights of its potentials stay.
        pairs: the texts with their words.
        teacher: its posteriors are the labels; a pair that it was trained on is read as a new one.
        weights: of the objectives; hidden words are not for encoders with a tokenizer of their own.

    Raises:
        UnsupportedError: an encoder of another kind, or a weight of ``masked`` or ``hidden`` above 0.

    Dou and Neubig 2021, section 2.2 (there the labels are the model's own, intersected).
    """

    def __init__(
        self, scorer: PairScorer, pairs: Sequence[Pair], *, teacher: StatisticalModel, weights: Weights
    ) -> None:
        super().__init__()
        encoder = scorer.encoder
        if not isinstance(encoder, HuggingFaceEncoder):
            raise UnsupportedError(wanted="a Hugging Face encoder", came=type(encoder).__name__, where="scorer")
        if weights.masked or weights.hidden:
            raise UnsupportedError(
                wanted="objectives that hide no words",
                came=f"masked {weights.masked}, hidden {weights.hidden}",
                where="Weights",
                fix="leave both at 0, or train a student of our own (trainer `distilled`)",
            )
        self.scorer = replace(scorer, encoder=replace(encoder, frozen=False))
        self.backbone = cast(nn.Module, encoder.model)
        self.backbone.requires_grad_()
        self.pairs, self.teacher, self.weights = pairs, teacher, weights

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the weighted sum of the objectives for the pairs of some numbers, and each of them."""
        sources, targets = zip(*(self.pairs[number] for number in batch.tolist()), strict=True)
        scores, mask = self.scorer.score(sources, targets, level="word")
        forward = LatentAlignment(family=Independent(), scores=scores.mT, mask=mask.mT)
        backward = LatentAlignment(family=Independent(), scores=scores, mask=mask)
        losses, weights = {}, self.weights
        if weights.guided:
            there, back = self._labels(sources, targets, scores)
            losses["guided"] = guided(forward, there, reduction="query") + guided(backward, back, reduction="query")
        if weights.agreement:
            losses["agreement"] = agreement(forward, backward, reduction="query")
        if weights.contrastive:
            losses["contrastive"] = self._contrastive(sources[: weights.candidates], targets[: weights.candidates])
        total = torch.stack([getattr(weights, name) * value for name, value in losses.items()]).sum()
        return total, {name: value.item() for name, value in losses.items()}

    def _labels(self, sources: Sequence[Units], targets: Sequence[Units], scores: Tensor) -> tuple[Tensor, Tensor]:
        """Return the teacher's masses, (pair, target, source) and (pair, source, target), padded as the scores are."""
        words = [(source.strings, target.strings) for source, target in zip(sources, targets, strict=True)]
        there, back = torch.zeros_like(scores.mT), torch.zeros_like(scores)
        for k, found in enumerate(self.teacher.posteriors(words)):
            n, m = found.forward.shape
            there[k, :m, :n] = torch.from_numpy(found.forward.T.copy())
            back[k, :n, :m] = torch.from_numpy(found.backward.copy())
        return there, back

    def _contrastive(self, sources: Sequence[Units], targets: Sequence[Units]) -> Tensor:
        size = len(sources)
        known = self.scorer.encode([*sources, *targets], level="word")
        left, right = [one for one in sources for _ in targets], [other for _ in sources for other in targets]
        scores, mask = self.scorer.score(left, right, level="word", known=known)
        shape = (size, size, *scores.shape[1:])
        grid = LatentAlignment(family=Independent(), scores=scores.reshape(shape), mask=mask.reshape(shape))
        return contrastive(grid, per_query=True, temperature=0.2)
