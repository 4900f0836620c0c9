"""Documents whose sentences have a label each, in files of the data folder."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from latentalign.errors import InputError
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
        path = data / self.file
        try:
            raw = path.read_bytes()
            content = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
            rows = list(self._rows(content, path))
        except OSError as error:
            raise InputError(wanted="labelled documents", came=str(error.strerror or error), where=str(path)) from error
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                wanted=f"sentences under {self.sentences!r} with labels under {self.labels!r}",
                came=f"{type(error).__name__}: {error}",
                where=str(path),
            ) from error
        return rows[:: max(1, -(-len(rows) // self.most))] if self.most else rows

    def _rows(self, content: str, path: Path) -> Iterator[Labelled]:
        for number, line in enumerate(content.split("\n"), start=1):
            if not line.strip():
                continue
            found: dict[str, Any] = json.loads(line)
            sentences, labels = found[self.sentences], tuple(str(one) for one in found[self.labels])
            trust = () if self.trust is None else tuple(float(one) for one in found[self.trust])
            where = f"{path}:{number}"
            if len(sentences) != len(labels) or (self.trust is not None and len(trust) != len(labels)):
                raise InputError(wanted="a label a sentence", came=f"{len(labels)} and {len(sentences)}", where=where)
            yield Labelled(SplitText.of_sentences([str(one) for one in sentences], where=where), labels, trust)
