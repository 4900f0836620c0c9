"""Texts through a model: windows in batches, and the states of every word piece and of every text out of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from latentalign.errors import InputError, ModelError
from latentalign.models.backbone import Backbone, device_of
from latentalign.models.pieces import Integers, Pieces, PieceTokenizer
from latentalign.models.windows import Batch, Window, batches, pack, windows

Pooling = Literal["mean", "cls"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What a model said of some texts.

    Args:
        pieces: their word pieces.
        states: (piece, features), in the order in which they were read; None if not asked for.
        places: (piece,) the row of ``states`` that belongs to each piece.
        pooled: (text, features); None if not asked for.
    """

    pieces: Pieces
    states: Tensor | None
    places: Tensor
    pooled: Tensor | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Reader:
    """A model with its tokenizer, and how it is run.

    Args:
        model, tokenizer: see ``HuggingFaceEncoder``, as are ``pooling``, ``batch_tokens`` and ``frozen``.
        layer, pooled_layer: counted from 0, the embedding.
        room: word pieces in a window.
        overlap: word pieces that neighbouring windows share at least.
    """

    model: Backbone
    tokenizer: PieceTokenizer
    layer: int
    pooled_layer: int
    pooling: Pooling
    room: int
    overlap: int
    batch_tokens: int
    frozen: bool

    def __post_init__(self) -> None:
        special = self.tokenizer.special
        if self.room < 1:
            raise InputError(
                wanted=f"a window of more than {special} tokens, which the special ones take",
                came=str(self.room + special),
                where="window",
            )
        if not 0 <= self.overlap < self.room:
            raise InputError(wanted=f"an overlap from 0 to {self.room - 1}", came=repr(self.overlap), where="overlap")
        if self.pooling == "cls" and not self.tokenizer.prefix:
            raise ModelError(
                wanted="a tokenizer that puts a special token first", came="one that does not", where="pooling='cls'"
            )

    def read(self, texts: Sequence[str], *, states: bool, pooled: bool) -> Reading:
        """Return the states of every piece of the texts, and the vector of each text, as asked."""
        pieces = self.tokenizer.split(texts)
        kept, order, sums = [], [], []
        with self._mode():
            for members in batches(self._windows(pieces), extra=self.tokenizer.special, tokens=self.batch_tokens):
                batch = pack(members, pieces, self.tokenizer)
                found = self._run(batch, states=states, pooled=pooled)
                if states:
                    kept.append(found[0].flatten(0, 1)[self._there(batch.rows)].float())
                    order.append(batch.pieces)
                if pooled:
                    sums.append((batch.texts, *self._pool(batch, found[-1].float())))
        return Reading(
            pieces=pieces,
            states=torch.cat([self._none, *kept]) if states else None,
            places=self._there(_inverse(order, len(pieces.ids))),
            pooled=self._combined(sums, len(texts)) if pooled else None,
        )

    @property
    def _device(self) -> torch.device:
        return device_of(self.model)

    @property
    def _none(self) -> Tensor:
        return torch.zeros(0, self.model.features, device=self._device)

    def _there(self, values: Integers) -> Tensor:
        return torch.from_numpy(values).to(self._device)

    def _mode(self) -> AbstractContextManager[object]:
        return torch.inference_mode() if self.frozen else nullcontext()

    def _windows(self, pieces: Pieces) -> list[Window]:
        return [
            window
            for text, count in enumerate(pieces.counts)
            if count + self.tokenizer.special
            for window in windows(count, size=self.room, overlap=self.overlap, text=text)
        ]

    def _run(self, batch: Batch, *, states: bool, pooled: bool) -> list[Tensor]:
        real = torch.from_numpy(batch.real).to(self._device)
        wanted = [self.layer] * states + [self.pooled_layer] * pooled
        return self.model.hidden(self._there(batch.ids), real, layers=wanted)

    def _pool(self, batch: Batch, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return for each window the sum of what counts for its text, and how many that are."""
        if self.pooling == "cls":
            return states[:, 0], torch.ones(len(states), device=states.device)
        counted = torch.from_numpy(batch.counted).to(states)
        return (counted[:, None, :] @ states)[:, 0].float(), counted.sum(dim=-1)  # bf16 under autocast

    def _combined(self, sums: Sequence[tuple[Integers, Tensor, Tensor]], texts: int) -> Tensor:
        whole = torch.zeros(texts, self.model.features, device=self._device)
        count = torch.zeros(texts, device=self._device)
        for window_texts, total, number in sums:
            rows = self._there(window_texts)
            whole.index_add_(0, rows, total)
            count.index_add_(0, rows, number)
        return whole / count.clamp_min(1)[:, None]


def _inverse(order: Sequence[Integers], size: int) -> Integers:
    places = np.zeros(size, dtype=np.int64)
    if order:
        places[np.concatenate(order)] = np.arange(size)
    return places
