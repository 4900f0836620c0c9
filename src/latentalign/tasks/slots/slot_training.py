"""How taggers of slots are trained, unless a recipe says otherwise."""

from __future__ import annotations

from latentalign.training.config import TrainingConfig
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule


def slot_training(*, epochs: int, items: int) -> TrainingConfig:
    """Return the training of what stands on the states of words, which stay as they are.

    Args:
        epochs: times that every utterance is seen.
        items: utterances of an update.

    >>> slot_training(epochs=6, items=32).batching.pool
    256
    """
    return TrainingConfig.brief(
        epochs=epochs,
        batching=Batching(tokens=128 * items, items=items, pool=8 * items),
        optimizer=AdamW(learning_rate=2e-3),
        schedule=Schedule(warmup=20),
        clip=5.0,
    )
