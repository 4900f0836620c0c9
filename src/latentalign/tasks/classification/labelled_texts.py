"""Texts with a label each, in files of the data folder."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines, read_text


@dataclass(frozen=True, kw_only=True)
class LabelledTexts:
    """Where labelled texts are, and which of them are read.

    JSON lines and CSV (with a header) are read by their columns; a JSON file holds pairs ``[text, label]``, in a list
    or under a key.

    Args:
        file: below the data folder: ``.jsonl``, ``.csv``, ``.tsv`` or ``.json``, plain or gzipped.
        text, label: the columns.
        key: in a JSON file, where the pairs are.
        per_label: read so many of each label at most; None for all. Which ones, the seed decides.
        seed: of that choice.
        id: the column of a text's name, for a split of one's own; of JSON lines, CSV and TSV.
        folds, only: the texts are parted into so many folds by a hash of their names (``fold_of``), and those of some
            folds are read; None reads all.
    """

    file: str
    text: str = "text"
    label: str = "label"
    key: str | None = None
    per_label: int | None = None
    seed: int = 0
    id: str = "id"
    folds: int = 5
    only: tuple[int, ...] | None = None

    def read(self, data: Path) -> list[tuple[str, str]]:
        """Return the texts with their labels.

        Raises:
            InputError: the file cannot be read, or lacks a column.
        """
        path = data / self.file
        try:
            rows = list(self._rows(path))
        except InputError:
            raise
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise InputError(
                wanted=f"texts under {self.text!r} with labels under {self.label!r}",
                came=f"{type(error).__name__}: {error}",
                where=str(path),
            ) from error
        return rows if self.per_label is None else few(rows, self.per_label, seed=self.seed)

    def _rows(self, path: Path) -> Iterator[tuple[str, str]]:
        suffix = Path(path.name.removesuffix(".gz")).suffix
        if suffix in (".csv", ".tsv"):
            rows = (f"{line.text}\n" for line in read_lines(path))
            for row in csv.DictReader(rows, delimiter="\t" if suffix == ".tsv" else ","):
                if self._wanted(row):
                    yield row[self.text], row[self.label]
        elif suffix == ".jsonl":
            for found in (json_object(line) for line in read_lines(path) if line.raw.strip()):
                if self._wanted(found):
                    yield str(found[self.text]), str(found[self.label])
        else:
            table = json.loads(read_text(path))
            for text, label in table if self.key is None else table[self.key]:
                yield str(text), str(label)

    def _wanted(self, row: Mapping[str, Any]) -> bool:
        return self.only is None or fold_of(str(row[self.id]), folds=self.folds) in self.only


def fold_of(name: str, *, folds: int) -> int:
    """Return the fold of a name: its sha256, as a number, modulo the number of folds.

    >>> [fold_of(name, folds=5) for name in ("0000335", "0000356")]
    [0, 0]
    """
    return int(hashlib.sha256(name.encode("utf-8")).hexdigest(), 16) % folds


def texts_of(file: LabelledTexts | None, data: Path) -> list[str]:
    """Return the texts of a file whose labels are not read, or none where there is no file."""
    return [] if file is None else [text for text, _ in file.read(data)]


def few(rows: list[tuple[str, str]], per_label: int, *, seed: int) -> list[tuple[str, str]]:
    """Return at most so many rows of each label, drawn at random, in the order they had.

    >>> few([("a", "x"), ("b", "x"), ("c", "y")], 1, seed=0)[-1]
    ('c', 'y')
    """
    import random

    by_label: dict[str, list[int]] = {}
    for number, (_, label) in enumerate(rows):
        by_label.setdefault(label, []).append(number)
    chance = random.Random(seed)
    chosen = [one for numbers in by_label.values() for one in chance.sample(numbers, min(per_label, len(numbers)))]
    return [rows[number] for number in sorted(chosen)]
