"""Checkpoints: folders that are complete or absent, with a hash of every file, and pointers to the latest and best."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

from torch import Tensor

from latentalign.durable import replacing, sync
from latentalign.errors import ModelError, TrainingError

MANIFEST, VALUES = "manifest.json", "state.json"
Pointer = Literal["latest", "best"]
Tensors = Mapping[str, Mapping[str, Tensor]]


@final
@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a checkpoint holds: tensors by file and name, and numbers as JSON."""

    path: Path
    tensors: dict[str, dict[str, Tensor]]
    values: dict[str, Any]


def save(folder: Path, name: str, *, tensors: Tensors, values: Mapping[str, Any]) -> Path:
    """Write a checkpoint into ``folder / name`` and return that path.

    It is written into a hidden folder, file by file onto the disk, the manifest last, and then renamed. So whenever the
    process is killed, ``folder / name`` is complete or is not there. An old checkpoint of that name, which no pointer
    may mean, is removed.

    Raises:
        TrainingError: there is no room, or no permission.
    """
    from safetensors.torch import save_file

    target, partial = folder / name, folder / f".{name}.partial"
    try:
        remove(partial)
        partial.mkdir(parents=True)
        (partial / VALUES).write_text(json.dumps(values, indent=1, allow_nan=False), encoding="utf-8")
        for file, named in tensors.items():
            save_file({key: tensor.detach().contiguous() for key, tensor in named.items()}, partial / file)
            (partial / file).chmod((partial / VALUES).stat().st_mode)  # safetensors lets nobody else read it
        manifest = {path.name: _described(path) for path in sorted(partial.iterdir())}
        (partial / MANIFEST).write_text(json.dumps({"files": manifest}, indent=1), encoding="utf-8")
        for path in (*partial.iterdir(), partial):
            sync(path)
        remove(target)
        partial.rename(target)
        sync(folder)
    except OSError as error:
        raise TrainingError(
            wanted="room and permission for a checkpoint", came=str(error.strerror or error), where=str(target)
        ) from error
    return target


def load(path: Path) -> Checkpoint:
    """Read a checkpoint whose every file is what its manifest says.

    Raises:
        ModelError: a file is absent, or is not what was written.
    """
    from safetensors.torch import load_file

    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))["files"]
        wrong = [name for name, was in manifest.items() if _described(path / name) != was]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(path, f"one that cannot be read ({error})") from error
    if wrong or VALUES not in manifest:
        raise _broken(path, f"{', '.join(wrong) or VALUES} that is not what was written")
    files = [name for name in manifest if name.endswith(".safetensors")]
    return Checkpoint(
        path=path,
        tensors={name: load_file(path / name) for name in files},
        values=json.loads((path / VALUES).read_text(encoding="utf-8")),
    )


def point(folder: Path, pointer: Pointer, name: str) -> None:
    """Let ``latest`` or ``best`` of a folder mean the checkpoint of that name, from one moment to the next."""
    with replacing(folder / pointer) as file:
        file.write(f"{name}\n".encode())


def pointed(folder: Path, pointer: Pointer) -> Path | None:
    """Return the checkpoint that ``latest`` or ``best`` of a folder means; None if there is none yet."""
    try:
        name = (folder / pointer).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return folder / name


def prune(folder: Path, *, keep: int) -> None:
    """Remove all checkpoints but the newest ``keep``, the latest and the best, and what a killed process left."""
    kept = {pointed(folder, "latest"), pointed(folder, "best")}
    found = sorted(path for path in folder.glob("update-*") if path.is_dir())
    for path in found[: max(0, len(found) - keep)]:
        if path not in kept:
            remove(path)
    for path in folder.glob(".*"):
        if path.suffix in {".partial", ".removed"}:
            remove(path)


def drop_after(folder: Path, path: Path | None) -> None:
    """Remove the checkpoints that are newer than ``path``: a killed run wrote them, but never pointed to them."""
    for found in folder.glob("update-*"):
        if path is None or found.name > path.name:
            remove(found)


def remove(path: Path) -> None:
    """Remove a file or a folder; a folder loses its name first, so that half of it is never taken for a checkpoint."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    hidden = path if path.name.startswith(".") else path.with_name(f".{path.name}.removed")
    if hidden != path:
        shutil.rmtree(hidden, ignore_errors=True)
        path.rename(hidden)
    shutil.rmtree(hidden)


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _broken(path: Path, came: str) -> ModelError:
    others = ", ".join(sorted(other.name for other in path.parent.glob("update-*") if other != path)) or "none"
    return ModelError(
        wanted="a complete checkpoint",
        came=came,
        where=str(path),
        fix=f"write the name of another checkpoint into {path.parent / 'latest'}; there are: {others}",
    )
