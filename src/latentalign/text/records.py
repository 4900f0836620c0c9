"""One text that is to be worked on, with its name and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank


@dataclass(frozen=True, kw_only=True)
class TextRecord:
    """A text.

    Args:
        text: with something in it.
        id: the name of the record, given back with its result.
        where: the file and line it came from, for messages; two records that differ only here are equal.

    Raises:
        InputError: a text that is no string, has a lone surrogate, or is blank.

    >>> TextRecord(text="the cat", id="7").id
    '7'
    """

    text: str
    id: str | None = None
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if is_blank(check_text(self.text, where=self.where or "text")):
            raise InputError(wanted="a text with a word", came="a blank one", where=self.where or "text")
