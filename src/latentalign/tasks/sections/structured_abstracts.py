"""Structured abstracts, whose headings say which section the sentences below them are of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Line, read_lines
from latentalign.text.characters import is_blank
from latentalign.text.split_texts import SplitText

_HEADING = re.compile(r"([^\W\d_]{2}[^:]*):(?:\s+|$)")


class StructuredAbstract(NamedTuple):
    """An abstract without its headings, and for each sentence the heading above it and the section that this means.

    Args:
        document: the sentences.
        headings: as they are written, without the colon; None above the first one.
        labels: the sections; None where the heading has none.
    """

    document: SplitText
    headings: tuple[str | None, ...]
    labels: tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class StructuredAbstracts:
    """Where structured abstracts are: JSON lines, plain or gzipped, with a text that has a sentence a line.

    A heading is what stands before the first colon of a line, in capitals; it holds for its line and for those below,
    until the next one. A line that begins with a small letter goes on with the sentence before.

    Args:
        file: below the data folder.
        headings: for headings, without the colon, the section that they mean; sentences below others have no label.
        text: the key of the text.
        at_least: headings from which on a text is a structured abstract, 1 at least; other texts are left out.
        title: whether the first line is a title, which is left out.

    Raises:
        InputError: no heading, or ``at_least`` below 1.
    """

    file: str
    headings: dict[str, str]
    text: str = "text"
    at_least: int = 2
    title: bool = True

    def __post_init__(self) -> None:
        if not self.headings or self.at_least < 1:
            raise InputError(
                wanted="headings with a section each, and at_least 1 or more",
                came=f"{len(self.headings)} headings, at_least {self.at_least}",
                where="StructuredAbstracts",
            )

    def read(self, data: Path) -> list[StructuredAbstract]:
        """Return the structured abstracts among the texts.

        Raises:
            InputError: the file cannot be read, a line lacks the text, or none of the texts is a structured abstract.
        """
        rows = [self._row(line) for line in read_lines(data / self.file) if line.raw.strip()]
        found = [row for row in rows if row is not None]
        if not found:
            raise InputError(
                wanted=f"structured abstracts, {self.at_least} lines or more of which begin with a heading",
                came=f"none among {len(rows)} texts",
                where=str(data / self.file),
            )
        return found

    def _row(self, line: Line) -> StructuredAbstract | None:
        text = json_object(line).get(self.text)
        if not isinstance(text, str):
            raise InputError(wanted=f"a string under {self.text!r}", came=repr(text)[:60], where=line.where)
        parts = [_parted(one) for one in list(_joined(text))[self.title :]]
        if sum(heading is not None for heading, _ in parts) < self.at_least:
            return None
        strings, above, current = [], [], None
        for heading, sentence in parts:
            current = heading or current
            if not is_blank(sentence):
                strings.append(sentence)
                above.append(current)
        labels = tuple(None if one is None else self.headings.get(one) for one in above)
        return StructuredAbstract(SplitText.of_sentences(strings, where=line.where), tuple(above), labels)


def _joined(text: str) -> Iterator[str]:
    """Yield the lines, those that begin with a small letter together with the line before."""
    held = ""
    for line in map(str.strip, text.splitlines()):
        if is_blank(line):
            continue
        if held and line[0].islower():
            held = f"{held} {line}"
        else:
            if held:
                yield held
            held = line
    if held:
        yield held


def _parted(line: str) -> tuple[str | None, str]:
    """Return the heading with which a line begins, if any, and the rest.

    >>> _parted("MAIN RESULTS: It works."), _parted("We ask: does it?")
    (('MAIN RESULTS', 'It works.'), (None, 'We ask: does it?'))
    """
    found = _HEADING.match(line)
    return (found[1], line[found.end() :]) if found and found[1].isupper() else (None, line)
