"""How rare a feature is in a corpus."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from latentalign.errors import InputError, ModelError
from latentalign.models.features import Featurizer


@dataclass(frozen=True, kw_only=True, eq=False)
class Idf:
    r"""Inverse document frequencies.

    $$\mathrm{idf}(f) = \log [1 + (N - d_f + \tfrac12) / (d_f + \tfrac12)]$$

    Args:
        documents: $N$, at least 1.
        counts: $d_f$, the number of documents that have a feature.

    >>> idf = Idf.fit(["the cat", "the dog", "a dog"])
    >>> idf("the") < idf("cat") < idf("unseen")
    True

    Robertson and Zaragoza 2009, eq. 3.5, with 1 added under the logarithm so that none is negative.
    """

    documents: int
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        if self.documents < 1:
            raise InputError(wanted="at least one document", came=repr(self.documents), where="idf")

    @classmethod
    def fit(cls, texts: Iterable[str], *, featurizer: Featurizer | None = None) -> Idf:
        """Return the frequencies in some texts, streamed.

        Args:
            texts: one a document.
            featurizer: must be the one the frequencies are used with; None is exact words.
        """
        rule = featurizer or Featurizer()
        counts: Counter[str] = Counter()
        documents = 0
        for text in texts:
            documents += 1
            counts.update(set(rule.bag(text, whole=False)))
        return cls(documents=documents, counts=dict(counts))

    def __call__(self, feature: str) -> float:
        """Return the inverse document frequency of a feature; that of an unseen one is the highest."""
        found = min(self.counts.get(feature, 0), self.documents)
        return math.log1p((self.documents - found + 0.5) / (found + 0.5))

    @cached_property
    def highest(self) -> float:
        """The value of a feature that no document has."""
        return math.log1p((self.documents + 0.5) / 0.5)

    @cached_property
    def mean(self) -> float:
        """The value of a feature met at random in a text."""
        total = sum(self.counts.values())
        return sum(count * self(feature) for feature, count in self.counts.items()) / total if total else self.highest

    def save(self, path: str | Path) -> None:
        """Write the table as JSON."""
        table = {"documents": self.documents, "counts": dict(self.counts)}
        Path(path).write_text(json.dumps(table, ensure_ascii=False, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Idf:
        """Read a table that was saved.

        Raises:
            ModelError: the file is absent or no such table.
        """
        try:
            table = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(
                documents=int(table["documents"]), counts={str(key): int(n) for key, n in table["counts"].items()}
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                wanted="a table of document frequencies, as Idf.save writes it",
                came=f"{type(error).__name__}: {error}",
                where=str(path),
            ) from error


def as_idf(given: Idf | str | None) -> Idf | None:
    """Return a table given as such or by the name of its file."""
    return Idf.load(given) if isinstance(given, str) else given
