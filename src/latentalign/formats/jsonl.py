"""JSON lines: one object a line, for pairs and for results with all their evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from latentalign.errors import InputError
from latentalign.formats.fields import Fields, raise_if_failure, take, take_id, take_spans, to_evidence, to_fields
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Source, read_lines
from latentalign.formats.policy import attempt
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence

Record = TypeVar("Record")


def read(
    source: Source, *, columns: tuple[str, str] = ("source", "target"), tokenized: bool = False
) -> Iterator[TextPair | Failure]:
    r"""Yield one pair an object, or a failure in its place.

    An object has ``source`` and ``target``, both strings or both lists of words, and may have an ``id`` (a string or
    an integer) and ``source_spans`` and ``target_spans`` (units as ``[start, end]``). Every other key is ignored, so
    the results that `write` makes can be read as pairs again, with the same units.

    Args:
        source: a path, ``-`` or an open binary stream.
        columns: the keys of the two texts.
        tokenized: the words of a string are what stands between whitespace, unless it has spans.

    Yields:
        a pair, or a failure (with its id if it could be read) for a line that is no JSON object, lacks a key, has a
        value of the wrong type, is blank on a side, or is itself a failure that `write` made.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> pair = next(read(io.BytesIO(b'{"source": ["the", "cat"], "target": ["le", "chat"], "id": 7}')))
    >>> pair.id, pair.source, len(pair.target_spans)
    ('7', 'the cat', 2)
    """

    def make(fields: Fields, where: str) -> TextPair:
        return _pair(fields, columns, where, tokenized=tokenized).check_not_blank()

    return _records(source, make)


def read_evidence(source: Source) -> Iterator[Evidence | Failure]:
    r"""Yield the results that `write` wrote, equal to what was written, or a failure in its place.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> next(read_evidence(io.BytesIO(b'{"source": "the cat"}'))).error.came
    "no key 'target'"
    """
    return _records(source, lambda fields, where: to_evidence(fields, where=where))


def write(record: Evidence | TextPair | Failure) -> str:
    """Return a record as one JSON object without a line break; its keys are those of `to_fields`.

    >>> write(TextPair(source="the cat", target="le chat"))
    '{"id": null, "source": "the cat", "target": "le chat"}'
    """
    return json.dumps(to_fields(record), ensure_ascii=False, allow_nan=False)


def _records(source: Source, make: Callable[[Fields, str], Record]) -> Iterator[Record | Failure]:
    for line in read_lines(source):
        fields = attempt(json_object, line)
        if isinstance(fields, Failure):
            yield fields
            continue
        try:
            yield make(fields, line.where)
        except InputError as error:
            name = fields.get("id")
            yield Failure(error=error, id=str(name) if isinstance(name, str | int) else None)


def _pair(fields: Fields, columns: tuple[str, str], where: str, *, tokenized: bool) -> TextPair:
    raise_if_failure(fields)
    name = take_id(fields, where)
    if all(isinstance(fields.get(column), list) for column in columns):
        return TextPair.from_words(fields[columns[0]], fields[columns[1]], id=name, where=where)
    source, target = (take(fields, column, "a string", where) for column in columns)
    if all(f"{column}_spans" in fields for column in columns):
        return TextPair(
            source=source,
            target=target,
            source_spans=take_spans(fields, f"{columns[0]}_spans", source, where),
            target_spans=take_spans(fields, f"{columns[1]}_spans", target, where),
            id=name,
            where=where,
        )
    return (TextPair.from_tokens if tokenized else TextPair)(source=source, target=target, id=name, where=where)
