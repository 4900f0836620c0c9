"""Candidates from LanceDB: a folder, or object storage by its address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latentalign.index.candidates.candidate_index import Fields, Proposal, checked, maxsim, widened
from latentalign.index.filters import Filter
from latentalign.index.vectors import Array, normalized
from latentalign.registry import require


class LanceCandidates:
    """Candidates by LanceDB's search over multivectors; what it proposes is scored exactly.

    Filters are applied to what LanceDB proposes, and it is asked for more until enough is left, so that they mean the
    same with every engine.

    Args:
        location: a folder, or an address such as ``s3://bucket/path``.
        table: its name there.

    Raises:
        MissingExtraError: lancedb is not installed.

    Cost: a scan of the table, or its index where one was made.
    """

    def __init__(self, location: str | Path, *, table: str = "latentalign") -> None:
        self._database: Any = require("lancedb", extra="lancedb").connect(str(location))
        self._name = table
        self._table: Any = None
        if table in self._tables():
            self._table = self._database.open_table(table)

    def add(self, ids: Sequence[str], tokens: Sequence[Array], *, fields: Sequence[Fields] | None = None) -> None:
        """See ``CandidateIndex``."""
        known = checked(ids, tokens, fields)
        if not ids:
            return
        rows = [
            {"id": name, "fields": json.dumps(dict(one)), "tokens": normalized(matrix).tolist()}
            for name, matrix, one in zip(ids, tokens, known, strict=True)
        ]
        if self._table is None:
            self._table = self._database.create_table(self._name, schema=_schema(tokens[0].shape[1]))
        self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(
            require("pyarrow", extra="lancedb").Table.from_pylist(rows, schema=self._table.schema)
        )

    def delete(self, ids: Iterable[str]) -> None:
        """See ``CandidateIndex``."""
        names = ", ".join("'" + name.replace("'", "''") + "'" for name in ids)
        if names and self._table is not None:
            self._table.delete(f"id IN ({names})")

    def search(self, tokens: Array, k: int, filter: Filter | None = None) -> list[Proposal]:
        """See ``CandidateIndex``."""
        size = len(self)
        if not size:
            return []
        query = normalized(tokens)
        return widened(lambda room: self._nearest(query, room), k=k, filter=filter, size=size)

    def __len__(self) -> int:
        return 0 if self._table is None else int(self._table.count_rows())

    def close(self) -> None:
        """See ``CandidateIndex``."""
        self._table = self._database = None

    def _tables(self) -> Sequence[str]:
        found = self._database.list_tables()
        names: Sequence[str] = getattr(found, "tables", found)
        return names

    def _nearest(self, query: Array, room: int) -> list[tuple[Proposal, Fields]]:
        found = self._table.search(query, vector_column_name="tokens").distance_type("cosine").limit(room).to_list()
        scored = [
            (Proposal(one["id"], maxsim(query, np.array(one["tokens"]))), json.loads(one["fields"])) for one in found
        ]
        return sorted(scored, key=lambda one: -one[0].score)


def _schema(features: int) -> Any:
    arrow = require("pyarrow", extra="lancedb")
    rows = arrow.list_(arrow.list_(arrow.float32(), features))
    return arrow.schema([("id", arrow.string()), ("fields", arrow.string()), ("tokens", rows)])
