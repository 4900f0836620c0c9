"""The one interface of everything that turns texts into hidden states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch

from latentalign.models.units import Encoded, Level, Units


class Encoder(Protocol):
    """Turns texts into hidden states.

    At level ``word`` the state of a unit is the mean of the hidden states of the word pieces that overlap its span,
    and 0 if there is none; the text is read as a whole. At level ``sentence`` every unit is read as a text of its own,
    its state is its pooled vector, and the vector of the whole text is the mean of them.
    """

    @property
    def device(self) -> torch.device:
        """Where the states are."""
        ...

    def encode(
        self, units: Sequence[Units], *, level: Level, states: bool = True, pooled: bool = True
    ) -> list[Encoded]:
        """Return the states of each text, in input order.

        Args:
            units: the texts and their units; the same text twice costs as much as once.
            level: what the units are.
            states, pooled: what is wanted; the other field is None.
        """
        ...


@runtime_checkable
class KnowsWords(Protocol):
    """An encoder that can tell a word from a misspelled one."""

    def is_word(self, word: str) -> bool:
        """Return whether a word is a whole piece of its vocabulary."""
        ...
