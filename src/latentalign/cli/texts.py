"""What a command line names as its texts: strings, or the records of one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.cli.pairs import names_one

if TYPE_CHECKING:
    from latentalign.text.pairs import Failure
    from latentalign.text.records import TextRecord


def read_texts(texts: list[str], column: str = "text") -> Iterator[TextRecord | Failure]:
    """Yield the texts that the arguments of a command mean; one that cannot be used is a failure in its place.

    Args:
        texts: of the user; or one file, a text a line or JSON lines; or ``-``.
        column: the key of the text in JSON lines.
    """
    from latentalign.formats import texts as reader
    from latentalign.formats.policy import attempt
    from latentalign.text.records import TextRecord

    if names_file(texts):
        return reader.read(texts[0], form="jsonl" if holds_objects(texts[0]) else "lines", column=column)
    return (attempt(lambda text: TextRecord(text=text), text) for text in texts)


def names_file(texts: list[str]) -> bool:
    """Return whether the arguments are one file, or standard input.

    Raises:
        InputError: one that is called as files are, and is not there.
    """
    return len(texts) == 1 and names_one(texts[0])


def holds_objects(name: str) -> bool:
    """Return whether a file is one of JSON lines, by its name.

    >>> holds_objects("papers.jsonl.gz"), holds_objects("papers.txt")
    (True, False)
    """
    return Path(name.removesuffix(".gz")).suffix in (".jsonl", ".json")
