"""A running average of the parameters, which is often better than the last of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn


class Average:
    r"""The exponential moving average of the trained parameters.

    $$\bar\theta_u = \beta_u \bar\theta_{u-1} + (1 - \beta_u) \theta_u, \quad
    \beta_u = \min\Big(\beta, \frac{1 + u}{10 + u}\Big)$$

    so that the first updates do not weigh for long.

    Args:
        model: what is averaged; frozen parameters and buffers are not.
        decay: $\beta$, from 0 to below 1.

    Cost: a copy of the trained parameters, and one pass over them an update.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> average = Average(model, decay=0.5)
    >>> _ = model.weight.data.add_(1.0)
    >>> average.update(model, update=100)
    >>> torch.allclose(model.weight - average.weights["weight"], torch.tensor(0.5))
    True

    Polyak and Juditsky 1992 (averaging); the bound on the first updates is that of TensorFlow's implementation.
    """

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {name: weight.detach().clone() for name, weight in _trained(model)}

    @torch.no_grad()
    def update(self, model: nn.Module, *, update: int) -> None:
        """Take in the parameters as they are after an update."""
        share = 1 - min(self.decay, (1 + update) / (10 + update))
        for name, weight in _trained(model):
            self.weights[name].lerp_(weight, share)

    def restore(self, weights: Mapping[str, Tensor]) -> None:
        """Go on from saved weights."""
        for name, weight in self.weights.items():
            weight.copy_(weights[name])

    @contextlib.contextmanager
    def in_place_of_weights(self, model: nn.Module) -> Iterator[None]:
        """Let the model have the averages inside the block, and its own parameters again after it."""
        own = {name: weight.detach().clone() for name, weight in _trained(model)}
        put_in(self.weights, model)
        try:
            yield
        finally:
            put_in(own, model)


def _trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return ((name, weight) for name, weight in model.named_parameters() if weight.requires_grad)


@torch.no_grad()
def put_in(weights: Mapping[str, Tensor], model: nn.Module) -> None:
    """Give the trained parameters of a model these values, by name."""
    for name, weight in _trained(model):
        weight.copy_(weights[name])
