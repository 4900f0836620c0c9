"""Collections of documents: JSON lines, CSV and TSV, a folder of text files, and the layout of BEIR."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from latentalign.errors import InputError, LatentAlignError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines, source_name
from latentalign.text.documents import Document, Value
from latentalign.text.pairs import Failure

Source = str | Path
_SUFFIXES = {".jsonl": "jsonl", ".json": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv"}
_TEXTS = (".txt", ".md", ".rst", ".text")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_IDS, _BODIES = ("id", "_id", "docid", "doc_id"), ("text", "body", "contents", "content", "abstract")


def form_of(source: Source) -> str:
    """Return the form of a collection by its name: ``jsonl``, ``csv``, ``beir`` or ``folder``.

    Raises:
        InputError: the name says nothing.

    >>> form_of("papers.jsonl.gz")
    'jsonl'
    """
    path = Path(source)
    if path.is_dir():
        return "beir" if any((path / name).is_file() for name in ("corpus.jsonl", "corpus.jsonl.gz")) else "folder"
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    found = "jsonl" if str(source) == "-" else "folder" if suffix in _TEXTS else _SUFFIXES.get(suffix)
    if found is None:
        raise InputError(
            wanted="a folder, or a file that ends in .jsonl, .csv, .tsv, .txt or .md",
            came=path.name,
            where=str(source),
            fix="say which it is: --form jsonl",
        )
    return found


def read_jsonl(source: Source) -> Iterator[Document | Failure]:
    """Yield one document a line.

    An object has ``text`` (or ``body``, ``contents``, ``abstract``), and may have ``id`` (or ``_id``), ``title`` and a
    table ``metadata``; every other string, number, true or false is a field to filter by. Without an id the number of
    the line is the name.

    Raises:
        InputError: a source that cannot be read or is empty.
    """
    for line in read_lines(source):
        try:
            yield _document(json_object(line), name=str(line.number), where=line.where)
        except LatentAlignError as error:
            yield Failure(error=error)


def read_csv(source: Source) -> Iterator[Document | Failure]:
    """Yield one document a row of a CSV file with a header, or of a TSV file; a cell that is a number is one.

    Raises:
        InputError: a source that cannot be read or is empty.
    """
    name = source_name(source)
    lines = (line.text + "\n" for line in read_lines(source))
    tabs = name.removesuffix(".gz").endswith(".tsv")
    rows = csv.DictReader(lines, delimiter="\t" if tabs else ",")
    for number, row in enumerate(rows, 1):
        where = f"{name}, row {number}"
        try:
            if None in row:
                raise InputError(wanted="as many cells as the header has", came="more", where=where)
            named = {key: _cell(key, value) for key, value in row.items() if value is not None}
            yield _document(named, name=str(number), where=where)
        except LatentAlignError as error:
            yield Failure(error=error)


def read_folder(source: Source) -> Iterator[Document | Failure]:
    """Yield one document a text file (.txt, .md, .rst) of a folder and the folders in it; its path is its name.

    One such file alone is a folder of one.

    Raises:
        InputError: there is none.
    """
    given = Path(source)
    root = given if given.is_dir() else given.parent
    inside = [given] if given.is_file() else root.rglob("*")
    paths = sorted(path for path in inside if path.is_file() and path.suffix.lower() in _TEXTS)
    if not paths:
        raise InputError(wanted=f"files that end in {', '.join(_TEXTS)}", came="none", where=str(root))
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
            yield Document(id=name, text=text, fields={"suffix": path.suffix, "bytes": path.stat().st_size})
        except UnicodeDecodeError as error:
            wrong = InputError(wanted="UTF-8", came=f"{error.reason} at byte {error.start}", where=str(path))
            yield Failure(error=wrong, id=name)
        except LatentAlignError as error:
            yield Failure(error=error, id=name)


def read_beir(source: Source) -> Iterator[Document | Failure]:
    """Yield the documents of a folder in the layout of BEIR: those of its ``corpus.jsonl``.

    Raises:
        InputError: there is no such file.
    """
    root = Path(source)
    plain = root / "corpus.jsonl"
    return read_jsonl(plain if plain.is_file() else root / "corpus.jsonl.gz")


def _document(given: Mapping[str, Any], *, name: str, where: str) -> Document:
    """Return the document that a table of an id, a text and fields describes."""
    identity = next((given[key] for key in _IDS if given.get(key) not in (None, "")), name)
    body = next((given[key] for key in _BODIES if given.get(key) is not None), None)
    title = given.get("title") or ""
    if body is None and not title:
        raise InputError(
            wanted="a string under 'text'", came="none", where=where, fix=f"there are: {', '.join(map(str, given))}"
        )
    nested = given.get("metadata")
    fields = {**(nested if isinstance(nested, Mapping) else {}), **given}
    kept = {
        str(key): value
        for key, value in fields.items()
        if key not in (*_IDS, *_BODIES, "title", "metadata") and isinstance(value, str | int | float | bool)
    }
    for key, value in kept.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(wanted=f"a finite number as {key!r}", came=repr(value), where=where)
    return Document.of(id=str(identity), title=title, body="" if body is None else body, fields=kept, where=where)


def _cell(key: str, value: str) -> Value:
    if key in (*_IDS, *_BODIES, "title") or not _NUMBER.fullmatch(value):
        return value
    return int(value) if value.lstrip("+-").isdigit() else float(value)
