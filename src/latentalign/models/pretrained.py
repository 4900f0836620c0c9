"""A checkpoint folder into a model and its tokenizer: BERT by our own code, anything else through transformers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from latentalign.errors import ModelError
from latentalign.models.backbone import Backbone, TransformersBackbone
from latentalign.models.bert import Bert
from latentalign.models.pieces import PieceTokenizer
from latentalign.models.reader import Pooling

_VOCABULARIES = ("tokenizer.json", "vocab*", "*.model", "*.tiktoken", "tekken.json")
_NO_LIMIT = 1_000_000  # tokenizers without a limit state 1e30


def read_backbone(folder: Path, *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> Backbone:
    """Return the model in a checkpoint folder, in evaluation mode.

    No code from the folder is run, and no pickle is read.

    Raises:
        ModelError: transformers cannot read it; the message carries its reason.
    """
    model = Bert.load(folder) or read_transformers(folder)
    return model.to(device=device, dtype=dtype).eval()


def read_transformers(folder: Path) -> TransformersBackbone:
    """Return the model in a checkpoint folder, through transformers whatever it is.

    Raises:
        ModelError: transformers cannot read it.
    """
    with quiet():
        from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding
        from transformers.models.auto.modeling_auto import MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES as ENCODERS

        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
            kind = AutoModelForTextEncoding if config.model_type in ENCODERS else AutoModel
            model = kind.from_pretrained(
                folder,
                config=config,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                dtype=torch.float32,
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise ModelError(
                wanted="a model that this version of transformers can read without code of its own",
                came=f"{type(error).__name__}: {_first_line(error)}",
                where=str(folder),
            ) from error
    return TransformersBackbone(model)


def read_tokenizer(folder: Path, *, prompt: str = "") -> PieceTokenizer:
    """Return the tokenizer in a checkpoint folder.

    Raises:
        ModelError: there is none, or none of the fast kind, whose pieces know their place in the text.
    """
    if not any(any(folder.glob(pattern)) for pattern in _VOCABULARIES):  # transformers would make an empty tokenizer
        raise ModelError(wanted="a tokenizer, such as tokenizer.json", came="none", where=str(folder))
    config = _read_json(folder / "config.json")
    fast = _plain_bert_tokenizer(folder) if config.get("model_type") == "bert" else None
    if fast is not None:
        return PieceTokenizer(fast, pad=config.get("pad_token_id") or 0, prompt=prompt)
    with quiet():
        from transformers import AutoTokenizer

        try:
            found: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, TypeError, AttributeError) as error:
            raise ModelError(
                wanted="a tokenizer that this version of transformers can read",
                came=f"{type(error).__name__}: {_first_line(error)}",
                where=str(folder),
            ) from error
    if not getattr(found, "is_fast", False):
        raise ModelError(
            wanted="a fast tokenizer, whose pieces know their place in the text",
            came=type(found).__name__,
            where=str(folder),
            fix="add the tokenizer.json of the model to the folder",
        )
    return PieceTokenizer(found.backend_tokenizer, pad=found.pad_token_id or 0, prompt=prompt)


def read_window(folder: Path) -> int | None:
    """Return how many tokens a checkpoint says it reads at once; None if it does not say."""
    stated = (
        _read_json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _read_json(folder / "tokenizer_config.json").get("model_max_length"),
    )
    limits = [int(limit) for limit in stated if limit and limit < _NO_LIMIT]
    return min(limits, default=None)


def read_pooling(folder: Path) -> Pooling:
    """Return how a sentence-transformers checkpoint pools a text; the mean if it does not say.

    Raises:
        ModelError: in a way that is neither the mean nor the first token.
    """
    table = _read_json(folder / "1_Pooling" / "config.json")
    old = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    given = table.get("pooling_mode") or [old.get(key, key) for key in table if "pooling_mode_" in key and table[key]]
    modes = [given] if isinstance(given, str) else list(given or ["mean"])
    if modes == ["mean"]:
        return "mean"
    if modes == ["cls"]:
        return "cls"
    raise ModelError(
        wanted="a checkpoint that pools by 'mean' or 'cls'",
        came=repr(modes),
        where=str(folder),
        fix="choose one: pooling='mean'",
    )


def _plain_bert_tokenizer(folder: Path) -> Any:
    """Return BERT's tokenizer.json as it is, unless the other file beside it wants another letter case."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    settings = _read_json(folder / "tokenizer_config.json")
    normalizer = _read_json(path).get("normalizer") or {}
    plain = "Bert" in settings.get("tokenizer_class", "") and normalizer.get("type") == "BertNormalizer"
    agreed = normalizer.get("lowercase") == settings.get("do_lower_case", True) and normalizer.get(
        "strip_accents"
    ) == settings.get("strip_accents")
    return Tokenizer.from_file(str(path)) if plain and agreed else None


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(wanted="a JSON file", came=str(error), where=str(path)) from error
    return table


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from drawing progress and warning of weights that are not read, such as a pooler."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
