"""Encoders that remember what they have read, where several systems are asked about the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from latentalign.models.encoder import Encoder
from latentalign.models.units import Encoded, Level, Units


@dataclass(frozen=True, eq=False)
class RememberingEncoder:
    """Gives the vectors of texts that it has seen without reading them again.

    Args:
        encoder: what reads; states of words are asked of it each time.
        known: the vectors by text.
    """

    encoder: Encoder
    known: dict[str, Encoded] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the vectors are."""
        return self.encoder.device

    def encode(
        self, units: Sequence[Units], *, level: Level, states: bool = True, pooled: bool = True
    ) -> list[Encoded]:
        """Return the vectors of each text, in input order."""
        if states or level != "word":
            return self.encoder.encode(units, level=level, states=states, pooled=pooled)
        new = [one for text, one in {one.text: one for one in units}.items() if text not in self.known]
        if new:
            found = self.encoder.encode(new, level=level, states=False, pooled=True)
            self.known.update((one.text, vector) for one, vector in zip(new, found, strict=True))
        return [self.known[one.text] for one in units]


@dataclass(frozen=True, eq=False)
class RememberingWords:
    """Gives the states of the words of texts that it has seen without reading them again.

    Args:
        encoder: what reads; vectors of whole texts are asked of it each time.
        known: the states by text and words, in half precision.
    """

    encoder: Encoder
    known: dict[Units, Tensor] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the states are."""
        return self.encoder.device

    def encode(
        self, units: Sequence[Units], *, level: Level, states: bool = True, pooled: bool = True
    ) -> list[Encoded]:
        """Return the states of each text, in input order."""
        if pooled or level != "word":
            return self.encoder.encode(units, level=level, states=states, pooled=pooled)
        new = [one for one in dict.fromkeys(units) if one not in self.known]
        if new:
            found = self.encoder.encode(new, level=level, states=True, pooled=False)
            self.known.update(
                (one, read.states.half()) for one, read in zip(new, found, strict=True) if read.states is not None
            )
        return [Encoded(states=self.known[one].float(), pooled=None) for one in units]
