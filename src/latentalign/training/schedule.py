"""The learning rate over a run: warm-up, then decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final

from latentalign.errors import InputError


@final
@dataclass(frozen=True, kw_only=True)
class Schedule:
    r"""How the learning rate is scaled, a function of the update u (from 0) and of the part p of the run that is done.

    $$s(u, p) = \min\Big(1, \frac{u + 1}{w}\Big) \, [\ell + (1 - \ell) \, d(p)], \quad
    d(p) = 1, \; 1 - p, \; \text{or} \; \tfrac{1}{2} (1 + \cos \pi p)$$

    Args:
        warmup: w, the updates until the full rate is reached; 0 for none.
        decay: ``constant``, ``linear`` or ``cosine``.
        least: $\ell$, the part of the rate that is left at the end, from 0 to 1.

    Raises:
        InputError: a number outside its range, or an unknown decay.

    >>> schedule = Schedule(warmup=4, decay="linear")
    >>> schedule.scale(update=0, done=0.0), schedule.scale(update=50, done=0.5)
    (0.25, 0.5)

    Loshchilov and Hutter 2017, eq. 5 (cosine, without restarts).
    """

    warmup: int = 0
    decay: Literal["constant", "linear", "cosine"] = "linear"
    least: float = 0.0

    def __post_init__(self) -> None:
        if self.decay not in ("constant", "linear", "cosine"):
            raise InputError(wanted="constant, linear or cosine", came=repr(self.decay), where="Schedule.decay")
        if self.warmup < 0:
            raise InputError(wanted="at least 0 updates", came=repr(self.warmup), where="Schedule.warmup")
        if not 0 <= self.least <= 1:
            raise InputError(wanted="a part from 0 to 1", came=repr(self.least), where="Schedule.least")

    def scale(self, *, update: int, done: float) -> float:
        """Return the factor of the learning rate at an update, where ``done`` is the part of the run behind it."""
        rising = min(1.0, (update + 1) / self.warmup) if self.warmup else 1.0
        falling = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}[self.decay]
        return rising * (self.least + (1 - self.least) * falling)
