"""A statistical model as named tensors and plain values, and back: what a checkpoint holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentalign import config
from latentalign.errors import ModelError
from latentalign.models.statistical.calibration import Calibration
from latentalign.models.statistical.memory import Memory, Shares
from latentalign.models.statistical.model import StatisticalModel
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.statistical.table import Table
from latentalign.models.statistical.vocabulary import Vocabulary

MODEL, MEMORY = "model.safetensors", "memory.safetensors"
KIND = "statistical word aligner 2"
_COUNTS = ("links", "source_links", "target_links", "null_source", "null_target")
_ARRAYS = ("ends", "columns", *_COUNTS, "alike", "jump", "scales")


def to_tensors(model: StatisticalModel) -> dict[str, dict[str, Tensor]]:
    """Return the tensors by file and name; whole numbers in as few bytes as hold them."""
    named: dict[str, NDArray[Any]] = {}
    for side, vocabulary in (("source", model.source), ("target", model.target)):
        named[f"{side}.words"] = np.frombuffer("\n".join(vocabulary.words).encode(), dtype=np.uint8)
        named[f"{side}.counts"] = vocabulary.counts
    for number, table in enumerate(model.tables):
        named |= {f"view{number}.{name}": getattr(table, name) for name in _ARRAYS}
    files = {MODEL: {name: _tensor(array) for name, array in named.items()}}
    if model.memory is not None:
        kept: dict[str, NDArray[Any]] = {"keys": model.memory.keys.view(np.int64)}
        for number, shares in enumerate(model.memory.views):
            kept |= {f"view{number}.{name}": getattr(shares, name) for name in ("ends", "places", "times")}
        files[MEMORY] = {name: _tensor(array) for name, array in kept.items()}
    return files


def to_values(model: StatisticalModel) -> dict[str, Any]:
    """Return the settings as JSON would hold them."""
    return {
        "kind": KIND,
        "settings": dataclasses.asdict(model.settings) | {"views": list(model.settings.views)},
        "calibration": dataclasses.asdict(model.calibration),
    }


def from_tensors(
    tensors: Mapping[str, Mapping[str, Tensor]], values: Mapping[str, Any], *, where: str
) -> StatisticalModel:
    """Return the model that ``to_tensors`` and ``to_values`` took apart.

    Raises:
        ModelError: it is another kind of model, or a tensor is missing or does not fit.
    """
    if values.get("kind") != KIND:
        raise ModelError(wanted=f"a {KIND}", came=repr(values.get("kind")), where=where)
    try:
        settings = config.parse(StatisticalConfig, values["settings"], where=where)
        named = {name: tensor.numpy() for name, tensor in tensors[MODEL].items()}
        source, target = (_vocabulary(named, side) for side in ("source", "target"))
        tables = tuple(_table(named, number, settings) for number in range(len(settings.views)))
        memory = _memory(tensors[MEMORY], settings) if MEMORY in tensors else None
        calibration = config.parse(Calibration, values["calibration"], where=where)
    except (KeyError, UnicodeDecodeError, ValueError) as error:
        raise ModelError(wanted="all tensors of a statistical model", came=f"{error!r}", where=where) from error
    return StatisticalModel(
        settings=settings, source=source, target=target, tables=tables, memory=memory, calibration=calibration
    )


def _vocabulary(named: Mapping[str, NDArray[Any]], side: str) -> Vocabulary:
    words = tuple(named[f"{side}.words"].tobytes().decode().split("\n"))
    return Vocabulary(words=words, counts=named[f"{side}.counts"].astype(np.int64))


def _table(named: Mapping[str, NDArray[Any]], number: int, settings: StatisticalConfig) -> Table:
    arrays = {name: named[f"view{number}.{name}"] for name in _ARRAYS}
    for name in (*_COUNTS, "ends"):
        arrays[name] = arrays[name].astype(np.int64)
    arrays["columns"] = arrays["columns"].astype(np.int32)
    return Table(size=settings.views[number], passes=settings.averaged_passes, **arrays)


def _memory(named: Mapping[str, Tensor], settings: StatisticalConfig) -> Memory:
    shares = []
    for number in range(len(settings.views)):
        ends, places, times = (named[f"view{number}.{name}"].numpy() for name in ("ends", "places", "times"))
        shares.append(Shares(ends=ends.astype(np.int64), places=places.astype(np.int32), times=times.astype(np.uint8)))
    keys = named["keys"].numpy().view(np.uint64)
    return Memory(keys=keys, views=tuple(shares), passes=settings.averaged_passes)


def _tensor(array: NDArray[Any]) -> Tensor:
    """Return an array as a tensor that owns its numbers."""
    if array.dtype.kind in "iu":
        limits = (array.min(), array.max()) if array.size else (0, 0)
        kinds = (np.uint8, np.uint16, np.int32, np.int64)
        fits = (kind for kind in kinds if np.iinfo(kind).min <= limits[0] and limits[1] <= np.iinfo(kind).max)
        array = array.astype(next(fits))
    return torch.from_numpy(np.array(array))
