"""Documents whose sentences have a label each, in files of the data folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import Line, read_lines
from latentalign.text.split_texts import SplitText


class Labelled(NamedTuple):
    """A document, the label of each sentence, and the share of the annotators who gave it; none if unknown."""

    document: SplitText
    labels: tuple[str, ...]
    trust: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabelledDocuments:
    """Where labelled documents are: JSON lines, plain or gzipped, with a list of sentences and a list of labels.

    Args:
        file: below the data folder.
        sentences, labels: the keys of the lists.
        trust: the key of a list with the share of the annotators who gave each label, in [0, 1]; None if there is none.
        most: read so many at most, evenly spread; None for all.
    """

    file: str
    sentences: str = "sentences"
    labels: str = "labels"
    trust: str | None = None
    most: int | None = None

    def read(self, data: Path) -> list[Labelled]:
        """Return the documents with the labels of their sentences.

        Raises:
            InputError: the file cannot be read, or lacks a list.
        """
        rows = [self._row(line) for line in read_lines(data / self.file) if line.raw.strip()]
        return rows[:: max(1, -(-len(rows) // self.most))] if self.most else rows

    def _row(self, line: Line) -> Labelled:
        fields = json_object(line)
        sentences = self._strings(fields, self.sentences, line.where)
        labels = self._strings(fields, self.labels, line.where)
        trust = () if self.trust is None else self._shares(fields, self.trust, line.where)
        if len(sentences) != len(labels) or (self.trust is not None and len(trust) != len(labels)):
            raise InputError(wanted="a label a sentence", came=f"{len(labels)} and {len(sentences)}", where=line.where)
        return Labelled(SplitText.of_sentences(sentences, where=line.where), labels, trust)

    def _strings(self, fields: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        found = fields.get(key)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise InputError(
                wanted=f"a list of strings, sentences under {self.sentences!r} with labels under {self.labels!r}",
                came=repr(found)[:60],
                where=where,
            )
        return tuple(found)

    @staticmethod
    def _shares(fields: Mapping[str, Any], key: str, where: str) -> tuple[float, ...]:
        found = fields.get(key)
        if not isinstance(found, list) or not all(isinstance(one, int | float) for one in found):
            raise InputError(wanted=f"a list of numbers under {key!r}", came=repr(found)[:60], where=where)
        return tuple(map(float, found))
