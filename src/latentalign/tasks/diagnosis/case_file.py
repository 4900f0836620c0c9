"""Patients from a file: one a line, or one a JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Line, Source, read_lines
from latentalign.tasks.diagnosis.case import Case
from latentalign.text.pairs import Failure


def read_cases(source: Source) -> Iterator[Case | Failure]:
    r"""Yield one case a line, or a failure in its place.

    Args:
        source: a path, ``-`` or an open binary stream. A line is a free text; in a file named ``.jsonl`` or ``.json``,
            and where a line begins with a brace, it is an object with ``symptoms`` (a list) or ``text``, and perhaps
            ``id``.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> lines = b'fever and a rash\n{"id": "7", "symptoms": ["fever", "no rash"]}\n'
    >>> [(one.id, one.text) for one in read_cases(io.BytesIO(lines))]
    [(None, 'fever and a rash'), ('7', 'fever; no rash')]
    """
    objects = isinstance(source, str) and Path(source.removesuffix(".gz")).suffix in (".jsonl", ".json")
    for line in read_lines(source):
        names: list[str] = []
        try:
            text = line.text
            if objects or text.lstrip().startswith("{"):
                yield _case(line, names)
            else:
                yield Case.of(text, where=line.where)
        except InputError as error:
            yield Failure(error=error, id=names[0] if names else None)


def _case(line: Line, names: list[str]) -> Case:
    """Return the case in an object; its name goes into ``names`` as soon as it is known."""
    found = json_object(line)
    if isinstance(found.get("id"), str | int):
        names.append(str(found["id"]))
    given = found.get("symptoms", found.get("text"))
    if not isinstance(given, str) and not (isinstance(given, list) and all(isinstance(one, str) for one in given)):
        raise InputError(
            wanted="a list of strings under 'symptoms', or a string under 'text'",
            came=", ".join(map(str, found)) or "an empty object",
            where=line.where,
        )
    return Case.of(given, id=names[0] if names else None, where=line.where)
