"""What an aligner is made of, as a recipe or a command line says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from latentalign.errors import InputError

Level = Literal["word", "sentence"]
DEFAULT_FAMILY: dict[Level, dict[str, Any]] = {
    "word": {"name": "transport"},
    "sentence": {"name": "monotonic", "repeat_query": True, "repeat_key": True},
}
DEFAULT_POTENTIALS: dict[Level, list[dict[str, Any]]] = {
    "word": [
        {"name": "similarity", "weight": 16.0},
        {"name": "lexical", "weight": 2.0},
        {"name": "null", "bias": 6.0},
    ],
    "sentence": [
        {"name": "similarity", "weight": 10.0},
        {"name": "lexical", "weight": 4.0},
        {"name": "null", "bias": 5.0},
    ],
}
DEFAULT_LAYER = -2
"""The states of words come from below the last layer, which the training for sentence vectors has blurred."""


@dataclass(frozen=True, kw_only=True)
class AlignerConfig:
    """What an ``Aligner`` is made of, as it stands in a recipe.

    Args:
        level: what is aligned, ``word`` or ``sentence``.
        family: name of an alignment family, or a table with its settings; None takes the default of the level.
        potentials: tables of potentials; None takes the defaults of the level.
        model: encoder by hub name or folder, or a trained word aligner by its name (``en-fr``) or folder; None is the
            default encoder.
        layer: hidden layer the states of words come from, counted from 0 (embeddings); negative from the last.
            Vectors of sentences always come from the last.
        threshold: a link is given if its expected mass is at least this, in [0, 1]; None takes 0.4, or that of a model
            which brings its own.
        device: ``cpu``, ``cuda``, ``cuda:1`` …; None takes the GPU if there is one.
        batch_size: pairs that are scored together.
    """

    level: Level = "word"
    family: str | dict[str, Any] | None = None
    potentials: list[dict[str, Any]] | None = None
    model: str | None = None
    layer: int = DEFAULT_LAYER
    threshold: float | None = None
    device: str | None = None
    batch_size: int = 64

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise InputError(wanted="a threshold in [0, 1]", came=repr(self.threshold), where="threshold")
        if self.batch_size < 1:
            raise InputError(wanted="a batch of at least 1 pair", came=repr(self.batch_size), where="batch_size")
