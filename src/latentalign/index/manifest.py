"""The manifest: one small file that says what an index holds, replaced as a whole; so every change is there or not."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from latentalign import config
from latentalign.durable import replacing
from latentalign.errors import DamageError, InputError, UnknownNameError
from latentalign.index.fingerprint import Fingerprint
from latentalign.index.settings import IndexSettings

MANIFEST, VERSION = "manifest.json", 1
_BUILD = "look at its name, or build one: latentalign index build FOLDER DOCUMENTS"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One segment in a manifest.

    Args:
        name: of its folder.
        documents: how many it was written with.
        gone: how many of them are deleted.
        deleted: the name of the file that says which; empty if there is none.
        files: bytes and sha256 of each of its files, by name.
    """

    name: str
    documents: int
    gone: int
    deleted: str
    files: dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an index holds at one moment.

    Args:
        settings: of the index.
        generation: how often it has changed.
        entries: the segments, in order.
        encoder: what the encoder is known by; None before it was first used, and in indexes of old.
    """

    settings: IndexSettings
    generation: int = 0
    entries: tuple[Entry, ...] = ()
    encoder: Fingerprint | None = None

    def after(self, entries: Iterable[Entry]) -> Manifest:
        """Return the manifest with other segments."""
        return replace(self, generation=self.generation + 1, entries=tuple(entries))

    def write(self, folder: Path) -> None:
        """Replace the manifest of a folder and wait until the disk has it: from then on the change is there."""
        table = {
            "format": VERSION,
            "generation": self.generation,
            "settings": asdict(self.settings),
            "segments": [asdict(one) for one in self.entries],
        }
        if self.encoder is not None:
            table["encoder"] = {"name": self.encoder.name, "vector": list(self.encoder.vector)}
        text = json.dumps({"sha256": _digest(table), **table}, indent=1, ensure_ascii=False)
        with replacing(folder / MANIFEST) as file:
            file.write(text.encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Return the manifest of a folder.

        Raises:
            InputError: the folder is not there, is no index, or is one of a newer version.
            DamageError: the manifest is not what was written.
        """
        path = folder / MANIFEST
        if not folder.is_dir():
            came = "a file" if folder.exists() else "none of that name"
            raise InputError(wanted="the folder of an index", came=came, where=str(folder), fix=_BUILD)
        try:
            table = json.loads(path.read_bytes())
            claimed = table.pop("sha256")
        except FileNotFoundError:
            raise InputError(
                wanted="the folder of an index",
                came="no manifest.json in it",
                where=str(folder),
                fix=_BUILD,
            ) from None
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise _damaged(path, f"{type(error).__name__}: {error}") from error
        if _digest(table) != claimed:
            raise _damaged(path, "one whose hash is another")
        if table["format"] != VERSION:
            raise _newer(path, f"one of format {table['format']!r}")
        try:
            settings = config.parse(IndexSettings, table["settings"], where=str(path))
        except UnknownNameError as error:
            raise _newer(path, f"a setting that it does not know, {error.came}") from error
        known = table.get("encoder")
        return cls(
            settings=settings,
            generation=table["generation"],
            entries=tuple(Entry(**one) for one in table["segments"]),
            encoder=None if known is None else Fingerprint(name=known["name"], vector=tuple(known["vector"])),
        )


def described(path: Path) -> dict[str, Any]:
    """Return the size and the hash of a file."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def differences(folder: Path, entries: Sequence[Entry]) -> list[str]:
    """Return one line for each file of some segments that is absent or not what was written.

    Cost: reads every byte.
    """
    found = []
    for entry in entries:
        for name, was in entry.files.items():
            path = folder / entry.name / name
            if not path.is_file():
                found.append(f"{entry.name}/{name}: absent")
            elif described(path) != was:
                found.append(f"{entry.name}/{name}: not what was written")
    return found


def sweep(folder: Path, entries: Sequence[Entry]) -> None:
    """Remove what killed writers have left: segments and files that no entry names."""
    files = {one.name: one.files for one in entries}
    for segment in folder.glob("segment-*"):
        if segment.name not in files:
            shutil.rmtree(segment, ignore_errors=True)
            continue
        for path in segment.iterdir():
            if path.name not in files[segment.name]:
                path.unlink(missing_ok=True)


def _digest(table: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(table, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _newer(path: Path, came: str) -> InputError:
    return InputError(
        wanted=f"an index of format {VERSION}, which this version of latentalign reads",
        came=came,
        where=str(path),
        fix="update latentalign, or build the index anew with this version",
    )


def _damaged(path: Path, came: str) -> DamageError:
    return DamageError(
        wanted="a manifest as it was written", came=came, where=str(path), fix="restore the folder from a copy"
    )
