"""An encoder that was trained, written as a checkpoint folder that any encoder can be loaded from again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from latentalign.errors import UnsupportedError
from latentalign.models.bert import Bert

_WEIGHTS = (".safetensors", ".bin", ".pt", ".onnx", ".h5", ".msgpack")


def save_encoder(model: Any, folder: Path, *, origin: Path) -> None:
    """Write a model in the format of Hugging Face, with the tokenizer of the checkpoint that it came from.

    Args:
        model: a ``Bert`` or a ``TransformersBackbone``.
        folder: is made; weights go into ``model.safetensors``.
        origin: the checkpoint folder that the model was loaded from.

    Raises:
        UnsupportedError: a model of another kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(origin.iterdir()):
        if path.is_file() and path.suffix not in _WEIGHTS and not path.name.endswith(".index.json"):
            shutil.copyfile(path, folder / path.name)
    pooling = origin / "1_Pooling" / "config.json"
    if pooling.is_file():
        (folder / "1_Pooling").mkdir(exist_ok=True)
        shutil.copyfile(pooling, folder / "1_Pooling" / "config.json")
    if isinstance(model, Bert):
        _save_bert(model, folder)
    elif hasattr(getattr(model, "model", None), "save_pretrained"):
        model.model.save_pretrained(folder, safe_serialization=True)
    else:
        raise UnsupportedError(wanted="a Hugging Face encoder", came=type(model).__name__, where="save_encoder")


def _save_bert(model: Bert, folder: Path) -> None:
    from safetensors.torch import save_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["num_hidden_layers"] = len(model.layers)
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    save_file({name: tensor.contiguous() for name, tensor in model.tensors().items()}, folder / "model.safetensors")
