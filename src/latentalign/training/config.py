"""The settings of a run, each beside what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, final

from latentalign.errors import InputError
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule
from latentalign.training.stopping import Stopping


@final
@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How to train.

    Args:
        updates: stop after so many updates of the parameters; None for no limit.
        epochs: stop after so many passes over the corpus; None for no limit. One of the two has to be given.
        seed: of the order of the items and of all chance inside the model, at least 0. The first parameters are the
            caller's: seed torch before making the model.
        batching: how batches are cut.
        batches_per_update: the batches that one update sees, over all processes together. More of them is a larger
            batch in the same memory; with several processes, make it a multiple of their number.
        optimizer: AdamW.
        schedule: warm-up and decay of the learning rate.
        clip: the largest norm of the gradient of an update; None for no limit.
        precision: ``no``, ``bf16`` or ``fp16``; None takes what `accelerate launch` says, which is ``no`` by default.
        average: the decay of the running average of the parameters, from 0 to below 1, which is then what is evaluated;
            None keeps no average.
        stopping: what is watched on the development set.
        log_every: updates between two lines of the log; a line has the means since the last one.
        evaluate_every: updates between two evaluations; there is one at the end as well.
        save_every: updates between two checkpoints; there is one at the end, and at each best evaluation.
        keep: how many of the latest checkpoints stay; the best one stays as well.

    Raises:
        InputError: neither updates nor epochs, or a number outside its range.
    """

    updates: int | None = None
    epochs: int | None = None
    seed: int = 0
    batching: Batching = field(default_factory=Batching)
    batches_per_update: int = 1
    optimizer: AdamW = field(default_factory=AdamW)
    schedule: Schedule = field(default_factory=Schedule)
    clip: float | None = 1.0
    precision: Literal["no", "bf16", "fp16"] | None = None
    average: float | None = None
    stopping: Stopping = field(default_factory=Stopping)
    log_every: int = 10
    evaluate_every: int = 500
    save_every: int = 500
    keep: int = 2

    @classmethod
    def brief(cls, **settings: Any) -> TrainingConfig:
        """Return the settings of a run of minutes: no evaluation and no checkpoint before the end.

        >>> TrainingConfig.brief(epochs=3).keep
        1
        """
        return cls(**{"save_every": 100_000, "evaluate_every": 100_000, "keep": 1, **settings})

    def __post_init__(self) -> None:
        if self.updates is None and self.epochs is None:
            raise InputError(wanted="updates or epochs", came="neither", where="TrainingConfig")
        for name in ("updates", "epochs", "batches_per_update", "log_every", "evaluate_every", "save_every", "keep"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(wanted="at least 1", came=repr(value), where=f"TrainingConfig.{name}")
        if self.clip is not None and not self.clip > 0:
            raise InputError(wanted="a norm above 0, or None", came=repr(self.clip), where="TrainingConfig.clip")
        if self.average is not None and not 0 <= self.average < 1:
            raise InputError(
                wanted="a decay from 0 to below 1, or None", came=repr(self.average), where="TrainingConfig.average"
            )

    def done(self, *, update: int, items: int, corpus: int) -> float:
        """Return the part of the run that is behind after so many updates, which read so many items, from 0 to 1."""
        by_updates = 0.0 if self.updates is None else update / self.updates
        by_epochs = 0.0 if self.epochs is None else items / (self.epochs * corpus)
        return min(1.0, max(by_updates, by_epochs))
