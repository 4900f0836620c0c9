"""A linear head on an encoder, both trained: what a classifier by alignment has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.units import Units
from latentalign.training.matching import freeze

FASTER = 20.0
"""How much faster the head moves than a parameter of the encoder, at one learning rate."""


@final
class HeadInTraining(nn.Module):
    r"""Multinomial logistic regression on the vectors of texts, $\mathrm{softmax}(W \bar x + b)$, and the encoder too.

    Args:
        encoder: is trained in place, but for its embedding.
        texts: what is classified.
        labels: the number of the label of each.
        count: how many labels there are.
        dropout: the share of what each layer adds, and of the vectors, that is dropped, in [0, 1).
    """

    def __init__(
        self, encoder: HuggingFaceEncoder, texts: Sequence[Units], labels: Sequence[int], *, count: int, dropout: float
    ) -> None:
        super().__init__()
        self.encoder, self.dropout = replace(encoder, frozen=False), dropout
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
        return F.linear(F.dropout(vectors, self.dropout, self.training), FASTER * self.weight, FASTER * self.bias)

    def done(self) -> HeadInTraining:
        """Return the module in evaluation, without dropout."""
        self._drop(0.0)
        return self.eval()

    def _drop(self, share: float) -> None:
        if hasattr(self.backbone, "drop_out"):
            cast(Any, self.backbone).drop_out(share)
