"""Texts with mentions: JSON lines whose objects have offsets, or plain lines in which mentions are to be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.fields import take, take_id
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Source, read_lines
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span


def read(
    source: Source, *, form: str = "jsonl", column: str = "text", given: bool = True
) -> Iterator[MentionedText | Failure]:
    r"""Yield one text a line, or a failure in its place.

    A mention is ``[start, end]`` or an object with ``start`` and ``end``, and perhaps ``types`` (or ``type``) and
    ``concepts`` (or ``concept``), each a string or a list.

    Args:
        source: a path, ``-`` or an open binary stream.
        form: ``jsonl``, or ``lines`` of plain text.
        column: the key of the text.
        given: whether ``mentions`` are read; without, they are to be found.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> line = b'{"text": "a cold", "mentions": [{"start": 2, "end": 6, "concept": "D003139"}]}'
    >>> next(read(io.BytesIO(line))).mentions[0].concepts
    frozenset({'D003139'})
    """
    for line in read_lines(source):
        name: str | None = None
        try:
            if form == "lines":
                yield MentionedText(text=line.text, where=line.where)
                continue
            fields = json_object(line)
            name = take_id(fields, line.where)
            mentions = _mentions(fields, line.where) if given else None
            yield MentionedText(
                text=take(fields, column, "a string", line.where), id=name, mentions=mentions, where=line.where
            )
        except InputError as error:
            yield Failure(error=error, id=name)


def _mentions(fields: Mapping[str, Any], where: str) -> tuple[GivenMention, ...]:
    listed = take(fields, "mentions", "a list", where)
    return tuple(_mention(one, f"{where} mention {number}") for number, one in enumerate(listed))


def _mention(given: Any, where: str) -> GivenMention:
    if isinstance(given, list):
        if len(given) != 2 or not all(type(one) is int for one in given):
            raise InputError(wanted="[start, end]", came=repr(given)[:40], where=where)
        return GivenMention(span=Span(*given))
    start, end = (take(given, name, "an integer", where) for name in ("start", "end"))
    return GivenMention(
        span=Span(start, end),
        types=_set(given, ("types", "type"), where),
        concepts=_set(given, ("concepts", "concept"), where),
    )


def _set(given: Mapping[str, Any], names: tuple[str, str], where: str) -> frozenset[str]:
    found: Any = next((given[name] for name in names if given.get(name) is not None), [])
    members = found if isinstance(found, list) else [found]
    if not all(isinstance(one, str) for one in members):
        raise InputError(wanted=f"strings as {names[0]!r}", came=repr(found)[:40], where=where)
    return frozenset(members)
