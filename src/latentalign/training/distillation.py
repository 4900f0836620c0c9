"""What a student is taught: the labels, that both directions agree, hidden words, and which texts are pairs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import final

import torch
from torch import Tensor, nn

from latentalign.errors import InputError, UnsupportedError
from latentalign.families import Independent, LatentAlignment
from latentalign.models.neural.batch import Pairs, Texts
from latentalign.models.neural.evidence import Prior
from latentalign.models.neural.network import Directions, NeuralAligner
from latentalign.models.neural.pooling import pool
from latentalign.models.neural.words import Side
from latentalign.models.subwords import HIDDEN, PAD
from latentalign.objectives.agreement import agreement
from latentalign.objectives.contrastive import contrastive
from latentalign.objectives.guided import guided
from latentalign.objectives.masked import masked
from latentalign.training.lessons import Batch


@final
@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much each objective counts, at least 0; one that is 0 is not computed.

    Args:
        guided: towards the labels, in both directions.
        agreement: of the two directions.
        masked: hidden words of both sides are read off the other side.
        contrastive: each text finds its partner among the first texts of the batch.
        hidden: the share of words that are hidden, in [0, 1); above 0 where ``masked`` is.
        candidates: how many pairs of a batch are compared with each other.

    Raises:
        InputError: a number outside its range, or no objective at all.
    """

    guided: float = 1.0
    agreement: float = 0.0
    masked: float = 0.0
    contrastive: float = 0.0
    hidden: float = 0.0
    candidates: int = 16

    def __post_init__(self) -> None:
        names = ("guided", "agreement", "masked", "contrastive")
        low = [field.name for field in fields(self) if getattr(self, field.name) < 0]
        unread = self.masked > 0 and self.hidden == 0
        if low or unread or self.hidden >= 1 or self.candidates < 2 or not any(getattr(self, name) for name in names):
            raise InputError(
                wanted="weights of at least 0, not all 0; hidden in [0, 1), above 0 for masked; 2 candidates or more",
                came=repr(self),
                where="Weights",
            )


class Distillation(nn.Module):
    """A student and its objectives; ``train`` takes it.

    The losses are means over the words of a batch, so that a long sentence does not weigh as a short one does.

    Args:
        network: the student.
        weights: of the objectives.

    Raises:
        UnsupportedError: an objective on words, and a network that reads none.

    Hinton, Vinyals and Dean 2015, section 2 (soft labels of a teacher).
    """

    def __init__(self, network: NeuralAligner, weights: Weights) -> None:
        super().__init__()
        self.network, self.weights = network, weights
        width = network.config.encoder.width
        if (weights.masked or weights.contrastive) and not network.config.words:
            raise UnsupportedError(
                wanted="a network that reads words, for masked and contrastive",
                came="one that knows nothing but masses",
                where="Weights",
                fix="set network.words = true, or both weights to 0",
            )
        if weights.masked:
            self.read_source, self.read_target = nn.Linear(width, width), nn.Linear(width, width)
            self.unread = nn.Parameter(torch.zeros(2, width))

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Return the weighted sum of the objectives, and each of them."""
        hidden = self._hidden(batch.pairs.source), self._hidden(batch.pairs.target)
        found = self.network(hide(batch.pairs, *hidden), forget(batch.prior, *hidden))
        weights, losses = self.weights, {}
        if weights.guided:
            losses["guided"] = guided(found.forward, batch.forward, reduction="query") + guided(
                found.backward, batch.backward, reduction="query"
            )
        if weights.agreement:
            losses["agreement"] = agreement(found.forward, found.backward, reduction="query")
        if weights.masked:
            losses["masked"] = self._masked(found, batch, *hidden)
        if weights.contrastive:
            losses["contrastive"] = self._contrastive(found)
        total = torch.stack([getattr(weights, name) * value for name, value in losses.items()]).sum()
        return total, {name: value.item() for name, value in losses.items()}

    def _hidden(self, texts: Texts) -> Tensor:
        share = self.weights.hidden if self.training else 0.0
        return (torch.rand(texts.words.shape, device=texts.words.device) < share) & texts.words

    def _masked(self, found: Directions, batch: Batch, source: Tensor, target: Tensor) -> Tensor:
        there = self._emission(self.read_source(found.source.states), self.unread[0], batch.target_words)
        back = self._emission(self.read_target(found.target.states), self.unread[1], batch.source_words)
        sides = ((found.forward, there, batch.target_types, target), (found.backward, back, batch.source_types, source))
        total = found.forward.scores.new_zeros(())
        for alignment, (chances, null), types, hidden in sides:
            index = types[:, None, :].expand(-1, chances.shape[1], -1)
            total = total + masked(alignment, chances.gather(2, index).mT, hidden, null=null[types])
        return total

    def _emission(self, states: Tensor, nothing: Tensor, words: Texts) -> tuple[Tensor, Tensor]:
        """Return (pair, word, different word) and (different word,) the log-probability of each of the batch's words
        of the other side, given a word and given NULL."""
        spelled = pool(self.network.encoder.tokens(words.pieces), words.places, words=1)[:, 0]
        spelled = spelled * spelled.shape[-1] ** -0.5
        return (states @ spelled.mT).log_softmax(dim=-1), (nothing @ spelled.mT).log_softmax(dim=-1)

    def _contrastive(self, found: Directions) -> Tensor:
        source, target = (
            Side(*(part[: self.weights.candidates] for part in side)) for side in (found.source, found.target)
        )
        mask = target.real[:, None, :, None] & source.real[None, :, None, :]
        scores = self.network.grid_of(source, target)
        grid = LatentAlignment(family=Independent(), scores=scores, mask=mask)
        return contrastive(grid, per_query=True, temperature=0.2)


def hide(pairs: Pairs, source: Tensor, target: Tensor) -> Pairs:
    """Return pairs with the pieces of some words hidden.

    Args:
        source, target: bool (pair, word).
    """
    return Pairs(*(_hidden(texts, words) for texts, words in zip(pairs, (source, target), strict=True)))


def _hidden(texts: Texts, words: Tensor) -> Texts:
    whole = torch.cat([words, words.new_zeros(len(words), 1)], dim=1)
    pieces = torch.where(whole.gather(1, texts.places) & (texts.pieces != PAD), HIDDEN, texts.pieces)
    return texts._replace(pieces=pieces)


def forget(prior: Prior, source: Tensor, target: Tensor) -> Prior:
    """Return what a teacher would say that had never seen some words.

    Where a hidden word chooses, each of its links is as likely as NULL; where it is chosen, nothing changes.

    Args:
        source, target: bool (pair, word).
    """
    words = (prior.source > 0).sum(dim=1)[:, None, None, None], (prior.target > 0).sum(dim=1)[:, None, None, None]
    real = ((prior.source > 0)[:, :, None] & (prior.target > 0)[:, None, :])[:, None]
    forward = torch.where(real & target[:, None, None, :], 1 / (words[0] + 1), prior.forward)
    backward = torch.where(real & source[:, None, :, None], 1 / (words[1] + 1), prior.backward)
    return Prior(forward, backward, prior.source.masked_fill(source, 1.0), prior.target.masked_fill(target, 1.0))
