"""A distilled model as named tensors and plain values, and back: what a checkpoint holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from latentalign import config
from latentalign.errors import ModelError
from latentalign.models.neural.model import DistilledModel
from latentalign.models.neural.network import NetworkConfig, NeuralAligner
from latentalign.models.statistical import storage
from latentalign.models.statistical.calibration import Calibration
from latentalign.models.subwords import Subwords

NETWORKS = "networks.safetensors"
KIND = "distilled word aligner 1"


def to_tensors(model: DistilledModel) -> dict[str, dict[str, Tensor]]:
    """Return the tensors by file and name; those of the networks in half precision."""
    networks = {
        f"{number}.{name}": tensor.half()
        for number, network in enumerate(model.networks)
        for name, tensor in network.state_dict().items()
    }
    return storage.to_tensors(model.teacher) | {NETWORKS: networks}


def to_values(model: DistilledModel) -> dict[str, Any]:
    """Return the settings as JSON would hold them."""
    return {
        "kind": KIND,
        "teacher": storage.to_values(model.teacher),
        "network": dataclasses.asdict(model.networks[0].config),
        "networks": len(model.networks),
        "subwords": model.subwords.vocabulary,
        "share": model.share,
        "calibration": dataclasses.asdict(model.calibration),
    }


def from_tensors(
    tensors: Mapping[str, Mapping[str, Tensor]], values: Mapping[str, Any], *, where: str
) -> DistilledModel:
    """Return the model that ``to_tensors`` and ``to_values`` took apart.

    Raises:
        ModelError: it is another kind of model, or a tensor is missing or does not fit.
    """
    if values.get("kind") != KIND:
        raise ModelError(wanted=f"a {KIND}", came=repr(values.get("kind")), where=where)
    try:
        teacher = storage.from_tensors(tensors, values["teacher"], where=where)
        subwords = Subwords(vocabulary=values["subwords"])
        settings = config.parse(NetworkConfig, values["network"], where=where)
        networks = tuple(
            _network(settings, tensors[NETWORKS], number, size=len(subwords), views=len(teacher.settings.views))
            for number in range(values["networks"])
        )
        calibration = config.parse(Calibration, values["calibration"], where=where)
        share = float(values["share"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(wanted="all tensors of a distilled model", came=f"{error!r}", where=where) from error
    return DistilledModel(teacher=teacher, networks=networks, subwords=subwords, share=share, calibration=calibration)


def _network(
    settings: NetworkConfig, tensors: Mapping[str, Tensor], number: int, *, size: int, views: int
) -> NeuralAligner:
    network, head = NeuralAligner(settings, size=size, views=views), f"{number}."
    own = {name.removeprefix(head): tensor.float() for name, tensor in tensors.items() if name.startswith(head)}
    network.load_state_dict(own)
    return network.eval()
