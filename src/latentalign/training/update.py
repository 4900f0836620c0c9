"""One update of the parameters: losses of several batches, one gradient, one step."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from latentalign.errors import InputError, TrainingError
from latentalign.registry import require
from latentalign.training.chance import fixed_chance
from latentalign.training.corpus import Corpus
from latentalign.training.order import Batch, Order

Figures = dict[str, float]


class Updater:
    """Makes updates, each of a group of batches that the processes share among them.

    A batch weighs as its number of items does, so that the update is that of one large batch with all the items,
    whichever way they are cut and over however many processes they are spread.

    Args:
        accelerator: of this process.
        cost: a ``Cost``, as the accelerator prepared it.
        optimizer: as the accelerator prepared it.
        order: where the batches come from; it decides their chance as well.
        collate: from items to what the model's ``loss`` takes.
        clip: the largest norm of the gradient; None for no limit.
    """

    def __init__(
        self,
        *,
        accelerator: Any,
        cost: Any,
        optimizer: Any,
        order: Order,
        collate: Callable[[list[Any]], Any],
        clip: float | None,
    ) -> None:
        self.accelerator, self.cost, self.optimizer = accelerator, cost, optimizer
        self.order, self.collate, self.clip = order, collate, clip
        self.corpus: Corpus[Any] = order.corpus

    def __call__(self, batches: Sequence[Batch], *, learning_rate: float) -> Figures:
        """Update the parameters, and return the loss and the figures of the model as means over the items.

        Raises:
            TrainingError: the loss or the gradient is no number; the parameters are then as they were.
        """
        size, ours = self.accelerator.num_processes, self.accelerator.process_index
        items = sum(len(batch.items) for batch in batches)
        shares = [(batch, len(batch.items) / items) for batch in batches[ours::size]]
        # A process that is left without a batch takes part in the exchange of gradients with a weight of 0.
        shares = shares or [(batches[0], 0.0)]
        self.optimizer.zero_grad()
        sums: Figures = {}
        for number, (batch, share) in enumerate(shares, start=1):
            last = contextlib.nullcontext() if number == len(shares) else self.accelerator.no_sync(self.cost)
            with last:
                figures = self._backward(batch, share * size)
            if sums and figures.keys() != sums.keys():
                raise InputError(
                    wanted=f"the figures {sorted(sums)} of each batch", came=str(sorted(figures)), where="model.loss"
                )
            sums = {name: sums.get(name, 0.0) + share * value for name, value in figures.items()}
        means = self._over_all_processes(sums)
        return means | self._step(means["loss"], learning_rate)

    def _backward(self, batch: Batch, weight: float) -> Figures:
        send = require("accelerate.utils", extra="train").send_to_device
        device = self.accelerator.device
        with fixed_chance(self.order.chance(batch.position), device):
            loss, figures = self.cost(send(self.collate([self.corpus[item] for item in batch.items]), device))
            self.accelerator.backward(loss * weight)
        return {name: float(value) for name, value in figures.items()} | {"loss": loss.item()}

    def _over_all_processes(self, sums: Figures) -> Figures:
        if self.accelerator.num_processes == 1:
            return sums
        names = sorted(sums)
        ours = torch.tensor([sums[name] for name in names], dtype=torch.float64, device=self.accelerator.device)
        return dict(zip(names, self.accelerator.reduce(ours).tolist(), strict=True))

    def _step(self, loss: float, learning_rate: float) -> Figures:
        if not math.isfinite(loss):
            raise _no_number("loss", loss)
        limit = math.inf if self.clip is None else self.clip
        norm = float(self.accelerator.clip_grad_norm_(self.cost.parameters(), limit))
        # In fp16 an overflow is normal: the scaler of the accelerator skips the step and lowers its scale.
        if not math.isfinite(norm) and self.accelerator.scaler is None:
            raise _no_number("norm of the gradient", norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        return {"gradient_norm": norm, "learning_rate": learning_rate}


def _no_number(what: str, value: float) -> TrainingError:
    return TrainingError(
        wanted=f"a {what} that is a number",
        came=str(value),
        fix="lower the learning rate, lengthen the warm-up, clip harder, or look at the items of that update",
    )
