"""Which evaluation was the best, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

from latentalign.errors import InputError, UnknownNameError
from latentalign.registry import nearest


@final
@dataclass(frozen=True, kw_only=True)
class Stopping:
    """What is watched on the development set.

    Args:
        watch: the name of a figure that ``evaluate`` returns.
        higher_is_better: for an accuracy; off for a loss or an error rate.
        patience: stop after so many evaluations in a row that were no better than the best; None never stops early.

    Raises:
        InputError: a patience below 1.
    """

    watch: str = "loss"
    higher_is_better: bool = False
    patience: int | None = None

    def __post_init__(self) -> None:
        if self.patience is not None and self.patience < 1:
            raise InputError(wanted="at least 1, or None", came=repr(self.patience), where="Stopping.patience")


@final
@dataclass(frozen=True, kw_only=True)
class Best:
    """The best evaluation so far.

    Args:
        value: of the figure that is watched; None before the first evaluation.
        update: when that was.
        waited: how many evaluations there were since.

    >>> best = Best().after({"loss": 2.0}, update=10, settings=Stopping(patience=1))
    >>> best = best.after({"loss": 3.0}, update=20, settings=Stopping(patience=1))
    >>> best.value, best.update, best.is_over(Stopping(patience=1))
    (2.0, 10, True)
    """

    value: float | None = None
    update: int = 0
    waited: int = 0

    def after(self, figures: Mapping[str, float], *, update: int, settings: Stopping) -> Best:
        """Return the best once another evaluation is known. One that is no number is never better.

        Raises:
            UnknownNameError: the figure that is watched is not among them.
        """
        if settings.watch not in figures:
            raise UnknownNameError(
                wanted="a figure that `evaluate` returns",
                came=repr(settings.watch),
                where="Stopping.watch",
                fix=nearest(settings.watch, figures),
            )
        value = float(figures[settings.watch])
        sign = -1 if settings.higher_is_better else 1
        if math.isfinite(value) and (self.value is None or sign * value < sign * self.value):
            return Best(value=value, update=update)
        return replace(self, waited=self.waited + 1)

    def is_over(self, settings: Stopping) -> bool:
        """Return whether it was waited long enough."""
        return settings.patience is not None and self.waited >= settings.patience
