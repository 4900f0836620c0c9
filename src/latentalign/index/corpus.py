"""A snapshot as it is searched: what is the same for all queries is worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from latentalign import registry
from latentalign.errors import InputError
from latentalign.index.adaptation import blocks, combined, counts, nearest, weighted
from latentalign.index.filters import Filter, fields_of
from latentalign.index.relevance import RelevanceWeights
from latentalign.index.segment import Segment
from latentalign.index.snapshot import Snapshot
from latentalign.index.vectors import Array, normalized


@dataclass(frozen=True, kw_only=True, eq=False)
class Corpus:
    """All passages of a snapshot, numbered through its segments.

    Args:
        snapshot: what the index held.
        weights: of the potentials.
    """

    snapshot: Snapshot
    weights: RelevanceWeights

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments."""
        return self.snapshot.segments

    @cached_property
    def begins(self) -> Array:
        """(segment + 1,) the number of the first passage of each."""
        return np.cumsum([0, *(len(one.passages) for one in self.segments)])

    @cached_property
    def live(self) -> Array:
        """(passage,) bool, whether its document is there."""
        return np.concatenate([np.zeros(0, np.bool_), *(one.live for one in self.segments)])

    @cached_property
    def lengths(self) -> Array:
        """(passage,) words."""
        return np.concatenate([np.zeros(0, np.int64), *(one.lengths for one in self.segments)])

    @cached_property
    def size(self) -> int:
        """How many passages are there."""
        return int(self.live.sum())

    @property
    def features(self) -> int:
        """How many features a vector of the encoder has."""
        return int(self.segments[0].vectors.shape[1]) if self.segments else 0

    @cached_property
    def mean_length(self) -> float:
        """Words of a passage, on average."""
        return float(self.lengths[self.live].mean()) if self.size else 1.0

    @cached_property
    def level(self) -> Array:
        """(passage,) what a link between words of the same stem is worth where states are not looked at, as odds."""
        relative = np.maximum(self.lengths, 1) / max(self.mean_length, 1.0)
        return np.exp(self.weights.level - self.weights.length * np.log(relative)).astype(np.float32)

    @cached_property
    def whole(self) -> Array:
        r"""(passage, features) float16 $\hat p$, whose products with $\hat q$ are what two texts give as wholes."""
        if self.neighbours is None:
            return self._alone.astype(np.float16)
        found = np.empty(self._alone.shape, dtype=np.float16)
        places, near = self.neighbours
        for some in blocks(len(found)):
            beside = self._alone[places[some]] * near[some, :, None]
            found[some] = self._alone[some] + np.float32(self.weights.neighbours) * beside.sum(axis=1)
        return found

    @cached_property
    def own(self) -> Array:
        r"""(passage,) float32 $-h \log (1 + n)$, what a passage has of itself that is a neighbour of $n$ others."""
        found = np.zeros(len(self.live), dtype=np.float32)
        if self.neighbours is not None and self.weights.hubness:
            places, near = self.neighbours
            often = np.bincount(places[(near > 0) & self.live[:, None]], minlength=len(found))
            found -= np.float32(self.weights.hubness) * np.log1p(often).astype(np.float32)
        return found

    def products(self, asked: Array, places: Array) -> Array:
        """Return (passage,) float32 the products of some passages with the features of a query."""
        import torch

        found = np.zeros(len(places), dtype=np.float32)
        vector = torch.from_numpy(asked)
        for some in blocks(len(places)) if len(asked) else ():
            found[some] = (torch.from_numpy(self.whole.take(places[some], axis=0)).float() @ vector).numpy()
        return found

    def rough_products(self, asked: Array) -> Array:
        """Return the same of all passages, with the precision of float16 and in less time."""
        import torch

        if not len(asked):
            return np.zeros(len(self.whole), dtype=np.float32)
        found: Array = (torch.from_numpy(self.whole) @ torch.from_numpy(asked).half()).float().numpy()
        return found

    @cached_property
    def _alone(self) -> Array:
        """(passage, features) the same without neighbours."""
        parts = [np.asarray(one.vectors, dtype=np.float32) for one in self.segments]
        vectors = np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)
        if self._adapted is None:
            return np.float32(self.weights.whole**0.5) * vectors
        topics = normalized(np.concatenate([one @ self._adapted.adaptation["topics"] for one in self._rows]))
        return combined(vectors, topics, whole=self.weights.whole, topics=self.weights.topics)

    @cached_property
    def mean_vector(self) -> Array:
        """(features,) the mean of the vectors of all passages."""
        total = sum(np.asarray(one.vectors, dtype=np.float32).sum(axis=0) for one in self.segments)
        return np.asarray(total, dtype=np.float32) / np.float32(max(1, len(self.live)))

    @cached_property
    def neighbours(self) -> tuple[Array, Array] | None:
        """(passage, k) the neighbours of each and how near they are; None in a corpus that was not adapted.

        Those of passages added since are looked for now; a neighbour that was deleted counts no more.
        """
        if self._adapted is None:
            return None
        parts = []
        sparse_rows = _stacked(self._rows)
        for index, one in enumerate(self.segments):
            begin, end = self.begins[index : index + 2].tolist()
            if one is self._adapted:
                parts.append((one.adaptation["neighbours"] + begin, np.array(one.adaptation["nearness"])))
                continue
            for some in blocks(end - begin):
                rows = slice(begin + some.start, begin + some.stop)
                parts.append(nearest(sparse_rows[rows], self._alone[rows], sparse_rows, self._alone, start=rows.start))
        places, near = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        near = near * self.live[places]
        return places, near / np.maximum(near.sum(axis=1, keepdims=True), 1e-9)

    @cached_property
    def _adapted(self) -> Segment | None:
        return next((one for one in self.segments if one.adaptation), None)

    @cached_property
    def _rows(self) -> list[Any]:
        """The weighted words of each segment, in the terms of the one that was adapted."""
        assert self._adapted is not None
        known = self._adapted.terms
        rarity = self._adapted.adaptation["rarity"]
        found = []
        for one in self.segments:
            table = np.array([known.get(term, -1) for term in one.terms], dtype=np.int64)
            words = one.words if one is self._adapted else table[one.words]
            found.append(weighted(counts(words, one.bounds, len(known)), rarity))
        return found

    def query_topics(self, terms: Sequence[str]) -> Array:
        """Return the topics of a query; none in a corpus that was not adapted."""
        if self._adapted is None:
            return np.zeros(0, dtype=np.float32)
        numbers, often = np.unique([self._adapted.terms.get(term, -1) for term in terms], return_counts=True)
        known = numbers >= 0
        numbers, often = numbers[known], often[known]
        values = np.log1p(often) * self._adapted.adaptation["rarity"][numbers]
        found: Array = normalized(values[None] @ self._adapted.adaptation["topics"][numbers])[0]
        return found

    @cached_property
    def field_names(self) -> frozenset[str]:
        """The names of the fields that some document has."""
        return frozenset(name for one in self.segments for fields in one.fields for name in fields)

    def allowed(self, filter: Filter | None) -> Array:
        """Return (passage,) bool, which may be found: those of documents that are there and meet a filter.

        Raises:
            InputError: the filter asks about a field that no document has.
        """
        if filter is None:
            return self.live
        for name in sorted(fields_of(filter) - self.field_names) if self.segments else ():
            fix = registry.nearest(name, self.field_names)
            raise InputError(wanted="a field that some document has", came=repr(name), where="filter", fix=fix)
        parts = [np.zeros(0, np.bool_)]
        for one in self.segments:
            meets = np.fromiter((filter.matches(fields) for fields in one.fields), np.bool_, len(one.deleted))
            parts.append(one.live & meets[one.passages[:, 0]])
        return np.concatenate(parts)

    def place(self, passage: int) -> tuple[Segment, int]:
        """Return the segment of a passage, and its number there."""
        index = int(np.searchsorted(self.begins, passage, side="right")) - 1
        return self.segments[index], passage - int(self.begins[index])

    def postings(self, term: str) -> tuple[Array, Array]:
        r"""Return the live passages that have a term, and what it gives them by its stem alone,
        $\log (1 + n\,e^S)$ for one that is $n$ times in a passage."""
        found = []
        for segment, begin, gains in zip(self.segments, self.begins.tolist(), self._gains, strict=False):
            number = segment.terms.get(term)
            if number is not None:
                starts, passages, _ = segment.inverted
                some = slice(starts[number], starts[number + 1])
                found.append((passages[some] + begin if begin else passages[some], gains[some]))
        if len(found) == 1:
            return found[0]
        places = np.concatenate([np.zeros(0, np.int64), *(one for one, _ in found)])
        return places, np.concatenate([np.zeros(0, np.float32), *(one for _, one in found)])

    @cached_property
    def _gains(self) -> list[Array]:
        """(entry,) of the inverted file of each segment: what the term gives the passage by its stem alone."""
        found = []
        for segment, begin in zip(self.segments, self.begins.tolist(), strict=False):
            _, passages, often = segment.inverted
            found.append(np.log1p(often * self.level[begin + passages]).astype(np.float32))
        return found


def _stacked(rows: Sequence[Any]) -> Any:
    from latentalign.registry import require

    return require("scipy.sparse", extra="index").vstack(rows, format="csr")
