"""The trainer: from a model, a corpus and settings to a folder of checkpoints that any later run can go on from."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, final

from torch import nn

from latentalign.errors import InputError
from latentalign.training import checkpoint
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Corpus
from latentalign.training.trainer import Evaluate, Trainer

Item = TypeVar("Item")


@final
@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """How a run ended.

    Args:
        folder: with the checkpoints, their pointers ``latest`` and ``best``, ``metrics.jsonl`` and ``curves.svg``.
        update: how many updates were made.
        epoch: how many passes over the corpus were completed.
        stopped: ``finished``, or ``early`` because the evaluation no longer got better.
        best: the best value of the figure that was watched; None without evaluations.
        best_update: when that was.
    """

    folder: Path
    update: int
    epoch: int
    stopped: Literal["finished", "early"]
    best: float | None
    best_update: int


def train(
    model: nn.Module,
    corpus: Corpus[Item],
    *,
    collate: Callable[[list[Item]], Any],
    config: TrainingConfig,
    folder: Path | None = None,
    evaluate: Evaluate | None = None,
    resume: bool = False,
) -> TrainingResult:
    """Train a model in place. Under `torchrun` or `accelerate launch` every process calls it with the same arguments.

    What comes out depends on the settings, the corpus and the first parameters alone: a run that was killed and resumed
    gives the same bits on a CPU as one that was not, and a run in two processes the same losses as one in one.

    Args:
        model: a module with a method ``loss(batch)``; see ``Trainable``. It is left with its last parameters;
            ``load_weights`` gives it the best or the averaged ones.
        corpus: items by number, with sizes; see ``PackedCorpus`` and ``Items``.
        collate: from a list of items to what ``loss`` takes; tensors in it are moved to the device.
        config: the settings.
        folder: for everything that is written; None keeps nothing when it is over.
        evaluate: from the model to figures, such as ``mean_loss(dev, ...)`` or an error rate; called in one process
            only, in evaluation mode, without gradients, with the averaged parameters if there are any.
        resume: go on from ``folder / latest``, or begin if there is no checkpoint yet.

    Raises:
        InputError: the folder holds a run and ``resume`` is off, or a resumed run has other data or another order.
        ModelError: the checkpoint is not what was written, or is of another model.
        TrainingError: the loss or a parameter is no number, or there is no room to write. The last checkpoint is good.
        MissingExtraError: accelerate (extra ``train``) is not installed.
        UnsupportedError: the processes were set up for FSDP or DeepSpeed.

    Cost: the model's; memory does not grow with the corpus.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as passing:
            place = Path(passing) / "run"
            return train(model, corpus, collate=collate, config=config, folder=place, evaluate=evaluate)
    found = _found(folder, resume=resume)
    trainer = Trainer(model, corpus, collate=collate, config=config, folder=folder, evaluate=evaluate, found=found)
    try:
        state = trainer.run()
    finally:
        trainer.close()
    return TrainingResult(
        folder=folder,
        update=state.update,
        epoch=state.position.epoch,
        stopped="early" if state.best.is_over(config.stopping) else "finished",
        best=state.best.value,
        best_update=state.best.update,
    )


def _found(folder: Path, *, resume: bool) -> checkpoint.Checkpoint | None:
    path = checkpoint.pointed(folder, "latest")
    if path is not None and not resume:
        raise InputError(
            wanted="a folder without a run in it",
            came=f"one with the checkpoint {path.name}",
            where=str(folder),
            fix="resume it, or take another folder",
        )
    return None if path is None else checkpoint.load(path)
