"""Candidates from Qdrant: a folder (local mode), or a server by its address."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from latentalign.index.candidates.candidate_index import Fields, Proposal, checked, widened
from latentalign.index.filters import Filter
from latentalign.index.vectors import Array, normalized
from latentalign.registry import require

AT_ONCE = 256
_SPACE = uuid.UUID("6f1d3c2e-8a55-4a0b-9b0e-3f0d5a9e7c41")


class QdrantCandidates:
    """Candidates by Qdrant's own sum of maximal cosines over multivectors.

    Filters are applied to what Qdrant proposes, and it is asked for more until enough is left, so that they mean the
    same with every engine.

    Args:
        location: a folder, or the address of a server (``http://…``).
        collection: its name there.

    Raises:
        MissingExtraError: qdrant-client is not installed.

    Cost: in a folder, a product with all tokens; on a server, its graph.
    """

    def __init__(self, location: str | Path, *, collection: str = "latentalign") -> None:
        qdrant = require("qdrant_client", extra="qdrant")
        remote = str(location).startswith(("http://", "https://"))
        self._models = qdrant.models
        self._client: Any = qdrant.QdrantClient(**({"url": str(location)} if remote else {"path": str(location)}))
        self._collection = collection

    def add(self, ids: Sequence[str], tokens: Sequence[Array], *, fields: Sequence[Fields] | None = None) -> None:
        """See ``CandidateIndex``."""
        known = checked(ids, tokens, fields)
        models = self._models
        if ids and not self._client.collection_exists(self._collection):
            several = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
            config = models.VectorParams(
                size=tokens[0].shape[1], distance=models.Distance.COSINE, multivector_config=several
            )
            self._client.create_collection(self._collection, vectors_config=config)
        points = [
            models.PointStruct(id=_number(name), vector=normalized(rows).tolist(), payload={"id": name, "fields": one})
            for name, rows, one in zip(ids, tokens, map(dict, known), strict=True)
        ]
        for start in range(0, len(points), AT_ONCE):
            self._client.upsert(self._collection, points[start : start + AT_ONCE], wait=True)

    def delete(self, ids: Iterable[str]) -> None:
        """See ``CandidateIndex``."""
        numbers = [_number(name) for name in ids]
        if numbers and self._client.collection_exists(self._collection):
            chosen = self._models.PointIdsList(points=numbers)
            self._client.delete(self._collection, points_selector=chosen, wait=True)

    def search(self, tokens: Array, k: int, filter: Filter | None = None) -> list[Proposal]:
        """See ``CandidateIndex``."""
        size = len(self)
        if not size:
            return []
        query = normalized(tokens)
        return widened(lambda room: self._nearest(query, room), k=k, filter=filter, size=size)

    def __len__(self) -> int:
        if not self._client.collection_exists(self._collection):
            return 0
        return int(self._client.count(self._collection, exact=True).count)

    def close(self) -> None:
        """See ``CandidateIndex``."""
        self._client.close()

    def _nearest(self, query: Array, room: int) -> list[tuple[Proposal, Fields]]:
        found = self._client.query_points(self._collection, query=query.tolist(), limit=room, with_payload=True).points
        return [
            (Proposal(one.payload["id"], float(one.score) / len(query)), one.payload.get("fields") or {})
            for one in found
        ]


def _number(name: str) -> str:
    """Return the number that Qdrant knows a text by; always the same for the same name."""
    return str(uuid.uuid5(_SPACE, name))
