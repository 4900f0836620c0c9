"""Candidates by looking at everything: exact, and the fastest up to some ten thousand texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from latentalign.durable import replacing
from latentalign.index.candidates.candidate_index import Fields, Proposal, checked
from latentalign.index.filters import Filter
from latentalign.index.vectors import Array, normalized


class ExactCandidates:
    """Candidates by the products with all token vectors, kept in memory and in one file.

    Args:
        folder: where the file is; made if it is not there.

    Cost: one product with all tokens a query; each change writes the whole file.

    >>> import tempfile
    >>> index = ExactCandidates(Path(tempfile.mkdtemp()))
    >>> index.add(["a", "b"], [np.eye(2), np.array([[1.0, 1.0]])])
    >>> [one.id for one in index.search(np.array([[1.0, 0.9]]), k=2)]
    ['b', 'a']
    """

    def __init__(self, folder: str | Path) -> None:
        self._path = Path(folder) / "exact.npz"
        self._ids: list[str] = []
        self._fields: list[Fields] = []
        self._tokens: list[Array] = []
        if self._path.is_file():
            with np.load(self._path, allow_pickle=False) as stored:
                table = json.loads(bytes(stored["table"]))
                self._tokens = np.split(stored["tokens"], stored["ends"][:-1]) if table["ids"] else []
            self._ids, self._fields = table["ids"], table["fields"]

    def add(self, ids: Sequence[str], tokens: Sequence[Array], *, fields: Sequence[Fields] | None = None) -> None:
        """See ``CandidateIndex``."""
        known = checked(ids, tokens, fields)
        self._drop(ids)
        self._ids += ids
        self._fields += known
        self._tokens += [normalized(rows) for rows in tokens]
        self._save()

    def delete(self, ids: Iterable[str]) -> None:
        """See ``CandidateIndex``."""
        self._drop(ids)
        self._save()

    def search(self, tokens: Array, k: int, filter: Filter | None = None) -> list[Proposal]:
        """See ``CandidateIndex``."""
        if not self._ids:
            return []
        starts = np.cumsum([0, *(len(rows) for rows in self._tokens)])[:-1]
        cosines = normalized(tokens) @ np.concatenate(self._tokens).T
        scores = np.maximum.reduceat(cosines, starts, axis=1).mean(axis=0)
        order = np.argsort(-scores, kind="stable").tolist()
        met = (one for one in order if filter is None or filter.matches(self._fields[one]))
        return [Proposal(self._ids[one], float(scores[one])) for one, _ in zip(met, range(k), strict=False)]

    def __len__(self) -> int:
        return len(self._ids)

    def close(self) -> None:
        """See ``CandidateIndex``."""

    def _drop(self, ids: Iterable[str]) -> None:
        gone = set(ids)
        kept = [place for place, name in enumerate(self._ids) if name not in gone]
        self._ids = [self._ids[place] for place in kept]
        self._fields = [self._fields[place] for place in kept]
        self._tokens = [self._tokens[place] for place in kept]

    def _save(self) -> None:
        table = json.dumps({"ids": self._ids, "fields": [dict(one) for one in self._fields]}, ensure_ascii=False)
        tokens = np.concatenate(self._tokens) if self._tokens else np.zeros((0, 0), dtype=np.float32)
        ends = np.cumsum([len(rows) for rows in self._tokens], dtype=np.int64)
        with replacing(self._path) as file:
            np.savez(file, tokens=tokens, ends=ends, table=np.frombuffer(table.encode(), dtype=np.uint8))
