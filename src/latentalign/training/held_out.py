"""What is kept apart from training, to fit probabilities on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from latentalign.errors import InputError

Row = TypeVar("Row")


def apart(rows: Sequence[Row], *, share: float) -> tuple[list[Row], list[Row]]:
    """Return rows in two parts: the share of them, evenly spread, one at least, is the second.

    Raises:
        InputError: fewer than two of them.
    """
    if len(rows) < 2:
        raise InputError(wanted="two documents or more", came=str(len(rows)), where="documents")
    every = max(2, round(1 / share))
    aside = {number for number in range(len(rows)) if number % every == every - 1} or {len(rows) - 1}
    return [row for number, row in enumerate(rows) if number not in aside], [rows[number] for number in sorted(aside)]
