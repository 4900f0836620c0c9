"""Segments: folders of plain arrays that are written once and read where they lie."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from latentalign.durable import sync
from latentalign.index import sketch, stretches
from latentalign.index.adaptation import Adaptation
from latentalign.index.content import Content, document_of
from latentalign.index.pooling import state_bounds
from latentalign.index.vectors import Array
from latentalign.registry import require
from latentalign.text.documents import Document

ARRAYS = ("passages", "bounds", "spans", "words", "order", "starts", "lines", "vectors", "states")
FITTED = ("topics", "rarity", "neighbours", "nearness")
SKETCH = ("sketch", "projection")
OPTIONAL = ("pools", "stretches")
IDS, TERMS, DOCUMENTS, GRAPH = "ids.json", "terms.json", "documents.jsonl", "vectors.usearch"
COMMON = 0.2
"""Share of the passages from which on a word that has a term in it tells little."""
_AT_ONCE = 1 << 16  # words whose states are copied together


def write_segment(folder: Path, content: Content, *, adaptation: Adaptation | None = None, graph: bool = False) -> None:
    """Write a segment onto the disk; nothing refers to it yet. A folder of that name is what a killed writer left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    counts = np.bincount(content.words, minlength=len(content.terms))
    arrays = {
        "passages": content.passages,
        "bounds": content.bounds,
        "spans": content.spans,
        "words": content.words,
        "order": np.argsort(content.words, kind="stable").astype(np.int32),
        "starts": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "lines": np.cumsum([0, *(len(line) + 1 for line in content.lines)], dtype=np.int64),
        "vectors": content.vectors,
    }
    if adaptation is not None:
        arrays |= {name: getattr(adaptation, name) for name in FITTED}
    if content.pools is not None:
        arrays["pools"] = content.pools
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    with (folder / "states.npy").open("wb") as file:
        _write_states(file, content.states)
    _write_sketch(folder, passages=len(content.passages))
    _write_stretches(folder, content)
    (folder / IDS).write_text(json.dumps(list(content.ids), ensure_ascii=False), encoding="utf-8")
    (folder / TERMS).write_text(json.dumps(list(content.terms), ensure_ascii=False), encoding="utf-8")
    if graph:
        _write_graph(folder / GRAPH, content.vectors)
    with (folder / DOCUMENTS).open("wb") as file:
        file.writelines(line + b"\n" for line in content.lines)
    for path in (*folder.iterdir(), folder, folder.parent):
        sync(path)


def _write_states(file: BinaryIO, parts: Sequence[tuple[Array, Array]]) -> None:
    """Write the rows that count of some arrays as one array, without holding them all in memory."""
    first = parts[0][0]
    _write_header(file, first.dtype, (sum(int(counted.sum()) for _, counted in parts), first.shape[1]))
    for states, counted in parts:
        for start in range(0, len(states), _AT_ONCE):
            chosen = counted[start : start + _AT_ONCE]
            file.write(np.ascontiguousarray(states[start : start + _AT_ONCE][chosen]).tobytes())


def _write_sketch(folder: Path, *, passages: int) -> None:
    """Write the sketch of the states that have just been written, if there are enough of them."""
    states = _mapped(folder / "states.npy")
    if sketch.wanted(states, passages):
        directions = sketch.projection(states)
        np.save(folder / "projection.npy", directions, allow_pickle=False)
        with (folder / "sketch.npy").open("wb") as file:
            _write_header(file, np.dtype(np.int8), (len(states), directions.shape[1]))
            file.writelines(part.tobytes() for part in sketch.sketched(states, directions))


def _write_stretches(folder: Path, content: Content) -> None:
    """Write how long the sums of the states of stretches are, of the states that have just been written."""
    states, bounds = _mapped(folder / "states.npy"), content.bounds
    if states.shape[1]:
        found = stretches.sizes(states, bounds, state_bounds(bounds, content.pools), content.pools)
        np.save(folder / "stretches.npy", found, allow_pickle=False)


def _write_header(file: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """A segment as it is read: arrays that stay on the disk until they are used, and readable when they are removed.

    Args:
        arrays: by the names of their files.
        adaptation: the same for what was fitted to the corpus, if it was.
        sketch: the same for the sketch of the states, if there is one.
        graph: of nearest neighbours of the vectors; None in a small segment.
        raw_ids, raw_terms, documents: the bytes of those files.
        deleted: (document,) bool, those that are gone.
    """

    arrays: dict[str, Array]
    adaptation: dict[str, Array]
    sketch: dict[str, Array]
    graph: Any
    raw_ids: Array
    raw_terms: Array
    documents: Array
    deleted: Array

    @classmethod
    def open(cls, folder: Path, *, deleted: Path | None = None) -> Segment:
        """Open a segment and the list of what is deleted in it.

        Raises:
            FileNotFoundError: another process has removed it.
        """
        raw_ids, raw_terms, documents = (
            np.memmap(folder / name, dtype=np.uint8, mode="r").view(np.ndarray) for name in (IDS, TERMS, DOCUMENTS)
        )
        arrays = {name: _mapped(folder / f"{name}.npy") for name in ARRAYS}
        gone = (
            np.zeros(len(arrays["lines"]) - 1, dtype=np.bool_)
            if deleted is None
            else np.load(deleted, allow_pickle=False)
        )
        fitted, rough, others = (
            {name: _mapped(folder / f"{name}.npy") for name in names if (folder / f"{name}.npy").is_file()}
            for names in (FITTED, SKETCH, OPTIONAL)
        )
        return cls(
            arrays=arrays | others,
            adaptation=fitted,
            sketch=rough,
            graph=_graph(folder / GRAPH),
            raw_ids=raw_ids,
            raw_terms=raw_terms,
            documents=documents,
            deleted=gone,
        )

    @cached_property
    def ids(self) -> list[str]:
        """The names of the documents, also of those that are gone."""
        found: list[str] = json.loads(bytes(self.raw_ids))
        return found

    @cached_property
    def terms(self) -> dict[str, int]:
        """The numbers of the terms."""
        return {term: number for number, term in enumerate(json.loads(bytes(self.raw_terms)))}

    @property
    def passages(self) -> Array:
        """(passage, 3): number of the document, start and end in its text."""
        return self.arrays["passages"]

    @property
    def bounds(self) -> Array:
        """(passage + 1,) where the words of each passage begin."""
        return self.arrays["bounds"]

    @property
    def words(self) -> Array:
        """(word,) the number of each word's term."""
        return self.arrays["words"]

    @property
    def states(self) -> Array:
        """(state, features) in the form in which they are kept; see ``pools``."""
        return self.arrays["states"]

    @property
    def pools(self) -> Array | None:
        """(word,) which of the states of its passage stands for each word; None where each has its own."""
        return self.arrays.get("pools")

    @cached_property
    def state_bounds(self) -> Array:
        """(passage + 1,) where the states of each passage begin."""
        return state_bounds(self.bounds, self.pools)

    @cached_property
    def stretches(self) -> Array:
        """(word,) how long the sum of the states of each word's stretch is.

        Cost: none, but a pass over the states in an index that was written before there were stretches.
        """
        found: Array | None = self.arrays.get("stretches")
        if found is None:
            return stretches.sizes(self.states, self.bounds, self.state_bounds, self.pools)
        return found

    @property
    def vectors(self) -> Array:
        """(passage, features) of length 1."""
        return self.arrays["vectors"]

    @cached_property
    def live(self) -> Array:
        """(passage,) bool, whether the document of a passage is there."""
        found: Array = ~self.deleted[self.passages[:, 0]]
        return found

    @cached_property
    def lengths(self) -> Array:
        """(passage,) how many words each has."""
        return np.diff(self.bounds)

    @cached_property
    def inverted(self) -> tuple[Array, Array, Array]:
        """The inverted file of what is live: (term + 1,) where each term begins, (entry,) its passages in order, and
        (entry,) how often each has it.

        Cost: a few passes over the words, once.
        """
        passages = np.repeat(np.arange(len(self.passages), dtype=np.int32), self.lengths)[self.arrays["order"]]
        starts = self.arrays["starts"]
        first = np.ones(len(passages), dtype=np.bool_)
        first[1:] = passages[1:] != passages[:-1]  # in order, because the sort of the words was stable
        first[starts[:-1][starts[:-1] < len(first)]] = True
        heads = np.flatnonzero(first)
        often = np.diff(heads, append=len(passages)).astype(np.int32)
        there = self.live[passages[heads]]
        before = np.concatenate([[0], np.cumsum(there)])
        return before[np.searchsorted(heads, starts)], passages[heads][there], often[there]

    @cached_property
    def telling(self) -> Array:
        """(term,) bool, those that at most a fifth of the live passages have."""
        found: Array = np.diff(self.inverted[0]) <= COMMON * max(1, int(self.live.sum()))
        return found

    def counts(self, term: str) -> tuple[Array, Array]:
        """Return the live passages that have a term, in order, and how often each has it."""
        begin, passages, often = self.inverted
        number = self.terms.get(term)
        some = slice(0, 0) if number is None else slice(begin[number], begin[number + 1])
        return passages[some], often[some]

    def word_spans(self, passage: int) -> Array:
        """Return (word, 2) the words of a passage, in the text of its document."""
        start, end = self.bounds[passage : passage + 2].tolist()
        found: Array = self.arrays["spans"][start:end]
        return found

    def line(self, document: int) -> bytes:
        """Return a document as JSON."""
        start, end = self.arrays["lines"][document : document + 2].tolist()
        return bytes(self.documents[start : end - 1])

    def document(self, document: int) -> Document:
        """Return a document by its number."""
        return document_of(self.line(document))

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """What is known of each document, for filters."""
        tables = [json.loads(line) for line in bytes(self.documents).splitlines()]
        return [{**one["fields"], "id": one["id"], "title": one["title"]} for one in tables]


def _write_graph(path: Path, vectors: Array) -> None:
    """Write a graph of nearest neighbours of some vectors; keys are their places."""
    usearch = require("usearch.index", extra="index")
    graph = usearch.Index(ndim=vectors.shape[1], metric="cos", dtype="f16", expansion_add=64, expansion_search=256)
    graph.add(np.arange(len(vectors)), vectors, threads=1)
    graph.save(str(path))


def _graph(path: Path) -> Any:
    if not path.is_file():
        return None
    return require("usearch.index", extra="index").Index.restore(str(path), view=True)


def _mapped(path: Path) -> Array:
    """Return an array that stays on the disk, as a plain one: those of numpy's own class are slow to slice."""
    found: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return found.view(np.ndarray)
