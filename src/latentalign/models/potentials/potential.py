"""The one interface of every potential: a small reason why two units may belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from latentalign.models.units import Side


class Potential(ABC):
    r"""One term of the score matrix, $S = \sum_k w_k P_k$, in log-odds of a link against NULL.

    Subclasses are final, frozen, keyword-only dataclasses whose first field is ``weight``. They do not apply their
    weight: the scorer does.
    """

    weight: float
    needs_states: ClassVar[bool]
    needs_pooled: ClassVar[bool]

    @abstractmethod
    def __call__(self, source: Side, target: Side) -> Tensor:
        """Return the scores of all pairs of units at weight 1, of a shape that broadcasts to (batch, query, key).

        What stands at a padded position does not matter, but it is finite.
        """
