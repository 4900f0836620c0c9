"""A linear head on an encoder, both trained: what a classifier by alignment has to beat, or to have beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.errors import UnsupportedError
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.units import Units
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.loop import train
from latentalign.training.matching import freeze, size_of

FASTER = 20.0
"""How much faster the head moves than a parameter of the encoder, at one learning rate."""
LENGTH = 5.0
"""About how long the vectors of encoders are: what those that are brought to length 1 are multiplied by."""


@final
class HeadInTraining(nn.Module):
    r"""Multinomial logistic regression on the vectors of texts, $\mathrm{softmax}(W \bar x + b)$, and the encoder too.

    Args:
        encoder: is trained in place, but for its embedding.
        texts: what is classified.
        labels: the number of the label of each.
        count: how many labels there are.
        dropout: the share of what each layer adds, and of the vectors, that is dropped, in [0, 1).
        normalised: whether the vectors are brought to length 1, as a matcher compares them.
    """

    def __init__(
        self,
        encoder: HuggingFaceEncoder,
        texts: Sequence[Units],
        labels: Sequence[int],
        *,
        count: int,
        dropout: float,
        normalised: bool = False,
    ) -> None:
        super().__init__()
        self.encoder, self.dropout, self.normalised = replace(encoder, frozen=False), dropout, normalised
        self.backbone = cast(nn.Module, encoder.model)
        freeze(self.backbone, 0)
        self._drop(dropout)
        self.texts, self.labels = texts, torch.tensor(labels)
        self.weight = nn.Parameter(torch.zeros(count, encoder.model.features))
        self.bias = nn.Parameter(torch.zeros(count))

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the cross-entropy of the texts of some numbers, and the share that is right."""
        logits = self.logits([self.texts[one] for one in batch.tolist()])
        told = self.labels[batch.cpu()].to(logits.device)
        return F.cross_entropy(logits, told), {"right": (logits.argmax(dim=1) == told).float().mean().item()}

    def logits(self, texts: Sequence[Units]) -> Tensor:
        """Return (text, label) log-odds."""
        found = self.encoder.encode(texts, level="word", states=False, pooled=True)
        vectors = torch.stack([cast(Tensor, one.pooled) for one in found]).float()
        if self.normalised:
            vectors = F.normalize(vectors, dim=-1)
        whole, bias = self._linear()
        return F.dropout(vectors, self.dropout, self.training) @ whole + bias

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        """(feature, label) the weights of the vectors, and (label,) the log-odds without any."""
        whole, bias = self._linear()
        return whole.detach(), bias.detach()

    def _linear(self) -> tuple[Tensor, Tensor]:
        return FASTER * (LENGTH if self.normalised else 1.0) * self.weight.T, FASTER * self.bias

    def done(self) -> HeadInTraining:
        """Return the module in evaluation, without dropout."""
        self._drop(0.0)
        return self.eval()

    def _drop(self, share: float) -> None:
        if hasattr(self.backbone, "drop_out"):
            cast(Any, self.backbone).drop_out(share)


def train_head(
    encoder: object,
    texts: Sequence[Units],
    labels: Sequence[int],
    *,
    training: TrainingConfig,
    dropout: float,
    normalised: bool = False,
    folder: Path | None = None,
) -> HeadInTraining:
    """Return an encoder with a head, both trained on some texts; the arguments are those of ``HeadInTraining``.

    Args:
        encoder: is trained in place.
        texts: what is classified.
        labels: the number of the label of each.
        training: how; its seed is that of the head as well.
        dropout: see there.
        normalised: see there.
        folder: for the checkpoints and the log; None keeps neither.

    Raises:
        UnsupportedError: an encoder that is no ``HuggingFaceEncoder``.
        TrainingError: the training cannot go on.
    """
    if not isinstance(encoder, HuggingFaceEncoder):
        raise UnsupportedError(wanted="a Hugging Face encoder", came=type(encoder).__name__, where="train_head")
    torch.manual_seed(training.seed)
    count = max(labels) + 1
    module = HeadInTraining(encoder, texts, labels, count=count, dropout=dropout, normalised=normalised)
    corpus = Items(items=range(len(texts)), measure=lambda number: size_of(texts[number]))
    train(module, corpus, collate=torch.tensor, config=training, folder=folder)
    return module.done()
