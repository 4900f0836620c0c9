"""A model as a folder: written whole or not at all, with a hash of every file."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from latentalign.durable import sync
from latentalign.errors import InputError, ModelError, UnsupportedError
from latentalign.families import AlignmentFamily
from latentalign.models.encoder_reference import EncoderReference
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.idf import Idf
from latentalign.models.potentials.potential import Potential
from latentalign.models.saving import save_encoder
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.training.checkpoint import remove

MANIFEST, ENCODER, IDF = "manifest.json", "encoder", "idf.json"


def write_folder(folder: Path, write: Callable[[Path], None]) -> Path:
    """Write a folder that takes the place of an old one when it is complete.

    Args:
        folder: that is written.
        write: puts the files into a folder; their hashes are added.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        partial.chmod(0o755)
        write(partial)
        _write_manifest(partial)
        remove(folder)
        partial.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise InputError(
            wanted="a folder that can be written", came=error.strerror or str(error), where=str(folder)
        ) from error
    return folder


def check_folder(folder: Path, *, kind: str, fix: str) -> None:
    """Check that every file is what its hash says.

    Raises:
        ModelError: there is no such folder, or a file has changed.
    """
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        wrong = [name for name, digest in files.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            wanted=f"the folder of a {kind} that was saved",
            came=f"{type(error).__name__}: {error}",
            where=str(folder),
            fix=fix,
        ) from error
    if wrong:
        raise ModelError(
            wanted="files as they were written", came=f"changed ones: {', '.join(wrong)}", where=str(folder)
        )


def write_encoder(encoder: HuggingFaceEncoder, folder: Path) -> str | dict[str, str]:
    """Write an encoder into a folder, and return where it is there.

    Returns:
        the name of the folder below; or the name and the hash of the default encoder, which is not written as long as
        its weights are unchanged.

    Raises:
        UnsupportedError: an encoder that cannot be saved.
    """
    if encoder.origin is None:
        raise UnsupportedError(wanted="an encoder that was loaded from a folder", came="another", where="save")
    reference = EncoderReference.of(encoder)
    if reference is not None:
        return reference.to_table()
    save_encoder(encoder.model, folder / ENCODER, origin=encoder.origin)
    return ENCODER


def encoder_place(written: str | Mapping[str, str], folder: Path, *, where: str) -> Path:
    """Return the folder of the encoder that ``write_encoder`` wrote.

    Args:
        written: what it returned.
        folder: that it was given.
        where: the file that says so, for messages.

    Raises:
        ModelError: the encoder that is named is nowhere, or another one than it was.
    """
    if isinstance(written, Mapping):
        return EncoderReference.from_table(written, where=where).folder(where=where)
    if written != ENCODER:
        raise ModelError(wanted=f"{ENCODER!r}, or a name and a hash", came=repr(written)[:80], where=where)
    return folder / ENCODER


def write_scorer(scorer: PairScorer, folder: Path) -> dict[str, Any]:
    """Write the encoder and the tables of a scorer into a folder, and return its settings.

    Raises:
        UnsupportedError: an encoder that cannot be saved.
    """
    table: dict[str, Any] = {"potentials": [_potential(one, folder) for one in scorer.potentials]}
    encoder = scorer.encoder
    if isinstance(encoder, HuggingFaceEncoder):
        model = write_encoder(encoder, folder)
        table |= {"model": model, "layer": encoder.layer, "pooled_layer": encoder.pooled_layer}
    return table


def read_scorer(table: dict[str, Any], folder: Path, *, where: str) -> ScorerConfig:
    """Return the settings that ``write_scorer`` returned, with the files of a folder.

    Raises:
        ModelError: the encoder that is named is nowhere, or another one than it was.
    """
    scorer = dict(table)
    if "model" in scorer:
        scorer["model"] = str(encoder_place(scorer["model"], folder, where=where))
    scorer["potentials"] = [
        {**one, "idf": str(folder / one["idf"])} if "idf" in one else one for one in scorer["potentials"]
    ]
    return ScorerConfig.from_dict(scorer, where=where)


def family_table(family: AlignmentFamily) -> dict[str, Any]:
    """Return the table of a family and of the families in it."""
    table = {field.name: getattr(family, field.name) for field in fields(family)}  # type: ignore[arg-type]
    inner = {key: family_table(one) if isinstance(one, AlignmentFamily) else one for key, one in table.items()}
    return {"name": type(family).__name__.lower(), **{key: one for key, one in inner.items() if one is not None}}


def _potential(one: Potential, folder: Path) -> dict[str, Any]:
    """Return the table of a potential; a table of document frequencies becomes a file of its own."""
    table = {field.name: getattr(one, field.name) for field in fields(one)}  # type: ignore[arg-type]
    if isinstance(table.get("idf"), Idf):
        name = f"{type(one).__name__.lower()}-{IDF}"
        table["idf"].save(folder / name)
        table["idf"] = name
    return {"name": type(one).__name__.lower(), **{key: value for key, value in table.items() if value is not None}}


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {str(path.relative_to(folder)): _digest(path) for path in files}
    (folder / MANIFEST).write_text(json.dumps({"files": manifest}, indent=1), encoding="utf-8")
    for path in (*files, folder / MANIFEST):
        sync(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
