"""Texts whose mentions are linked already, in files of the data folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Line, read_lines
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class LinkedTexts:
    """Where texts with mentions are: JSON lines, plain or gzipped.

    Args:
        file: below the data folder.
        text: the keys whose strings, joined by a blank, are the text.
        mentions: the key of the list of mentions, objects with ``start`` and ``end``, or with ``span``.
        concept: the key of the concept of a mention. ``|`` and ``+`` stand between several, any of which is right.
        prefix: put before a concept without a colon.
        id: the key of the name of a text; the number of the line where it is absent.
        most: read so many texts, evenly spread; None is all.
    """

    file: str
    text: tuple[str, ...] = ("text",)
    mentions: str = "mentions"
    concept: str = "concept"
    prefix: str = ""
    id: str = "id"
    most: int | None = None

    def read(self, data: Path) -> list[MentionedText]:
        """Return the texts.

        Raises:
            InputError: the file cannot be read, or a record is no such object.
        """
        found = [self._text(line) for line in read_lines(data / self.file) if line.raw.strip()]
        return found if self.most is None else found[:: max(1, -(-len(found) // self.most))]

    def _text(self, line: Line) -> MentionedText:
        row = json_object(line)
        try:
            return MentionedText(
                text=" ".join(row[key] for key in self.text),
                id=str(row.get(self.id, line.number - 1)),
                mentions=tuple(self._mentions(row[self.mentions])),
                where=line.where,
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                wanted=f"texts under {self.text!r} with mentions under {self.mentions!r}",
                came=f"{type(error).__name__}: {error}",
                where=line.where,
            ) from error

    def _mentions(self, rows: list[Mapping[str, Any]]) -> Iterator[GivenMention]:
        for row in rows:
            start, end = row["span"] if "span" in row else (row["start"], row["end"])
            told = row[self.concept]
            names = [] if told is None else [one.strip() for one in re.split(r"[|+]", str(told)) if one.strip()]
            concepts = frozenset(one if ":" in one else self.prefix + one for one in names)
            yield GivenMention(span=Span(start, end), concepts=concepts)
