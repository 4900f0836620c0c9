"""Utterances whose values of slots are known, in files of the data folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines, read_text
from latentalign.tasks.classification.labelled_texts import fold_of
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.labels import bio_spans
from latentalign.text.spans import Span
from latentalign.text.words import tokens


@dataclass(frozen=True, kw_only=True)
class LabelledSlots:
    """Where utterances with slots are, and which of them are read.

    A ``.jsonl`` file has an object a line: the text, and a BIO label for each word between spaces. A ``.json`` file has
    a list of objects in the format of RESTAURANTS-8K: ``userInput.text``, ``labels`` with ``slot`` and ``valueSpan``
    in characters, and ``context.requestedSlots``. Both may be gzipped.

    Args:
        file: below the data folder.
        text, slots: the keys of a line.
        asked: whether the slots that were asked for are read; only a ``.json`` file has them.
        folds, only: the utterances are parted into so many folds by a hash of their texts (``fold_of``), and those of
            some folds are read; None reads all.
        most: read so many at most, evenly spread; None for all.
    """

    file: str
    text: str = "text"
    slots: str = "slots"
    asked: bool = True
    folds: int = 5
    only: tuple[int, ...] | None = None
    most: int | None = None

    def read(self, data: Path) -> list[AnnotatedText]:
        """Return the utterances with their values.

        Raises:
            InputError: the file cannot be read, or lacks something.
        """
        path = data / self.file
        try:
            rows = list(self._rows(path))
        except InputError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                wanted=f"texts under {self.text!r} with BIO labels under {self.slots!r}, or RESTAURANTS-8K",
                came=f"{type(error).__name__}: {error}",
                where=str(path),
            ) from error
        kept = [one for one in rows if self.only is None or fold_of(one.text, folds=self.folds) in self.only]
        return kept[:: max(1, -(-len(kept) // self.most))] if self.most else kept

    def _rows(self, path: Path) -> Iterator[AnnotatedText]:
        if path.name.removesuffix(".gz").endswith(".jsonl"):
            for row in (json_object(line) for line in read_lines(path) if line.raw.strip()):
                yield of_bio(str(row[self.text]), row[self.slots])
        else:
            for row in json.loads(read_text(path)):
                yield self._of_spans(row)

    def _of_spans(self, row: Mapping[str, Any]) -> AnnotatedText:
        asked = row.get("context", {}).get("requestedSlots", ()) if self.asked else ()
        return AnnotatedText(
            text=str(row["userInput"]["text"]),
            slots=tuple(
                (Span(int(one["valueSpan"].get("startIndex", 0)), int(one["valueSpan"]["endIndex"])), str(one["slot"]))
                for one in row.get("labels", ())
            ),
            asked=tuple(map(str, asked)),
        )


def of_bio(text: str, labels: list[str]) -> AnnotatedText:
    """Return a text with the values that the BIO labels of its words name; words are what stands between spaces.

    Raises:
        ValueError: another number of labels than of words.

    >>> of_bio("to new york today", ["O", "B-city", "I-city", "B-day"]).slots
    ((Span(start=3, end=11), 'city'), (Span(start=12, end=17), 'day'))
    """
    words = tokens(text)
    if len(words) != len(labels):
        raise ValueError(f"{len(labels)} labels for {len(words)} words")
    found = bio_spans(labels)
    return AnnotatedText(
        text=text,
        slots=tuple((Span(words[one.start].start, words[one.end - 1].end), one.label) for one in found),
    )
