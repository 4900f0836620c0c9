"""Texts with the triples that they may express: JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.fields import take, take_id
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Source, read_lines
from latentalign.text.pairs import Failure
from latentalign.text.triples import Triple, TripledText


def read(source: Source, *, column: str = "text") -> Iterator[TripledText | Failure]:
    r"""Yield one text with its triples a line, or a failure in its place.

    A triple is ``[subject, relation, object]`` or an object with these keys.

    Args:
        source: a path, ``-`` or an open binary stream.
        column: the key of the text.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> line = b'{"text": "Aarhus has an airport.", "triples": [["Aarhus_Airport", "city", "Aarhus"]]}'
    >>> next(read(io.BytesIO(line))).triples[0].relation
    'city'
    """
    for line in read_lines(source):
        name: str | None = None
        try:
            fields = json_object(line)
            name = take_id(fields, line.where)
            triples = tuple(_triple(one, line.where) for one in take(fields, "triples", "a list", line.where))
            text = take(fields, column, "a string", line.where)
            yield TripledText(text=text, id=name, triples=triples, where=line.where)
        except InputError as error:
            yield Failure(error=error, id=name)


def _triple(given: Any, where: str) -> Triple:
    if isinstance(given, dict):
        return Triple(*(take(given, name, "a string", where) for name in Triple._fields))
    if not (isinstance(given, list) and len(given) == 3 and all(isinstance(one, str) for one in given)):
        raise InputError(wanted="[subject, relation, object], all strings", came=repr(given)[:40], where=where)
    return Triple(*given)
