"""Words of an utterance against the slots that they may be values of: one score for each pair, linear in both."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.models.encoder import Encoder
from latentalign.models.label_scores import padded
from latentalign.models.units import Units
from latentalign.text.word_features import word_features

AT_ONCE = 256
"""Utterances that are read together."""
STATES = (-1, 0, 1)
"""Whose states a word sees: the word before, itself, the word after."""


class Utterance(NamedTuple):
    """What was said, with its words, and the slots that it was asked for, if that is known."""

    units: Units
    asked: tuple[str, ...] = ()


class WordInputs(NamedTuple):
    """What is known of the words of one utterance.

    Args:
        states: (word, features) of the encoder.
        numbers: for each word, the rows of its lexical features.
        about: for each word and feature, the places of the words that it speaks of.
    """

    states: Tensor
    numbers: tuple[tuple[int, ...], ...]
    about: tuple[tuple[tuple[int, ...], ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotScorer:
    r"""Scores each word of an utterance against each column: the beginning and the inside of each slot, and none.

    $$S_{ic} = \sum_{d=-1}^{1} x_{i+d} \cdot v_{cd} + \sum_{f \in F(i)} w_{fc} + b_c$$

    $x$ are states of the encoder, 0 beyond the edges; $F$ lexical features (``word_features``), each in the row of a
    hash of its name. It is a sum over words, so what each word carries is exact.

    Args:
        encoder: gives the states.
        vectors: (column, 3 x features) $v$.
        lexical: (row, column) $w$.
        bias: (column,) $b$.
    """

    encoder: Encoder
    vectors: Tensor
    lexical: Tensor
    bias: Tensor

    @torch.inference_mode()
    def inputs(self, utterances: Sequence[Utterance]) -> list[WordInputs]:
        """Return what is known of the words of each utterance."""
        return word_inputs(utterances, self.encoder, rows=len(self.lexical))

    @torch.inference_mode()
    def scores(self, utterances: Sequence[Utterance]) -> tuple[Tensor, Tensor]:
        """Return (utterance, word, column) scores, and the mask of the real words."""
        return padded([self.of_inputs(one) for one in self.inputs(utterances)])

    def of_inputs(self, inputs: WordInputs) -> Tensor:
        """Return (word, column) scores."""
        whole = F.linear(with_neighbours(inputs.states.float()), self.vectors, self.bias)
        return whole + lexical_scores(inputs.numbers, self.lexical)

    @torch.inference_mode()
    def carried(self, inputs: WordInputs, start: int, columns: Sequence[int], against: int) -> list[float]:
        r"""Return what each word of an utterance adds to the score of some columns over that of another column.

        A feature of two words is shared by them; the bias and what was asked belong to no word.

        Args:
            inputs: of the utterance.
            start: the word that the first column is of; the others are of the words after it.
            columns: of neighbouring words.
            against: the column that is compared with.
        """
        found = [0.0] * len(inputs.states)
        parts = self.vectors.reshape(len(self.vectors), len(STATES), -1)
        for place, column in enumerate(columns, start=start):
            for step, vector in zip(STATES, parts[column] - parts[against], strict=True):
                if 0 <= place + step < len(found):
                    found[place + step] += float(inputs.states[place + step].float() @ vector)
            rows = self.lexical[list(inputs.numbers[place])]
            gains = (rows[:, column] - rows[:, against]).tolist()
            for gain, about in zip(gains, inputs.about[place], strict=True):
                for step in about:
                    found[place + step] += gain / len(about)
        return found


def word_inputs(utterances: Sequence[Utterance], encoder: Encoder, *, rows: int) -> list[WordInputs]:
    """Return what is known of the words of each utterance.

    Args:
        utterances: each with a word.
        encoder: gives the states.
        rows: of the table of lexical features.

    Cost: one pass of the encoder over each different text.
    """
    found: list[WordInputs] = []
    for start in range(0, len(utterances), AT_ONCE):
        some = utterances[start : start + AT_ONCE]
        encoded = encoder.encode([one.units for one in some], level="word", states=True, pooled=False)
        found += [_inputs(one, cast(Tensor, states.states), rows) for one, states in zip(some, encoded, strict=True)]
    return found


def with_neighbours(states: Tensor) -> Tensor:
    """Return (word, 3 x features): the state of the word before, of the word, and of the word after."""
    before, after = F.pad(states[:-1], (0, 0, 1, 0)), F.pad(states[1:], (0, 0, 0, 1))
    return torch.cat([before, states, after], dim=1)


def lexical_scores(numbers: Sequence[Sequence[int]], lexical: Tensor, *, drop: float = 0.0) -> Tensor:
    """Return (word, column) the sum of the rows of each word's features, a share of which may be dropped."""
    flat = torch.tensor([one for some in numbers for one in some], device=lexical.device)
    offsets = torch.tensor([0, *(len(some) for some in numbers)][:-1], device=lexical.device).cumsum(dim=0)
    kept = F.dropout(torch.ones_like(flat, dtype=lexical.dtype), drop, training=drop > 0)
    return F.embedding_bag(flat, lexical, offsets, mode="sum", per_sample_weights=kept)


def asked_row(name: str, rows: int) -> int:
    """Return the row of the feature of every word that a slot was asked for."""
    return _row(f"asked {name}", rows)


def _inputs(utterance: Utterance, states: Tensor, rows: int) -> WordInputs:
    features = word_features(utterance.units.strings)
    asked = [asked_row(name, rows) for name in utterance.asked]
    return WordInputs(
        states=states,
        numbers=tuple((*(_row(one.name, rows) for one in some), *asked) for some in features),
        about=tuple((*(one.about for one in some), *([()] * len(asked))) for some in features),
    )


@lru_cache(maxsize=1 << 18)
def _row(name: str, rows: int) -> int:
    return zlib.crc32(name.encode("utf-8")) % rows
