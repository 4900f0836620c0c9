"""How the options of a dynamic program become one: summed, maximised, or drawn."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Fold = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From options (option, ...) to what they are worth together, and the one that is chosen."""


def softly(options: Tensor) -> tuple[Tensor, Tensor]:
    """Fold by summing; nothing is chosen."""
    return torch.logsumexp(options, dim=0), options.new_zeros(())


def firmly(options: Tensor) -> tuple[Tensor, Tensor]:
    """Fold by the maximum, and choose it.

    >>> firmly(torch.tensor([1.0, 3.0, 2.0]))
    (tensor(3.), tensor(1))
    """
    best, chosen = options.max(dim=0)
    return best, chosen


def at_random(generator: torch.Generator | None) -> Fold:
    """Return the fold that sums, and draws an option by its share of the sum (the Gumbel-max trick)."""

    def drawn(options: Tensor) -> tuple[Tensor, Tensor]:
        noise = torch.empty_like(options).exponential_(generator=generator).log()
        return torch.logsumexp(options, dim=0), (options - noise).max(dim=0).indices

    return drawn
