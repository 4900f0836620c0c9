"""A line of JSON lines as an object."""

from __future__ import annotations

import json
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.lines import Line


def json_object(line: Line) -> dict[str, Any]:
    """Return the object that a line holds.

    Raises:
        InputError: it is no JSON object, or not UTF-8; the message names file, line and column.

    >>> json_object(Line(name="a.jsonl", number=1, raw=b'{"id": 7}'))
    {'id': 7}
    """
    try:
        value = json.loads(line.text)
    except json.JSONDecodeError as error:
        came = f"{error.msg[0].lower()}{error.msg[1:]} at column {error.colno}"
        raise InputError(wanted="a JSON object", came=came, where=line.where) from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(wanted="a JSON object", came=f"one too large to read ({error})", where=line.where) from None
    if not isinstance(value, dict):
        raise InputError(wanted="a JSON object", came=type(value).__name__, where=line.where)
    return value
