"""The categories of a classifier from a file: descriptions or examples."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.tasks.classification.labelled_texts import LabelledTexts

Labels = dict[str, str | list[str]]
_TABLES = {".toml": tomllib.loads, ".json": json.loads}


def read_labels(path: Path) -> Labels:
    """Return names with a description or a list of examples each.

    TOML and JSON hold a table: ``refund = "wants the money back"``, ``thanks = ["thank you", "cheers"]``. JSON lines,
    CSV and TSV hold one example a row, under ``text`` and ``label``.

    Raises:
        InputError: the file cannot be read, or holds no such table.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix
    if suffix not in _TABLES:
        found: Labels = {}
        for text, label in LabelledTexts(file=path.name).read(path.parent):
            examples = found.setdefault(label, [])
            assert isinstance(examples, list)
            examples.append(text)
        return found
    try:
        table = _TABLES[suffix](path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(wanted="a file of labels", came=str(error.strerror or error), where=str(path)) from error
    except ValueError as error:
        raise InputError(wanted=f"a {suffix[1:].upper()} file", came=str(error), where=str(path)) from error
    return _checked(table, str(path))


def _checked(table: Any, where: str) -> Labels:
    if not isinstance(table, dict) or not table:
        raise InputError(wanted='a table such as refund = "wants the money back"', came=repr(table)[:60], where=where)
    for name, texts in table.items():
        listed = isinstance(texts, list) and texts and all(isinstance(one, str) for one in texts)
        if not isinstance(texts, str) and not listed:
            raise InputError(
                wanted="a description, or a list of examples", came=repr(texts)[:60], where=f"{where}, label {name!r}"
            )
    return table
