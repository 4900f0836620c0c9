"""Sections of documents in training: the encoder, a vector for each section, and the steps from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.errors import InputError, UnsupportedError
from latentalign.families import AlignmentFamily, Chain
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.label_scores import with_null
from latentalign.models.lora import Lora, merged
from latentalign.models.sections import SectionScorer, sentence_states
from latentalign.text.split_texts import SplitText
from latentalign.training.labels import label_loss, label_shares
from latentalign.training.matching import trainable

FASTER = 20.0
"""How much faster the vectors and steps of the sections move than a parameter of the encoder, at one learning rate."""


@final
@dataclass(frozen=True, kw_only=True)
class SectionsConfig:
    """What is trained, and how it is kept from learning by heart.

    Args:
        frozen_layers: layers of the encoder, from below, that stay as they are; its embedding always does.
        dropout: the share of what each layer adds, and of the states of sentences, that is dropped, in [0, 1).
        lora: trains adapters of low rank in place of the layers (extra ``lora``); None trains the layers themselves.
        smoothing: the share of each label that all sections have alike, in [0, 1), where it is not known how many
            annotators gave it.

    Raises:
        InputError: a number outside its range.
    """

    frozen_layers: int = 0
    dropout: float = 0.1
    smoothing: float = 0.0
    lora: Lora | None = None

    def __post_init__(self) -> None:
        if self.frozen_layers < 0 or not (0 <= self.dropout < 1 and 0 <= self.smoothing < 1):
            raise InputError(
                wanted="no negative number of frozen layers, dropout and smoothing in [0, 1)",
                came=f"{self.frozen_layers}, {self.dropout} and {self.smoothing}",
                where="SectionsConfig",
            )


class SectionsInTraining(nn.Module):
    r"""Documents with the section of each sentence, by number; ``train`` takes it, with numbers of documents as items.

    $$L = \Phi(S) - \sum_i \langle S_i, g_i \rangle - \sum_i g_{i-1}^\top t\, g_i$$

    over the number of sentences: minus the expected log-probability of sections drawn from $g$. $g_i$ gives the label
    the share c of the annotators, and each other section $(1 - c) / (K - 1)$; where all agree, L is minus the
    log-probability of the labels, of a ``chain`` that of a conditional random field. t is 0 but for a ``chain``; for
    families that have scores of their own for the structure, labels are taken as certain.

    Args:
        encoder: is trained in place.
        documents: with their sentences.
        labels: for each document, the number of the section of each sentence.
        trust: for each document, c for each sentence; none where it is not known.
        sections: how many there are.
        family: of the alignment; the steps of a ``chain`` are trained as well, from 0.
        settings: what is trained.

    Raises:
        UnsupportedError: a family that is no distribution.
        InputError: labels that do not fit the sentences.

    Lafferty, McCallum and Pereira 2001, eq. 3; Jin and Szolovits 2018 (sections of abstracts).
    """

    def __init__(
        self,
        encoder: HuggingFaceEncoder,
        documents: Sequence[SplitText],
        labels: Sequence[Sequence[int]],
        *,
        trust: Sequence[Sequence[float]] = (),
        sections: int,
        family: AlignmentFamily,
        settings: SectionsConfig,
    ) -> None:
        super().__init__()
        if not family.probabilistic:
            raise UnsupportedError(wanted="a distribution over alignments", came=str(family), where="family")
        if [len(one.sentences) for one in documents] != [len(one) for one in labels]:
            raise InputError(
                wanted="a section for each sentence of each document", came="another number", where="labels"
            )
        self.encoder = trainable(encoder, settings.lora, frozen_layers=settings.frozen_layers)
        self.backbone = cast(nn.Module, self.encoder.model)
        if hasattr(self.backbone, "drop_out"):
            cast(Any, self.backbone).drop_out(settings.dropout)
        self.documents, self.labels, self.settings = documents, labels, settings
        every = trust or [()] * len(labels)
        self.gold = [
            label_shares(one, some, count=sections, smoothing=settings.smoothing)
            for one, some in zip(labels, every, strict=True)
        ]
        self.family = with_null(family, allowed=False)
        self.vectors = nn.Parameter(torch.zeros(sections, encoder.model.features))
        self.bias = nn.Parameter(torch.zeros(sections))
        self.steps = nn.Parameter(torch.zeros(sections + 1, sections), requires_grad=isinstance(family, Chain))

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of some documents, a mean over their sentences, and the share of these that is right."""
        numbers = batch.tolist()
        states = sentence_states([self.documents[one] for one in numbers], self.encoder)
        with torch.autocast(batch.device.type, enabled=False):
            return label_loss(
                self._family(),
                [self._scores(one.float()) for one in states],
                [self.gold[one] for one in numbers],
                [self.labels[one] for one in numbers],
            )

    def _scores(self, states: Tensor) -> Tensor:
        dropped = F.dropout(states, self.settings.dropout, self.training)
        return F.linear(dropped, FASTER * self.vectors, FASTER * self.bias)

    def _family(self) -> AlignmentFamily:
        if isinstance(self.family, Chain):
            return replace(self.family, learned=FASTER * self.steps)
        return self.family

    def trained(self) -> tuple[SectionScorer, AlignmentFamily]:
        """Return what was learned, the encoder read-only again."""
        if hasattr(self.backbone, "drop_out"):
            cast(Any, self.backbone).drop_out(0.0)
        self.backbone.eval()
        scorer = SectionScorer(
            encoder=replace(merged(self.encoder), frozen=True),
            vectors=(FASTER * self.vectors).detach().clone(),
            bias=(FASTER * self.bias).detach().clone(),
        )
        if not isinstance(self.family, Chain):
            return scorer, self.family
        steps = tuple(map(tuple, (FASTER * self.steps).detach().tolist()))
        return scorer, replace(self.family, steps=steps)
