"""Several segments as the content of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentalign.index.content import Content
from latentalign.index.segment import Segment
from latentalign.index.vectors import Array


def _renamed(segment: Segment, words: Array, terms: dict[str, int]) -> Array:
    """Return the new number of each term that some words of a segment have, and put it into ``terms``."""
    used = np.bincount(segment.words[words], minlength=len(segment.terms)) > 0
    numbers = [terms.setdefault(term, len(terms)) if used[old] else -1 for term, old in segment.terms.items()]
    return np.array(numbers, dtype=np.int32)


def joined(segments: Sequence[Segment]) -> Content:
    """Return the live documents of some segments, at least one, as the content of one."""
    live = [one.live for one in segments]
    words = [np.repeat(one.live, one.lengths) for one in segments]
    terms: dict[str, int] = {}
    renamed = [_renamed(one, rows, terms) for one, rows in zip(segments, words, strict=True)]
    moved, before = [], 0
    for one in segments:
        places = before + np.cumsum(~one.deleted) - 1
        part = np.array(one.passages[one.live])
        part[:, 0] = places[part[:, 0]]
        moved.append(part)
        before += int((~one.deleted).sum())
    kept = [(one, number) for one in segments for number in np.flatnonzero(~one.deleted).tolist()]
    lengths = np.concatenate([one.lengths[rows] for one, rows in zip(segments, live, strict=True)])
    pools = [one.pools[rows] for one, rows in zip(segments, words, strict=True) if one.pools is not None]
    return Content(
        ids=[one.ids[number] for one, number in kept],
        lines=[one.line(number) for one, number in kept],
        passages=np.concatenate(moved),
        bounds=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        spans=np.concatenate([one.arrays["spans"][rows] for one, rows in zip(segments, words, strict=True)]),
        words=np.concatenate(
            [table[one.words[rows]] for one, table, rows in zip(segments, renamed, words, strict=True)]
        ),
        terms=list(terms),
        states=[(one.states, np.repeat(one.live, np.diff(one.state_bounds))) for one in segments],
        pools=None if segments[0].pools is None else np.concatenate(pools),
        vectors=np.concatenate([one.vectors[rows] for one, rows in zip(segments, live, strict=True)]),
    )
