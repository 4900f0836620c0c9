"""A folder that is complete or absent, and whose files are what they were when it was written."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from latentalign.errors import InputError, ModelError
from latentalign.families import AlignmentFamily
from latentalign.training.checkpoint import remove
from latentalign.training.durable import sync

MANIFEST = "manifest.json"


def write_folder(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Write a folder with the hash of every file; it takes the place of an old one when it is complete.

    Args:
        folder: where.
        fill: writes the files into the empty folder that it is given.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        partial.chmod(0o755)
        fill(partial)
        files = sorted(path for path in partial.rglob("*") if path.is_file())
        manifest = {str(path.relative_to(partial)): _digest(path) for path in files}
        (partial / MANIFEST).write_text(json.dumps({"files": manifest}, indent=1), encoding="utf-8")
        for path in (*files, partial / MANIFEST):
            sync(path)
        remove(folder)
        partial.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise InputError(
            wanted="a folder that can be written", came=error.strerror or str(error), where=str(folder)
        ) from error
    return folder


def check_folder(folder: Path, *, kind: str, fix: str) -> None:
    """Raise unless a folder holds the files that were written into it.

    Raises:
        ModelError: it is none, or a file is not what its hash says.
    """
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        wrong = [name for name, digest in files.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            wanted=f"the folder of {kind} that was saved",
            came=f"{type(error).__name__}: {error}",
            where=str(folder),
            fix=fix,
        ) from error
    if wrong:
        raise ModelError(
            wanted="files as they were written", came=f"changed ones: {', '.join(wrong)}", where=str(folder)
        )


def family_table(family: AlignmentFamily) -> dict[str, Any]:
    """Return the table of a family and of the families in it, as a recipe has it."""
    table = {field.name: getattr(family, field.name) for field in fields(family)}  # type: ignore[arg-type]
    inner = {key: family_table(one) if isinstance(one, AlignmentFamily) else one for key, one in table.items()}
    return {"name": type(family).__name__.lower(), **{key: one for key, one in inner.items() if one is not None}}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
