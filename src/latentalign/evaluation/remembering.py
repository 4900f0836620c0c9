"""Encoders that remember what they have read, where several systems are asked about the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from latentalign.models.encoder import Encoder
from latentalign.models.units import Encoded, Level, Units


@dataclass(frozen=True, eq=False)
class RememberingEncoder:
    """Gives what it has said of the words of a text without reading the text again.

    Args:
        encoder: what reads; the other kind is asked of it each time.
        kept: ``vectors`` of whole texts, or ``states`` of words, which are kept in half precision.
        known: what was said, by text and words.
    """

    encoder: Encoder
    kept: Literal["vectors", "states"] = "vectors"
    known: dict[Units, Encoded] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the vectors and the states are."""
        return self.encoder.device

    def encode(
        self, units: Sequence[Units], *, level: Level, states: bool = True, pooled: bool = True
    ) -> list[Encoded]:
        """Return what is asked for of each text, in input order."""
        if level != "word" or (states, pooled) != (self.kept == "states", self.kept == "vectors"):
            return self.encoder.encode(units, level=level, states=states, pooled=pooled)
        if new := [one for one in dict.fromkeys(units) if one not in self.known]:
            found = self.encoder.encode(new, level=level, states=states, pooled=pooled)
            self.known.update((one, _halved(read)) for one, read in zip(new, found, strict=True))
        return [_whole(self.known[one]) for one in units]


def _halved(one: Encoded) -> Encoded:
    return one if one.states is None else Encoded(states=one.states.half(), pooled=None)


def _whole(one: Encoded) -> Encoded:
    return one if one.states is None else Encoded(states=one.states.float(), pooled=None)
