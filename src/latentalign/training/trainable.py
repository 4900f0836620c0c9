"""What the trainer asks of a model: a loss of a batch."""

from __future__ import annotations

from typing import Any, Protocol, cast, runtime_checkable

from torch import Tensor, nn

from latentalign.errors import InputError


@runtime_checkable
class Trainable(Protocol):
    """A ``torch.nn.Module`` that says what a batch costs. Nothing else of it is known to the trainer."""

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of a batch, a scalar that is a mean over its items, and figures to log.

        The figures have the same names each time, and are means over the items as well.
        """


class Cost(nn.Module):
    """A model whose forward pass is its loss, since that is what data parallelism and mixed precision wrap.

    Args:
        model: a module that is ``Trainable``.

    Raises:
        InputError: it is none.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        if not isinstance(model, nn.Module) or not isinstance(model, Trainable):
            raise InputError(
                wanted="a torch.nn.Module with a method loss(batch) -> (Tensor, dict)",
                came=type(model).__name__,
                where="model",
            )
        self.model = model

    def forward(self, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the batch, and figures to log.

        Raises:
            InputError: the loss is not a scalar tensor.
        """
        loss, figures = cast(Trainable, self.model).loss(batch)
        if not isinstance(loss, Tensor) or loss.dim():
            came = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise InputError(wanted="a loss that is a scalar tensor", came=str(came), where=type(self.model).__name__)
        return loss, figures
