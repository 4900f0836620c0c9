"""The mean loss on a development set, for ``train(evaluate=...)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from latentalign.registry import require
from latentalign.training.corpus import Corpus
from latentalign.training.order import Batching, Order, Position
from latentalign.training.trainable import Cost

Item = TypeVar("Item")


def mean_loss(
    corpus: Corpus[Item], *, collate: Callable[[list[Item]], Any], batching: Batching | None = None
) -> Callable[[nn.Module], dict[str, float]]:
    """Return a function that gives a model's loss, and the other figures of its ``loss``, as means over a corpus.

    Args:
        corpus: the development set.
        collate: from items to what the model's ``loss`` takes.
        batching: how batches are cut; None for the default.

    >>> from latentalign.training.corpus import Items
    >>> class Sum(nn.Linear):
    ...     def loss(self, batch):
    ...         return torch.tensor(sum(batch) / len(batch)), {"largest": max(batch)}
    >>> mean_loss(Items(items=[1.0, 2.0, 6.0]), collate=list, batching=Batching(items=2))(Sum(1, 1))["loss"]
    3.0
    """
    order = Order(corpus=corpus, batching=batching or Batching(), seed=0)

    @torch.no_grad()
    def evaluate(model: nn.Module) -> dict[str, float]:
        cost, send = Cost(model), require("accelerate.utils", extra="train").send_to_device
        device = next(model.parameters()).device
        sums: dict[str, float] = {}
        position = Position()
        while position.epoch == 0:
            (batch,), position = order.group(position, 1)
            loss, figures = cost(send(collate([corpus[number] for number in batch.items]), device))
            for name, value in (figures | {"loss": loss.item()}).items():
                sums[name] = sums.get(name, 0.0) + value * len(batch.items)
        return {name: value / len(corpus) for name, value in sums.items()}

    return evaluate
