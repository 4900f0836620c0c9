"""Single texts: one a line, or one a JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Source, read_lines
from latentalign.text.pairs import Failure
from latentalign.text.records import TextRecord


def read(
    source: Source, *, form: Literal["lines", "jsonl"] = "lines", column: str = "text"
) -> Iterator[TextRecord | Failure]:
    r"""Yield one text a line, or a failure in its place.

    Args:
        source: a path, ``-`` or an open binary stream.
        form: ``lines``, or ``jsonl``: objects with the text under ``column`` and perhaps an ``id``.
        column: the key of the text.

    Yields:
        a text, or a failure for a line that is blank, is no UTF-8 or is no such object.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> [one.text for one in read(io.BytesIO(b"the cat\na dog\n"))]
    ['the cat', 'a dog']
    """
    for line in read_lines(source):
        name: str | None = None
        try:
            if form == "jsonl":
                fields = json_object(line)
                found = fields.get("id")
                name = str(found) if isinstance(found, str | int) else None
                yield TextRecord(text=_text(fields, column, line.where), id=name, where=line.where)
            else:
                yield TextRecord(text=line.text, where=line.where)
        except InputError as error:
            yield Failure(error=error, id=name)


def _text(fields: dict[str, object], column: str, where: str) -> str:
    text = fields.get(column)
    if not isinstance(text, str):
        raise InputError(
            wanted=f"a string under {column!r}",
            came="none" if text is None else type(text).__name__,
            where=where,
            fix=f"there are: {', '.join(map(str, fields)) or 'no keys'}",
        )
    return text
