"""The loop of one process: updates, evaluations, the log and checkpoints, each when it is due."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import torch
from torch import nn

from latentalign.errors import TrainingError
from latentalign.training import checkpoint
from latentalign.training.average import Average
from latentalign.training.chance import fixed_chance
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Corpus
from latentalign.training.log import finite
from latentalign.training.order import Order, Position
from latentalign.training.processes import accelerator_for
from latentalign.training.record import Record
from latentalign.training.snapshot import is_finite, put_back, taken
from latentalign.training.state import RunState, check_settings, fixed_settings
from latentalign.training.stopping import Best
from latentalign.training.trainable import Cost
from latentalign.training.update import Updater

Evaluate = Callable[[nn.Module], Mapping[str, float]]


@final
class Trainer:
    """One process of a run; ``train`` makes it.

    Args:
        model: what is trained, in place.
        corpus: items by number.
        collate: from a list of items to what the model's ``loss`` takes.
        config: the settings.
        folder: of the run.
        evaluate: from the model to figures.
        found: the checkpoint to go on from, if any.
    """

    def __init__(
        self,
        model: nn.Module,
        corpus: Corpus[Any],
        *,
        collate: Callable[[list[Any]], Any],
        config: TrainingConfig,
        folder: Path,
        evaluate: Evaluate | None,
        found: checkpoint.Checkpoint | None,
    ) -> None:
        self.model, self.config, self.folder, self.evaluate = model, config, folder, evaluate
        self.order = Order(corpus=corpus, batching=config.batching, seed=config.seed)
        cost = Cost(model)
        self.accelerator = accelerator_for(config.precision)
        model.to(self.accelerator.device)
        self.optimizer = config.optimizer.build(model)
        self.average = None if config.average is None else Average(model, decay=config.average)
        self.state = RunState() if found is None else self._restored(found)
        self.saved = None if found is None else self.state.update
        prepared_cost, prepared_optimizer = self.accelerator.prepare(cost, self.optimizer)
        if found is not None and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(found.values["scaler"])
        self.updater = Updater(
            accelerator=self.accelerator,
            cost=prepared_cost,
            optimizer=prepared_optimizer,
            order=self.order,
            collate=collate,
            clip=config.clip,
        )
        self.record = None
        if self.accelerator.is_main_process:
            self._tidy(found)
            self.record = Record(folder, update=self.state.update, end=found.values["log_end"] if found else 0)

    def _restored(self, found: checkpoint.Checkpoint) -> RunState:
        check_settings(found.values["settings"], self._settings())
        put_back(found, self.model, self.optimizer, self.average)
        return RunState.from_values(found.values["run"])

    def _settings(self) -> dict[str, Any]:
        return fixed_settings(
            self.config, items=len(self.order.corpus), precision=str(self.accelerator.mixed_precision)
        )

    def _tidy(self, found: checkpoint.Checkpoint | None) -> None:
        """Undo what a killed process began and did not complete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoint.drop_after(self.folder, None if found is None else found.path)
        checkpoint.prune(self.folder, keep=self.config.keep)
        if found is not None and self._is_best():
            checkpoint.point(self.folder, "best", found.path.name)
        settings = json.dumps(dataclasses.asdict(self.config), indent=1)
        (self.folder / "config.json").write_text(settings, encoding="utf-8")

    def run(self) -> RunState:
        """Make updates until the run is over, and return how far it came."""
        self.model.train()
        while not self._is_over():
            self._update()
            if self.evaluate is not None and (self.state.update % self.config.evaluate_every == 0 or self._is_over()):
                self._evaluate(self.evaluate)
            if self.state.update % self.config.save_every == 0 or self._is_best() or self._is_over():
                self._save()
        return self.state

    def _is_over(self) -> bool:
        return self._done() >= 1 or self.state.best.is_over(self.config.stopping)

    def _done(self) -> float:
        return self.config.done(update=self.state.update, items=self.state.items, corpus=len(self.order.corpus))

    def _update(self) -> None:
        began = time.monotonic()
        batches, after = self.order.group(self.state.position, self.config.batches_per_update)
        scale = self.config.schedule.scale(update=self.state.update, done=self._done())
        try:
            figures = self.updater(batches, learning_rate=scale * self.config.optimizer.learning_rate)
        except TrainingError as error:
            raise self._located(error, batches[0].position) from error
        if self.average is not None:
            self.average.update(self.model, update=self.state.update)
        self.state = self.state.after(
            figures,
            position=after,
            items=sum(len(batch.items) for batch in batches),
            seconds=time.monotonic() - began,
        )
        if self.record is not None:
            self.record.show(self.state, figures, done=self._done())
        if self.state.update % self.config.log_every == 0:
            if self.record is not None:
                self.record.log(self.state, epoch=batches[-1].position.epoch)
            self.state = dataclasses.replace(self.state, sums={}, summed=0)

    def _located(self, error: TrainingError, position: Position) -> TrainingError:
        good = checkpoint.pointed(self.folder, "latest")
        kept = f"the last good checkpoint is {good.name}" if good else "no checkpoint was written yet"
        return TrainingError(
            wanted=error.wanted,
            came=f"{error.came} at update {self.state.update + 1} ({position}); {kept}",
            where=str(self.folder),
            fix=error.fix,
        )

    def _evaluate(self, evaluate: Evaluate) -> None:
        best = self.state.best
        if self.record is not None:
            self.model.eval()
            averaged = self.average.in_place_of_weights(self.model) if self.average else torch.no_grad()
            with averaged, torch.no_grad(), fixed_chance(self.config.seed, self.accelerator.device):
                figures = dict(evaluate(self.model))
            self.model.train()
            best = best.after(figures, update=self.state.update, settings=self.config.stopping)
            self.record.evaluated(self.state, figures)
        self.state = dataclasses.replace(self.state, best=self._from_main(best), evaluated=self.state.update)

    def _from_main(self, best: Best) -> Best:
        """Return what the main process found, in every process."""
        if self.accelerator.num_processes == 1:
            return best
        found = torch.zeros(4, dtype=torch.float64, device=self.accelerator.device)
        if self.record is not None:
            found += torch.tensor([best.value is not None, best.value or 0.0, best.update, best.waited]).to(found)
        known, value, update, waited = self.accelerator.reduce(found).tolist()
        return Best(value=value if known else None, update=int(update), waited=int(waited))

    def _save(self) -> None:
        if not is_finite(self.model):
            raise self._located(
                TrainingError(wanted="parameters that are numbers", came="others", fix="lower the learning rate"),
                self.state.position,
            )
        if self.record is not None and self.saved != self.state.update:
            self.record.draw()
            scaler = self.accelerator.scaler
            values = {
                "run": self.state.to_values(),
                "settings": self._settings(),
                "scaler": None if scaler is None else scaler.state_dict(),
                "log_end": self.record.end(),
            }
            self._write(f"update-{self.state.update:08d}", values)
        self.saved = self.state.update
        self.accelerator.wait_for_everyone()

    def _write(self, name: str, values: dict[str, Any]) -> None:
        tensors = taken(self.model, self.optimizer, self.average)
        checkpoint.save(self.folder, name, tensors=tensors, values=finite(values))
        checkpoint.point(self.folder, "latest", name)
        if self._is_best():
            checkpoint.point(self.folder, "best", name)
        checkpoint.prune(self.folder, keep=self.config.keep)

    def _is_best(self) -> bool:
        return self.state.best.update == self.state.evaluated == self.state.update

    def close(self) -> None:
        """Let go of files and of what accelerate holds."""
        if self.record is not None:
            self.record.close()
        self.accelerator.free_memory()
