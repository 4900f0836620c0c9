"""AdamW with weight decay on matrices only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from latentalign.errors import InputError


@final
@dataclass(frozen=True, kw_only=True)
class AdamW:
    """The settings of the optimizer.

    Args:
        learning_rate: the highest one, above 0; the schedule scales it.
        betas: the decay of the running means of the gradient and of its square, each from 0 to below 1.
        epsilon: added to the root of the mean square, above 0.
        weight_decay: how much of a matrix is taken off at each update, times the learning rate; at least 0. Vectors
            (biases, norms) are left alone.

    Raises:
        InputError: a number outside its range.

    Loshchilov and Hutter 2019, algorithm 2.
    """

    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        for name, fits in (
            ("learning_rate", self.learning_rate > 0),
            ("betas", all(0 <= beta < 1 for beta in self.betas)),
            ("epsilon", self.epsilon > 0),
            ("weight_decay", self.weight_decay >= 0),
        ):
            if not fits:
                raise InputError(wanted="a number in its range", came=repr(getattr(self, name)), where=f"AdamW.{name}")

    def build(self, model: nn.Module) -> torch.optim.AdamW:
        """Return the optimizer of the parameters that want a gradient.

        Raises:
            InputError: the model has no parameter to train.
        """
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        if not trained:
            raise InputError(
                wanted="a model with parameters to train", came="none that wants a gradient", where="model"
            )
        groups = [
            {"params": [weight for weight in trained if weight.dim() >= 2], "weight_decay": self.weight_decay},
            {"params": [weight for weight in trained if weight.dim() < 2], "weight_decay": 0.0},
        ]
        filled = [group for group in groups if group["params"]]
        first, second = map(float, self.betas)
        return torch.optim.AdamW(filled, lr=self.learning_rate, betas=(first, second), eps=self.epsilon)
