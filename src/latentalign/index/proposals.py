"""Who proposes passages where there are too many to look at all: graphs of the segments, or an engine of candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from latentalign.index.candidates.candidate_index import CandidateIndex
from latentalign.index.corpus import Corpus
from latentalign.index.vectors import Array

_AT_ONCE = 1024


class Proposer(Protocol):
    """Returns passages whose vectors are near that of a query."""

    def __call__(self, vector: Array, count: int) -> Array:
        """Return the numbers of some ``count`` passages, in no order; perhaps more, perhaps some that are gone."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphProposals:
    """The nearest passages by the graphs of large segments, and all passages of small ones.

    Args:
        corpus: its segments have the graphs.
    """

    corpus: Corpus

    def __call__(self, vector: Array, count: int) -> Array:
        """See ``Proposer``."""
        found = [np.zeros(0, dtype=np.int64)]
        for segment, begin in zip(self.corpus.segments, self.corpus.begins.tolist(), strict=False):
            if segment.graph is None:
                found.append(begin + np.arange(len(segment.passages)))
                continue
            near = segment.graph.search(vector, min(count, len(segment.passages)), threads=1)
            found.append(begin + near.keys.astype(np.int64))
        return np.concatenate(found)


@dataclass(frozen=True, kw_only=True, eq=False)
class EngineProposals:
    """The nearest passages by an engine of candidates, which keeps the vector of each under a name of its own.

    Args:
        corpus: the passages.
        engine: of candidates; ``fill`` gives it those of the corpus.
    """

    corpus: Corpus
    engine: CandidateIndex

    def __call__(self, vector: Array, count: int) -> Array:
        """See ``Proposer``."""
        found = (self.numbers.get(one.id) for one in self.engine.search(vector[None], count))
        return np.array([one for one in found if one is not None], dtype=np.int64)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each live passage, by the name of its document and where it begins."""
        return dict(self._names())

    def fill(self) -> None:
        """Give the engine the vectors of all live passages."""
        named = list(self.numbers.items())
        for start in range(0, len(named), _AT_ONCE):
            some = named[start : start + _AT_ONCE]
            rows = [self.corpus.place(number) for _, number in some]
            self.engine.add([name for name, _ in some], [segment.vectors[row][None] for segment, row in rows])

    def _names(self) -> Iterator[tuple[str, int]]:
        for segment, begin in zip(self.corpus.segments, self.corpus.begins.tolist(), strict=False):
            for row in np.flatnonzero(segment.live).tolist():
                document, start, _ = segment.passages[row].tolist()
                yield f"{segment.ids[document]}#{start}", begin + row
