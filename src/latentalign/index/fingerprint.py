"""What an encoder is known by: the vector that it gives one sentence, so that an index is read with its own encoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentalign.errors import ModelError
from latentalign.index.vectors import normalized
from latentalign.models.encoder import Encoder
from latentalign.models.units import Units
from latentalign.text.words import words

SENTENCE = "The quick brown fox jumps over the lazy dog, and 7 old passports are renewed at the city office."
LEAST = 0.99
"""The cosine below which two vectors of the sentence are of different encoders; number formats change less."""


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """An encoder as a manifest knows it.

    Args:
        name: as in the settings of the index.
        vector: (feature,) of the sentence, of length 1.
    """

    name: str
    vector: tuple[float, ...]

    @classmethod
    def of(cls, encoder: Encoder, *, name: str) -> Fingerprint:
        """Return the fingerprint of an encoder.

        Cost: one pass over a short sentence.
        """
        import torch

        units = Units(text=SENTENCE, spans=words(SENTENCE))
        with torch.inference_mode():
            (found,) = encoder.encode([units], level="word", states=False, pooled=True)
        assert found.pooled is not None
        vector = normalized(found.pooled.float().cpu().numpy())
        return cls(name=name, vector=tuple(round(float(one), 4) for one in vector))

    def check(self, other: Fingerprint, *, where: str) -> None:
        """Compare with the encoder that is there now.

        Raises:
            ModelError: it is another one than the index was built with.
        """
        same = len(self.vector) == len(other.vector)
        cosine = float(normalized(np.array(self.vector)) @ normalized(np.array(other.vector))) if same else 0.0
        if cosine < LEAST:
            alike = f"the same sentence a vector of cosine {cosine:.2f}" if same else f"{len(other.vector)} features"
            raise ModelError(
                wanted=f"the encoder that the index was built with, {self.name} of {len(self.vector)} features",
                came=f"{other.name}, which gives {alike}",
                where=where,
                fix=f"put that encoder back in its place, or build the index anew with the other one: "
                f"latentalign index build NEW_FOLDER DOCUMENTS --model {other.name}",
            )
