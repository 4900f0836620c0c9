"""Texts in sentences: paragraphs of a text file, or one a JSON object with its text or its sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Line, Source, read_lines
from latentalign.text.pairs import Failure
from latentalign.text.split_texts import SplitText


def read(
    source: Source, *, form: Literal["paragraphs", "jsonl"] = "paragraphs", column: str = "text"
) -> Iterator[SplitText | Failure]:
    r"""Yield one document after the other, or a failure in its place.

    Args:
        source: a path, ``-`` or an open binary stream.
        form: ``paragraphs``, a blank line between two documents; or ``jsonl``, objects with a list under ``sentences``
            or a text under ``column``, and perhaps an ``id``.
        column: the key of the text.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> [one.strings for one in read(io.BytesIO(b"It works.\nWe show how.\n\nAnother one.\n"))]
    [('It works.', 'We show how.'), ('Another one.',)]
    """
    yield from _objects(source, column) if form == "jsonl" else _paragraphs(source)


def _paragraphs(source: Source) -> Iterator[SplitText | Failure]:
    waiting: list[Line] = []
    for line in read_lines(source):
        if line.raw.strip():
            waiting.append(line)
        elif waiting:
            yield _paragraph(waiting)
            waiting = []
    if waiting:
        yield _paragraph(waiting)


def _paragraph(lines: list[Line]) -> SplitText | Failure:
    try:
        return SplitText.of_text("\n".join(line.text for line in lines), where=lines[0].where)
    except InputError as error:
        return Failure(error=error)


def _objects(source: Source, column: str) -> Iterator[SplitText | Failure]:
    for line in read_lines(source):
        name: str | None = None
        try:
            fields = json_object(line)
            found = fields.get("id")
            name = str(found) if isinstance(found, str | int) else None
            sentences, text = fields.get("sentences"), fields.get(column)
            if isinstance(sentences, list) and all(isinstance(one, str) for one in sentences):
                yield SplitText.of_sentences(sentences, id=name, where=line.where)
            elif isinstance(text, str):
                yield SplitText.of_text(text, id=name, where=line.where)
            else:
                raise InputError(
                    wanted=f"a list of strings under 'sentences', or a string under {column!r}",
                    came=f"the keys {', '.join(map(str, fields)) or 'none'}",
                    where=line.where,
                )
        except InputError as error:
            yield Failure(error=error, id=name)
