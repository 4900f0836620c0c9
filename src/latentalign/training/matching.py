"""A matcher in training: every text of the candidates is explained by the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.errors import InputError, UnsupportedError
from latentalign.families import LatentAlignment
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.lora import Lora, merged
from latentalign.models.matcher.matcher import Matcher, per_unit
from latentalign.models.matcher.memory import Memory, units_of
from latentalign.models.matcher.reduction import by_candidate
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Encoded, Units, side
from latentalign.objectives.neighbours import neighbours
from latentalign.text.misspelling import misspelled

FASTER = 50.0
"""How much faster the logarithm of a weight moves than a parameter of the encoder, at one learning rate."""


@final
@dataclass(frozen=True, kw_only=True)
class MatchingConfig:
    """What of a matcher is trained.

    Args:
        mined: texts whose words are aligned with each text of a batch: half of them the nearest of its own candidate,
            half the nearest of others.
        frozen_layers: layers of the encoder, from below, that stay as they are; its embedding always does.
        dropout: the share of what each layer adds that is dropped, in [0, 1); only for BERT encoders of our own code.
        lora: trains adapters of low rank in place of the layers (extra ``lora``); None trains the layers themselves.
        misspelled: the share of the texts of a batch that are read with misspelled words, in [0, 1].
        weights: whether the weights of the potentials, and of the words against the whole, are trained as well.

    Raises:
        InputError: a number outside its range.
    """

    mined: int = 8
    frozen_layers: int = 0
    dropout: float = 0.1
    misspelled: float = 0.0
    weights: bool = True
    lora: Lora | None = None

    def __post_init__(self) -> None:
        shares = 0 <= self.dropout < 1 and 0 <= self.misspelled <= 1
        if self.mined < 2 or self.frozen_layers < 0 or not shares:
            raise InputError(
                wanted="at least 2 mined texts and 0 frozen layers, dropout in [0, 1), misspelled in [0, 1]",
                came=f"{self.mined}, {self.frozen_layers}, {self.dropout} and {self.misspelled}",
                where="MatchingConfig",
            )


class MatcherInTraining(nn.Module):
    """The matcher as a module: its encoder and weights are trained on the texts of a memory.

    The memory keeps what the encoder last said of each text, and each batch brings it up to date for its own. So every
    text is compared with all others, at the price of one product of matrices.

    Args:
        matcher: is trained in place; its encoder is a ``HuggingFaceEncoder``.
        memory: the candidates with their texts.
        settings: what is trained.

    Raises:
        UnsupportedError: an encoder of another kind.
        InputError: no candidate has two texts, or fewer than two have one.

    Wu, Efros and Yu 2018, section 3.2 (the memory).
    """

    pooled: Tensor
    states: Tensor

    def __init__(self, matcher: Matcher, memory: Memory, settings: MatchingConfig) -> None:
        super().__init__()
        encoder = matcher.scorer.encoder
        if not isinstance(encoder, HuggingFaceEncoder) or memory.states is None:
            raise UnsupportedError(wanted="a Hugging Face encoder", came=type(encoder).__name__, where="matcher")
        if len(memory.candidates) < 2 or int(memory.counts.max()) < 2:
            raise InputError(
                wanted="two candidates or more, and two texts of one of them at least",
                came=f"{len(memory.candidates)} candidates with {int(memory.counts.max())} texts at most",
                where="candidates",
            )
        self.settings, self.family, self.whole_weight = settings, matcher.family, matcher.whole_weight
        self.encoder = trainable(encoder, settings.lora, frozen_layers=settings.frozen_layers)
        self.backbone = cast(nn.Module, self.encoder.model)
        self.potentials = matcher.scorer.potentials
        weights = torch.tensor([one.weight for one in self.potentials] + [matcher.word_weight]).clamp_min(1e-3)
        self.register_buffer("start", weights.log())
        self.change = nn.Parameter(torch.zeros_like(weights), requires_grad=settings.weights)
        self.units, self.bounds, self.owner, self.counts = memory.units, memory.bounds, memory.owner, memory.counts
        # with the memory, a resumed run goes on to the bit
        self.register_buffer("pooled", memory.pooled.clone(memory_format=torch.contiguous_format))
        self.register_buffer("states", memory.states.clone())
        if hasattr(self.backbone, "drop_out"):
            cast(Any, self.backbone).drop_out(settings.dropout)

    @property
    def weights(self) -> Tensor:
        """(potential + 1,) the weights of the potentials, and of the words; they move faster than the encoder."""
        return (cast(Tensor, self.start) + FASTER * self.change).exp()

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the texts of some numbers, and how many of them are explained by their own candidate."""
        by_class = self.values(batch)
        losses = neighbours(by_class, self.owner[batch], reduction="none")
        usable = self.counts[self.owner[batch]] > 1
        right = (by_class.argmax(dim=1) == self.owner[batch])[usable].float().mean()
        return losses[usable].sum() / max(1, len(batch)), {"right": float(right.nan_to_num(0.0))}

    def values(self, batch: Tensor, others: Sequence[Units] = ()) -> Tensor:
        """Return (text, candidate) values; in training the memory then has what the encoder now says of its texts.

        Args:
            batch: the numbers of texts in the memory; each is explained by all others.
            others: texts that are not in it; they come after those.
        """
        numbers = batch.tolist()
        texts = [self._read(one) for one in (*(self.units[number] for number in numbers), *others)]
        found = self.encoder.encode(texts, level="word", states=True, pooled=True)
        vectors = F.normalize(torch.stack([cast(Tensor, one.pooled) for one in found]), dim=-1)
        known = vectors[: len(numbers)]
        wholes = self.whole_weight * (vectors @ self.pooled.T).index_copy(1, batch, vectors @ known.T)
        values = self._with_words(wholes, batch, texts, found)
        by_class = by_candidate(values[: len(numbers)], self.owner, self.counts, without=numbers)
        if others:
            by_class = torch.cat([by_class, by_candidate(values[len(numbers) :], self.owner, self.counts)])
        if self.training:
            self._remember(numbers, known, found[: len(numbers)])
        return by_class

    def trained(self, matcher: Matcher) -> Matcher:
        """Return the matcher with what was learned, its encoder read-only again."""
        if hasattr(self.backbone, "drop_out"):
            cast(Any, self.backbone).drop_out(0.0)
        self.backbone.eval()
        weights = self.weights.detach().tolist()
        potentials = tuple(
            replace(cast(Any, one), weight=weight) for one, weight in zip(self.potentials, weights[:-1], strict=True)
        )
        scorer = PairScorer(encoder=replace(merged(self.encoder), frozen=True), potentials=potentials)
        return replace(matcher, scorer=scorer, word_weight=weights[-1])

    def _read(self, text: Units) -> Units:
        """Return a text, in training now and then misspelled; where that would give other words in number, as it is.

        The chance comes from torch, whose state a checkpoint keeps, so that a resumed run goes on to the bit.
        """
        if not self.training or not self.settings.misspelled:
            return text
        draw, seed = torch.rand(1).item(), int(torch.randint(2**31, (1,)))
        found = units_of(misspelled(text.text, Random(seed))) if draw < self.settings.misspelled else text
        return found if len(found.spans) == len(text.spans) else text

    def _with_words(self, wholes: Tensor, batch: Tensor, texts: Sequence[Units], found: Sequence[Encoded]) -> Tensor:
        """Return (text, text in memory) values, the words of the mined ones aligned."""
        few = self._mined(wholes.detach(), batch)
        weights = self.weights
        left = [one for one in texts for _ in range(few.shape[1])]
        ours = [one for one in found for _ in range(few.shape[1])]
        right = few.flatten().tolist()
        source = side(left, ours, level="word", device=wholes.device)
        target = side([self.units[one] for one in right], [self._known(one) for one in right], device=wholes.device)
        mask = source.mask[:, :, None] & target.mask[:, None, :]
        parts = [potential(source, target).broadcast_to(mask.shape) for potential in self.potentials]
        scores = torch.stack(parts, dim=-1) @ weights[:-1]
        alignment = LatentAlignment(family=self.family, scores=torch.where(mask, scores, 0.0), mask=mask)
        words = (weights[-1] * per_unit(alignment)).reshape(few.shape)
        rest = words.amin(dim=1, keepdim=True).expand_as(wholes)
        return wholes + rest.scatter(1, few, words)

    def _mined(self, wholes: Tensor, batch: Tensor) -> Tensor:
        """Return (text, few) the nearest texts of the same candidate and of others, never the text itself; of a text
        that is not in the memory, the nearest ones."""
        ours, most = wholes[: len(batch)], min(self.settings.mined, wholes.shape[1] - 1)
        own = self.owner[batch][:, None] == self.owner
        itself = F.one_hot(batch, len(self.owner)).bool()
        fewest = self.counts[self.owner[batch]].min() if len(batch) else 1
        half = min(self.settings.mined // 2, int(fewest) - 1)
        same = ours.masked_fill(~own | itself, -torch.inf).topk(max(0, half), dim=1).indices
        taken = itself | torch.zeros_like(itself).scatter(1, same, own.gather(1, same))
        others = ours.masked_fill(taken, -torch.inf).topk(most - same.shape[1], dim=1).indices
        return torch.cat([torch.cat([same, others], dim=1), wholes[len(batch) :].topk(most, dim=1).indices])

    def _known(self, number: int) -> Encoded:
        states = self.states[self.bounds[number] : self.bounds[number + 1]]
        return Encoded(states=states.float(), pooled=self.pooled[number])

    @torch.no_grad()
    def _remember(self, numbers: Sequence[int], vectors: Tensor, found: Sequence[Encoded]) -> None:
        self.pooled = self.pooled.index_copy(0, torch.tensor(numbers), vectors.detach())  # the old one is still read
        for number, one in zip(numbers, found, strict=True):
            self.states[self.bounds[number] : self.bounds[number + 1]] = cast(Tensor, one.states).detach().half()


def size_of(units: Units) -> int:
    """Return about how many tokens a text has, for batches of similar length."""
    return len(units.spans) + 2


def trainable(encoder: HuggingFaceEncoder, lora: Lora | None, *, frozen_layers: int) -> HuggingFaceEncoder:
    """Return an encoder whose states carry gradients: to its layers but the lowest, or to adapters alone."""
    if lora is not None:
        return replace(lora.adapted(encoder), frozen=False)
    freeze(cast(nn.Module, encoder.model), frozen_layers)
    return replace(encoder, frozen=False)


def freeze(backbone: nn.Module, layers: int) -> None:
    """Leave the embedding and so many of the lowest layers as they are."""
    for name, weight in backbone.named_parameters():
        numbers = [int(part) for part in name.split(".") if part.isdigit()]
        weight.requires_grad_("embed" not in name and (not numbers or numbers[0] >= layers))
