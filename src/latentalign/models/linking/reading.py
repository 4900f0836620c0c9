"""What the encoder says of names and contexts, remembered, since the same names come again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from latentalign.models.matcher.memory import read, units_of, vectors
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Encoded, Units

MOST = 20_000
"""Texts that are remembered."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """Encodes each text once while it is remembered.

    Args:
        scorer: whose encoder reads.
        most: texts that are remembered; the one that was asked for longest ago goes first.
    """

    scorer: PairScorer
    most: int = MOST
    _seen: OrderedDict[Units, Encoded] = field(default_factory=OrderedDict, repr=False)

    def known(self, units: Sequence[Units]) -> dict[Units, Encoded]:
        """Return what the encoder says of some texts; nothing without an encoder."""
        new = [one for one in dict.fromkeys(units) if one not in self._seen]
        fresh = read(new, self.scorer) if new else {}
        found = {
            one: fresh[one] if one in fresh else self._seen[one] for one in units if one in fresh or one in self._seen
        }
        self._seen.update(fresh)
        for one in found:
            self._seen.move_to_end(one)
        while len(self._seen) > self.most:
            self._seen.popitem(last=False)
        return found

    def vectors(self, texts: Sequence[str]) -> Tensor | None:
        """Return (text, features) of length 1; None without an encoder."""
        if self.scorer.encoder is None:
            return None
        units = [units_of(one) for one in texts]
        return vectors(units, self.known(units))
