"""Candidates from a graph of nearest neighbours (usearch), in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latentalign.durable import replacing, sync
from latentalign.index.candidates.candidate_index import Fields, Proposal, checked, maxsim, widened
from latentalign.index.filters import Filter
from latentalign.index.vectors import Array, normalized
from latentalign.registry import require

ROOM = 1 << 20
"""Tokens that a text may have: a key is the number of the text times this, plus that of the token."""
WHOLE = 4096
"""Tokens up to which all are looked at."""


class UsearchCandidates:
    """Candidates by the nearest tokens of each token of the query; what they belong to is scored exactly.

    Args:
        folder: where the graph is; made if it is not there.
        connectivity, breadth: of the graph, and of a search in it; more finds more and takes longer.

    Raises:
        MissingExtraError: usearch is not installed.

    Cost: some hundred products a token of the query; each change writes the graph.
    """

    def __init__(self, folder: str | Path, *, connectivity: int = 16, breadth: int = 64) -> None:
        self._folder = Path(folder)
        self._settings = {"connectivity": connectivity, "expansion_add": 2 * breadth, "expansion_search": breadth}
        self._graph: Any = None
        self._texts: dict[str, tuple[int, int, Fields]] = {}
        self._next = 0
        if (self._folder / "usearch.json").is_file():
            table = json.loads((self._folder / "usearch.json").read_text(encoding="utf-8"))
            self._texts = {name: (number, count, fields) for name, number, count, fields in table["texts"]}
            self._next = table["next"]
            if table["features"]:
                self._graph = self._made(table["features"])
                self._graph.load(str(self._folder / table["graph"]))
        self._names = {number: name for name, (number, _, _) in self._texts.items()}

    def add(self, ids: Sequence[str], tokens: Sequence[Array], *, fields: Sequence[Fields] | None = None) -> None:
        """See ``CandidateIndex``."""
        known = checked(ids, tokens, fields)
        self._drop(ids)
        for name, rows, one in zip(ids, tokens, known, strict=True):
            self._graph = self._graph or self._made(rows.shape[1])
            keys = self._next * ROOM + np.arange(len(rows), dtype=np.uint64)
            self._graph.add(keys, normalized(rows), threads=1)
            self._texts[name] = (self._next, len(rows), one)
            self._names[self._next] = name
            self._next += 1
        self._save()

    def delete(self, ids: Iterable[str]) -> None:
        """See ``CandidateIndex``."""
        self._drop(ids)
        self._save()

    def search(self, tokens: Array, k: int, filter: Filter | None = None) -> list[Proposal]:
        """See ``CandidateIndex``."""
        if not self._texts:
            return []
        query = normalized(tokens)
        return widened(lambda room: self._nearest(query, room), k=k, filter=filter, size=len(self._texts))

    def __len__(self) -> int:
        return len(self._texts)

    def close(self) -> None:
        """See ``CandidateIndex``."""

    def _nearest(self, query: Array, room: int) -> list[tuple[Proposal, Fields]]:
        tokens = len(self._graph)
        each = min(tokens, max(16, 2 * room) * max(1, tokens // max(1, len(self._texts)) // 4))
        found = self._graph.search(query, each, exact=tokens <= WHOLE or each * 2 > tokens, threads=1)
        keys = np.atleast_2d(found.keys)
        numbers = np.unique(keys[keys < self._next * ROOM] // ROOM).tolist()
        names = [self._names[number] for number in numbers if number in self._names]
        scored = [(Proposal(name, maxsim(query, self._rows(name))), self._texts[name][2]) for name in names]
        return sorted(scored, key=lambda one: -one[0].score)[:room]

    def _rows(self, name: str) -> Array:
        number, count, _ = self._texts[name]
        found: Array = self._graph.get(number * ROOM + np.arange(count, dtype=np.uint64))
        return found

    def _made(self, features: int) -> Any:
        usearch = require("usearch.index", extra="index")
        return usearch.Index(ndim=features, metric="cos", dtype="f16", **self._settings)

    def _drop(self, ids: Iterable[str]) -> None:
        for name in set(ids) & set(self._texts):
            number, count, _ = self._texts.pop(name)
            del self._names[number]
            self._graph.remove(number * ROOM + np.arange(count, dtype=np.uint64))

    def _save(self) -> None:
        """Write the graph under a new name, then the table that names it, then remove the old graph."""
        self._folder.mkdir(parents=True, exist_ok=True)
        old = sorted(self._folder.glob("graph-*.usearch"))
        graph = f"graph-{1 + max((int(one.stem[6:]) for one in old), default=0):08d}.usearch"
        if self._graph is not None:
            self._graph.save(str(self._folder / graph))
            sync(self._folder / graph)
        table = {
            "graph": graph,
            "features": 0 if self._graph is None else self._graph.ndim,
            "next": self._next,
            "texts": [[name, number, count, dict(one)] for name, (number, count, one) in self._texts.items()],
        }
        with replacing(self._folder / "usearch.json") as file:
            file.write(json.dumps(table, ensure_ascii=False).encode())
        for one in old:
            one.unlink(missing_ok=True)
