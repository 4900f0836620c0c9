"""Everything that a resumed run needs to be the run it would have been."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from latentalign.errors import InputError
from latentalign.training.config import TrainingConfig
from latentalign.training.order import Position
from latentalign.training.stopping import Best


@final
@dataclass(frozen=True, kw_only=True)
class RunState:
    """How far a run is. What is random and the learning rate follow from this, so neither has a state of its own.

    Args:
        update: how many updates were made.
        position: of the next batch.
        items: how many items were read, all epochs together.
        sums: of the figures since the last line of the log.
        summed: over how many updates.
        best: the best evaluation.
        evaluated: the update of the last evaluation.
        seconds: how long the run took, over all processes it had.
    """

    update: int = 0
    position: Position = field(default_factory=Position)
    items: int = 0
    sums: Mapping[str, float] = field(default_factory=dict)
    summed: int = 0
    best: Best = field(default_factory=Best)
    evaluated: int = 0
    seconds: float = 0.0

    def after(self, figures: Mapping[str, float], *, position: Position, items: int, seconds: float) -> RunState:
        """Return the state after one more update."""
        return dataclasses.replace(
            self,
            update=self.update + 1,
            position=position,
            items=self.items + items,
            sums={name: self.sums.get(name, 0.0) + value for name, value in figures.items()},
            summed=self.summed + 1,
            seconds=self.seconds + seconds,
        )

    def to_values(self) -> dict[str, Any]:
        """Return it as values of JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> RunState:
        """Return what ``to_values`` gave."""
        sums = {name: float("nan") if value is None else value for name, value in values["sums"].items()}
        inner = {"position": Position(**values["position"]), "best": Best(**values["best"]), "sums": sums}
        return cls(**{**values, **inner})


def fixed_settings(config: TrainingConfig, *, items: int, precision: str) -> dict[str, Any]:
    """Return what may not change in a resumed run: what decides which items come when, and what is saved of it.

    Args:
        config: the settings.
        items: the size of the corpus.
        precision: the one in use.
    """
    return {
        "seed": config.seed,
        "batching": dataclasses.asdict(config.batching),
        "batches_per_update": config.batches_per_update,
        "averaged": config.average is not None,
        "items": items,
        "precision": precision,
    }


def check_settings(saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to resume a run that would not be the same.

    Raises:
        InputError: a setting changed; the message names it.
    """
    for name, value in now.items():
        if saved.get(name) != value:
            raise InputError(
                wanted=f"{name} = {saved.get(name)!r}, as when the run began",
                came=repr(value),
                fix="resume with the same setting, or train into another folder",
            )
