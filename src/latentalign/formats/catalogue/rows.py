"""Catalogues as tables and as JSON lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept, distinct
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Source, read_lines, source_name
from latentalign.registry import nearest
from latentalign.text.pairs import Failure

KEYS: dict[str, tuple[str, ...]] = {
    "id": ("id", "concept", "curie", "iri", "uri", "code"),
    "label": ("label", "name", "preferred", "preflabel", "title"),
    "synonyms": ("synonyms", "synonym", "aliases", "alias", "altlabel", "names"),
    "definition": ("definition", "description", "comment", "def"),
    "parents": ("parents", "parent", "is_a", "broader", "subclassof"),
    "types": ("types", "type", "semantic_type", "slim", "category"),
    "near": ("near",),
    "alternatives": ("alternatives", "alt_ids", "alt_id"),
    "kind": ("kind",),
}
"""The columns or keys that each field of a concept is read from, the first that is there; case does not matter."""
_SINGLE = ("id", "label", "definition", "kind")
_RELATIONS = ("part_of", "domain", "range", "inverse_of")


def read_jsonl(source: Source, *, keys: Mapping[str, str] | None = None) -> Iterator[Concept | Failure]:
    r"""Yield the concept of each line, an object with at least ``id`` and ``label``.

    Lists may be lists of strings or one string. ``relations`` is an object of lists, ``{"part_of": ["HP:1"]}``; the
    keys ``part_of``, ``domain``, ``range`` and ``inverse_of`` stand for themselves. Other keys are ignored.

    Args:
        source: a path, ``-`` or an open binary stream.
        keys: the key of a field that has another name than those of ``KEYS``.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> line = b'{"id": "D1", "name": "influenza", "synonyms": ["flu"], "part_of": "D2"}'
    >>> next(read_jsonl(io.BytesIO(line))).relations
    (('part_of', 'D2'),)
    """
    for line in read_lines(source):
        try:
            yield _concept(json_object(line), keys or {}, line.where)
        except InputError as error:
            yield Failure(error=error)


def read_csv(
    source: Source,
    *,
    delimiter: str = ",",
    separator: str = "|",
    header: Sequence[str] | None = None,
    keys: Mapping[str, str] | None = None,
) -> Iterator[Concept | Failure]:
    r"""Yield the concept of each row of a table.

    Args:
        source: a path, ``-`` or an open binary stream.
        delimiter: between columns.
        separator: between the members of a list in one column.
        header: the names of the columns, for a file without a row that says them.
        keys: the column of a field that has another name than those of ``KEYS``.

    Raises:
        InputError: a source that cannot be read, is empty or is no UTF-8.

    >>> import io
    >>> [one.parents for one in read_csv(io.BytesIO(b"id,name,parents\nD1,influenza,D2|D3\n"))]
    [('D2', 'D3')]
    """
    rows = csv.reader(
        (f"{line.text}\n" for line in read_lines(source)),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        yield from _rows(rows, source_name(source), separator, header, keys or {})
    except csv.Error as error:
        raise InputError(
            wanted="a table whose quotes are closed, with cells below 131,072 characters",
            came=str(error),
            where=f"{source_name(source)}:{rows.line_num}",
        ) from error


def _rows(
    rows: Any, name: str, separator: str, header: Sequence[str] | None, keys: Mapping[str, str]
) -> Iterator[Concept | Failure]:
    columns = list(header) if header is not None else [column.strip() for column in next(rows)]
    for row in rows:
        where = f"{name}:{rows.line_num}"
        try:
            if row:
                yield _concept(_cells(columns, row, separator, where), keys, where)
        except InputError as error:
            yield Failure(error=error)


def read_tsv(source: Source, **options: Any) -> Iterator[Concept | Failure]:
    """Yield the concept of each row of a table with tabs, in which no character quotes; see `read_csv`.

    Raises:
        InputError: a source that cannot be read, is empty or is no UTF-8.
    """
    return read_csv(source, delimiter="\t", **options)


def _cells(columns: Sequence[str], row: Sequence[str], separator: str, where: str) -> dict[str, Any]:
    if len(row) > len(columns):
        raise InputError(wanted=f"{len(columns)} columns", came=str(len(row)), where=where)
    single = {key for name in _SINGLE for key in KEYS[name]}
    return {
        name: cell if name.lower() in single else cell.split(separator)
        for name, cell in zip(columns, row, strict=False)
        if cell.strip()
    }


def _concept(fields: Mapping[str, Any], keys: Mapping[str, str], where: str) -> Concept:
    lower = {name.lower(): value for name, value in fields.items()}
    found: dict[str, Any] = {}
    for name, known in KEYS.items():
        key = next((one for one in ((keys[name].lower(),) if name in keys else known) if one in lower), None)
        if key is not None and lower[key] is not None:
            found[name] = _text(lower[key], key, where) if name in _SINGLE else _texts(lower[key], key, where)
        elif name in ("id", "label"):
            raise InputError(
                wanted=f"the {name} of a concept, under {' or '.join(known)}",
                came="none",
                where=where,
                fix=nearest(name, fields),
            )
    return Concept(**found, relations=_relations(lower, where), where=where)


def _relations(lower: Mapping[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    given = lower.get("relations", {})
    if not isinstance(given, Mapping):
        raise InputError(wanted="an object of lists as 'relations'", came=type(given).__name__, where=where)
    tables = {**given, **{name: lower[name] for name in _RELATIONS if lower.get(name)}}
    return tuple((str(name), one) for name, value in tables.items() for one in _texts(value, str(name), where))


def _text(value: Any, key: str, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(wanted=f"a string as {key!r}", came=type(value).__name__, where=where)
    return str(value).strip()


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    members = value if isinstance(value, list) else [value]
    return distinct(_text(one, key, where) for one in members)
