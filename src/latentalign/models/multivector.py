"""Multi-vector (ColBERT-style) checkpoints of sentence-transformers 6, whose token vectors are the hidden states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from latentalign.errors import ModelError
from latentalign.models.checkpoints import check_files
from latentalign.models.devices import pick_device
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.pieces import PieceTokenizer
from latentalign.models.pretrained import quiet
from latentalign.registry import require

Task = Literal["query", "document"]
_KINDS = ("MultiVectorEncoder", "ColBERT")  # the second one is PyLate's


class MultiVectorBackbone(nn.Module):
    """The modules of a ``MultiVectorEncoder``, run on our windows. It has one layer, 0: the token vectors.

    Args:
        model: a ``sentence_transformers.MultiVectorEncoder``.
        task: whether texts are read as queries or as documents; both sides of a pair are read alike.

    Raises:
        ModelError: the checkpoint merges tokens, so that its vectors have no place in the text.
    """

    depth = 0

    def __init__(self, model: Any, *, task: Task = "document") -> None:
        super().__init__()
        merging = [type(module).__name__ for module in model if "Pooling" in type(module).__name__]
        if merging:
            raise ModelError(
                wanted="one vector for each token", came=f"a module that merges them: {', '.join(merging)}", where=task
            )
        self.model = model
        self.task = task
        self.features: int = model.get_embedding_dimension()
        limits = [getattr(model[0], f"{task}_length", None), model[0].max_seq_length]
        self.window = min((limit for limit in limits if limit), default=None)

    def truncate(self, depth: int) -> None:
        """Drop nothing: the token vectors need every layer."""

    def hidden(self, ids: Tensor, mask: Tensor, *, layers: Sequence[int]) -> list[Tensor]:
        """Return the token vectors, (batch, token, features), once for each entry of ``layers``."""
        found = self.model({"input_ids": ids, "attention_mask": mask.long()}, task=self.task)["token_embeddings"]
        return [found for _ in layers]


def load_multivector(
    folder: Path,
    *,
    task: Task = "document",
    window: int | None = None,
    overlap: int | None = None,
    batch_tokens: int | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
    frozen: bool = True,
) -> HuggingFaceEncoder:
    """Return the encoder in the folder of a multi-vector checkpoint; the prompt of the task stands before each text.

    No code and no pickle from the folder is run.

    Args:
        folder: as sentence-transformers, PyLate or ColBERT saved it.
        task: ``query`` or ``document``.
        window, overlap, batch_tokens, dtype, device, frozen: see ``HuggingFaceEncoder``.

    Raises:
        MissingExtraError: sentence-transformers is not installed.
        ModelError: the folder holds no such checkpoint, or one with code or pickles in it.
    """
    _check(folder)
    library = require("sentence_transformers", extra="multivector")
    with quiet():
        model = library.MultiVectorEncoder(
            str(folder), device=str(pick_device(device)), local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    backbone = MultiVectorBackbone(model.to(dtype).eval(), task=task)
    limits = [limit for limit in (backbone.window, window) if limit]
    return HuggingFaceEncoder(
        backbone,
        _tokenizer(model, prompt=model.prompts.get(task) or "", where=str(folder)),
        window=min(limits, default=512),
        overlap=overlap,
        batch_tokens=batch_tokens,
        frozen=frozen,
    )


def save_multivector(encoder: HuggingFaceEncoder, folder: Path) -> None:
    """Write the encoder as a multi-vector checkpoint that sentence-transformers and ``load_multivector`` read.

    Raises:
        ModelError: the encoder was not loaded from a multi-vector checkpoint.
    """
    if not isinstance(encoder.model, MultiVectorBackbone):
        raise ModelError(
            wanted="an encoder from load_multivector",
            came=type(encoder.model).__name__,
            fix="make a checkpoint of the model with sentence_transformers.MultiVectorEncoder first",
        )
    with quiet():
        encoder.model.model.save_pretrained(str(folder), create_model_card=False)


def is_multivector(folder: Path) -> bool:
    """Return whether a checkpoint folder says that it is a multi-vector one."""
    try:
        settings, config = (
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            for path in (folder / "config_sentence_transformers.json", folder / "config.json")
        )
    except ValueError as error:
        raise ModelError(wanted="a JSON file", came=str(error), where=str(folder)) from error
    return settings.get("model_type") in _KINDS or "HF_ColBERT" in (config.get("architectures") or ())


def _check(folder: Path) -> None:
    check_files(folder)
    if not is_multivector(folder):
        raise ModelError(
            wanted="a multi-vector checkpoint",
            came="another kind",
            where=str(folder),
            fix="load it as a plain encoder; sentence-transformers would add a random projection to it",
        )
    modules = folder / "modules.json"
    listed = json.loads(modules.read_text(encoding="utf-8")) if modules.is_file() else []
    for module in listed:
        kind, inner = str(module.get("type")), folder / str(module.get("path"))
        if not kind.startswith(("sentence_transformers.", "pylate.")):
            raise ModelError(wanted="modules of sentence-transformers", came=kind, where=str(modules))
        if any(inner.glob("*.bin")) and not any(inner.glob("*.safetensors")):
            raise ModelError(wanted="weights in safetensors", came="a pickle", where=str(inner))


def _tokenizer(model: Any, *, prompt: str, where: str) -> PieceTokenizer:
    from tokenizers import Tokenizer

    if not getattr(model.tokenizer, "is_fast", False):
        raise ModelError(wanted="a fast tokenizer", came=type(model.tokenizer).__name__, where=where)
    copy = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())  # saving needs the settings of the original
    return PieceTokenizer(copy, pad=model.tokenizer.pad_token_id or 0, prompt=prompt)
