"""Slots that are described in training: one module for the slots of many services, so that others can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.families import Chain
from latentalign.models.described_slots import shapes, steps_of
from latentalign.models.label_scores import fitted_temperature, padded
from latentalign.models.slots import WordInputs, lexical_scores, with_neighbours
from latentalign.training.labels import label_loss, label_shares


@final
@dataclass(frozen=True, kw_only=True)
class DescribedSlotsConfig:
    """What is trained.

    Args:
        rows: of the table of lexical features.
        rank: of the maps from words to descriptions.
        dropout: the share of what a state says that is dropped, in [0, 1).
        lexical_dropout: the share of the lexical features of a word that is dropped, in [0, 1).

    Raises:
        InputError: a number outside its range.
    """

    rows: int = 1 << 14
    rank: int = 32
    dropout: float = 0.1
    lexical_dropout: float = 0.5

    def __post_init__(self) -> None:
        if min(self.rows, self.rank) < 1 or not (0 <= self.dropout < 1 and 0 <= self.lexical_dropout < 1):
            raise InputError(
                wanted="a row and a rank of at least 1, and shares in [0, 1)",
                came=f"{self.rows}, {self.rank}, {self.dropout} and {self.lexical_dropout}",
                where="DescribedSlotsConfig",
            )


class Described(NamedTuple):
    """An utterance to learn from.

    Args:
        inputs: what is known of its words.
        slots: the numbers of the slots that it may have values of.
        asked: the numbers of those, in ``slots``, that were asked for.
        labels: the column of each word: 0 none, 2 k + 1 the beginning and 2 k + 2 the inside of slot k of ``slots``.
    """

    inputs: WordInputs
    slots: tuple[int, ...]
    asked: tuple[int, ...]
    labels: tuple[int, ...]


class DescribedSlotsInTraining(nn.Module):
    """Utterances with their slots, by number; ``train`` takes it. The encoder stays as it is.

    Args:
        rows: the utterances.
        descriptions: (slot, features) the vector of the description of each slot.
        settings: what is trained.
    """

    descriptions: Tensor

    def __init__(self, rows: Sequence[Described], descriptions: Tensor, settings: DescribedSlotsConfig) -> None:
        super().__init__()
        self.rows, self.settings = rows, settings
        self.register_buffer("descriptions", descriptions)
        features = descriptions.shape[1]
        self.learned = nn.ParameterDict(
            {
                name: nn.Parameter(torch.zeros(size))
                for name, size in shapes(features=features, rows=settings.rows, rank=settings.rank).items()
            }
        )
        for name, scale in (("to_word", features**-0.5), ("to_slot", 1.0), ("lexical_slot", 1.0)):
            nn.init.normal_(self.learned[name], std=scale * settings.rank**-0.5)

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of some utterances, a mean over their words, and the share of these that is right."""
        rows = [self.rows[one] for one in batch.tolist()]
        most = max(len(one.slots) for one in rows)
        return label_loss(
            Chain(learned=steps_of(self.learned["steps"], most), null=None),
            self._padded(rows, most),
            [label_shares(one.labels, count=2 * most + 1) for one in rows],
            [one.labels for one in rows],
            admitted=[2 * len(one.slots) + 1 for one in rows],
        )

    def _padded(self, rows: Sequence[Described], most: int) -> list[Tensor]:
        return [F.pad(one, (0, 2 * most + 1 - one.shape[1])) for one in self._scores(rows)]

    def _scores(self, rows: Sequence[Described]) -> list[Tensor]:
        own, drop = self.learned, self.settings.lexical_dropout if self.training else 0.0
        dense = torch.cat([with_neighbours(one.inputs.states.float()) for one in rows])
        dense = F.dropout(dense, self.settings.dropout, self.training)
        numbers = [some for one in rows for some in one.inputs.numbers]
        lexical = lexical_scores(numbers, torch.cat([own["lexical"], own["lexical_word"]], dim=1), drop=drop)
        plain = F.linear(dense, own["vectors"], own["bias"]) + lexical[:, :3]
        told = torch.stack(
            [
                (dense @ own["to_word"][kind].T) @ (self.descriptions @ own["to_slot"][kind].T).T
                + lexical[:, 3:] @ (self.descriptions @ own["lexical_slot"][kind].T).T
                for kind in (0, 1)
            ],
            dim=-1,
        )  # (word, slot, kind)
        sizes = [len(one.labels) for one in rows]
        return [
            self._columns(one, *parts)
            for one, *parts in zip(rows, torch.split(plain, sizes), torch.split(told, sizes), strict=True)
        ]

    def _columns(self, row: Described, plain: Tensor, told: Tensor) -> Tensor:
        """Return (word, column) scores of one utterance."""
        asked = self.learned["asked"]
        mine = plain[:, None, 1:] + told[:, list(row.slots)]
        wanted = torch.tensor([float(number in row.asked) for number in range(len(row.slots))])
        mine = mine + wanted[:, None].to(asked.device) * asked[1:]
        nothing = plain[:, :1] + len(row.asked) * asked[0]
        return torch.cat([nothing, mine.flatten(start_dim=1)], dim=1)

    @torch.no_grad()
    def trained(self, aside: Sequence[Described] = ()) -> dict[str, Tensor]:
        """Return what was learned, with the temperature that fits utterances which were not trained on; 1 without any.

        Args:
            aside: these utterances.
        """
        found = {name: one.detach().clone() for name, one in self.learned.items()}
        return {**found, "temperature": torch.tensor(self._temperature(aside) if aside else 1.0)}

    def _temperature(self, aside: Sequence[Described]) -> float:
        most = max(len(one.slots) for one in aside)
        steps = tuple(map(tuple, steps_of(self.learned["steps"], most).tolist()))
        scores, mask = padded(self._padded(aside, most))
        limits = torch.tensor([2 * len(one.slots) + 1 for one in aside])
        mask = mask & (torch.arange(2 * most + 1) < limits[:, None])[:, None, :]
        return fitted_temperature(Chain(steps=steps, null=None), scores, mask, [one.labels for one in aside])
