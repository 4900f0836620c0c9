"""The parts of a run that are tensors: taken out for a checkpoint, and put back from one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from latentalign.errors import InputError, ModelError
from latentalign.training import checkpoint
from latentalign.training.average import Average, put_in

MODEL, OPTIMIZER, AVERAGE = "model.safetensors", "optimizer.safetensors", "average.safetensors"


def taken(model: nn.Module, optimizer: torch.optim.Optimizer, average: Average | None) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of a run by file and name.

    Raises:
        InputError: the model has a state that is no tensor.
    """
    found = {MODEL: model_tensors(model), OPTIMIZER: optimizer_tensors(optimizer, model)}
    return found if average is None else found | {AVERAGE: dict(average.weights)}


def put_back(
    found: checkpoint.Checkpoint, model: nn.Module, optimizer: torch.optim.Optimizer, average: Average | None
) -> None:
    """Give a run the tensors of a checkpoint.

    Raises:
        ModelError: they are those of another model.
    """
    restore_model(model, found.tensors[MODEL], where=str(found.path))
    restore_optimizer(optimizer, model, found.tensors[OPTIMIZER])
    if average is not None:
        average.restore(found.tensors[AVERAGE])


def load_weights(
    model: nn.Module, folder: Path, *, which: checkpoint.Pointer = "latest", averaged: bool = True
) -> nn.Module:
    """Give a model the parameters of the latest or the best checkpoint of a run, and return it.

    Args:
        model: made as the one that was trained.
        folder: of the run.
        which: ``latest`` or ``best``.
        averaged: the averaged parameters, where the run kept an average.

    Raises:
        InputError: there is no such checkpoint.
        ModelError: it is not what was written, or is of another model.
    """
    path = checkpoint.pointed(folder, which)
    if path is None:
        raise InputError(wanted=f"a folder with a {which} checkpoint", came="none", where=str(folder))
    tensors = checkpoint.load(path).tensors
    restore_model(model, tensors[MODEL], where=str(path))
    if averaged and AVERAGE in tensors:
        put_in(tensors[AVERAGE], model)
    return model


def model_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers by name; what is tied is there under each of its names."""
    found = model.state_dict()
    odd = [name for name, value in found.items() if not isinstance(value, Tensor)]
    if odd:
        raise InputError(wanted="a state_dict of tensors", came=f"extra state in {odd}", where=type(model).__name__)
    return {name: value.clone() for name, value in found.items()}


def restore_model(model: nn.Module, tensors: Mapping[str, Tensor], *, where: str) -> None:
    """Give a model the parameters and buffers of a checkpoint.

    Raises:
        ModelError: they are those of another model.
    """
    try:
        model.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise ModelError(
            wanted=f"the parameters of {type(model).__name__}",
            came=str(error).replace("\n\t", " "),
            where=where,
            fix="make the model with the settings it was trained with",
        ) from error


def optimizer_tensors(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """Return the state of the optimizer as ``kind:parameter``, such as ``exp_avg:encoder.weight``."""
    names: dict[Tensor, str] = {weight: name for name, weight in model.named_parameters()}
    return {
        f"{kind}:{names[weight]}": value for weight, state in optimizer.state.items() for kind, value in state.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give the optimizer the state that ``optimizer_tensors`` returned."""
    trained = [weight for group in optimizer.param_groups for weight in group["params"]]
    numbers = {weight: number for number, weight in enumerate(trained)}
    weights = dict(model.named_parameters())
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        kind, _, name = key.partition(":")
        state.setdefault(numbers[weights[name]], {})[kind] = value.clone()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def is_finite(model: nn.Module) -> bool:
    """Return whether every parameter is a number."""
    return all(bool(weight.isfinite().all()) for weight in model.parameters())
