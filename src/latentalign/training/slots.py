"""Slots of utterances in training: a vector and lexical weights for each column, and the steps between columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.families import AlignmentFamily, Chain
from latentalign.models.encoder import Encoder
from latentalign.models.slots import SlotScorer, WordInputs, lexical_scores, with_neighbours
from latentalign.training.labels import label_loss, label_shares

NEVER = -20.0
"""The score of a step that no utterance can make, before anything is learned: to the inside of a slot not begun."""


@final
@dataclass(frozen=True, kw_only=True)
class SlotsConfig:
    """What is trained, and how it is kept from learning by heart.

    Args:
        rows: of the table of lexical features; features whose hashes meet share a row.
        dropout: the share of what a state says that is dropped, in [0, 1).
        lexical_dropout: the share of the lexical features of a word that is dropped, in [0, 1).

    Raises:
        InputError: a number outside its range.
    """

    rows: int = 1 << 16
    dropout: float = 0.1
    lexical_dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.rows < 1 or not (0 <= self.dropout < 1 and 0 <= self.lexical_dropout < 1):
            raise InputError(
                wanted="a row at least, and shares in [0, 1)",
                came=f"{self.rows}, {self.dropout} and {self.lexical_dropout}",
                where="SlotsConfig",
            )


class SlotsInTraining(nn.Module):
    """Utterances with the column of each word, by number; ``train`` takes it, with numbers of utterances as items.

    The encoder is read once and stays as it is. The loss is that of ``label_loss``: minus the log-probability of the
    columns, of a ``chain`` that of a conditional random field.

    Args:
        inputs: what is known of the words of each utterance.
        labels: for each utterance, the number of the column of each word.
        begun: for each column, the number of the column that it goes on from, itself aside; None if it may come first.
        family: of the alignment; the steps of a ``chain`` are trained as well.
        settings: what is trained.

    Raises:
        InputError: labels that do not fit the words.
    """

    barred: Tensor

    def __init__(
        self,
        inputs: Sequence[WordInputs],
        labels: Sequence[Sequence[int]],
        *,
        begun: Sequence[int | None],
        family: AlignmentFamily,
        settings: SlotsConfig,
    ) -> None:
        super().__init__()
        if [len(one.states) for one in inputs] != [len(one) for one in labels]:
            raise InputError(wanted="a column for each word of each utterance", came="another number", where="labels")
        self.inputs, self.labels, self.family, self.settings = inputs, labels, family, settings
        columns, features = len(begun), inputs[0].states.shape[1]
        self.vectors = nn.Parameter(torch.zeros(columns, 3 * features))
        self.lexical = nn.Parameter(torch.zeros(settings.rows, columns))
        self.bias = nn.Parameter(torch.zeros(columns))
        self.steps = nn.Parameter(torch.zeros(columns + 1, columns), requires_grad=isinstance(family, Chain))
        self.register_buffer("barred", barred_steps(begun))

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of some utterances, a mean over their words, and the share of these that is right."""
        numbers = batch.tolist()
        dense = torch.cat([with_neighbours(self.inputs[one].states.float()) for one in numbers])
        dropped = F.dropout(dense, self.settings.dropout, self.training)
        features = [row for one in numbers for row in self.inputs[one].numbers]
        drop = self.settings.lexical_dropout if self.training else 0.0
        scores = F.linear(dropped, self.vectors, self.bias) + lexical_scores(features, self.lexical, drop=drop)
        labels = [self.labels[one] for one in numbers]
        gold = [label_shares(one, count=len(self.bias)) for one in labels]
        return label_loss(self._family(), torch.split(scores, [len(one) for one in labels]), gold, labels)

    def _family(self) -> AlignmentFamily:
        if isinstance(self.family, Chain):
            return replace(self.family, learned=self.steps + self.barred)
        return self.family

    def trained(self, encoder: Encoder) -> tuple[SlotScorer, AlignmentFamily]:
        """Return what was learned, and the family with its steps."""
        scorer = SlotScorer(
            encoder=encoder,
            vectors=self.vectors.detach().clone(),
            lexical=self.lexical.detach().clone(),
            bias=self.bias.detach().clone(),
        )
        if not isinstance(self.family, Chain):
            return scorer, self.family
        steps = tuple(map(tuple, (self.steps + self.barred).detach().tolist()))
        return scorer, replace(self.family, steps=steps)


def barred_steps(begun: Sequence[int | None]) -> Tensor:
    """Return (1 + column, column) ``NEVER`` for a step to an inside that does not follow its own slot, 0 elsewhere.

    >>> barred_steps([None, None, 1])[:, 2].tolist()
    [-20.0, -20.0, 0.0, 0.0]
    """
    table = torch.zeros(len(begun) + 1, len(begun))
    for column, first in enumerate(begun):
        if first is not None:
            table[:, column] = NEVER
            table[first + 1, column] = table[column + 1, column] = 0.0
    return table
