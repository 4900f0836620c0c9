"""Where a smooth function of a few parameters is least."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def minimum(loss: Callable[[Tensor], Tensor], start: list[float]) -> list[float]:
    """Return where a smooth loss of a few parameters is least, from a start.

    >>> [round(one, 6) for one in minimum(lambda at: (at[0] - 2) ** 2 + (at[1] - 1) ** 2, [0.0, 0.0])]
    [2.0, 1.0]
    """
    parameters = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        found = loss(parameters)
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return [float(one) for one in parameters.detach()]
