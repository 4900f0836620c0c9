"""What a segment holds, as arrays: documents, passages, words, their terms and their states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentalign.index.passages import passages
from latentalign.index.pooling import pooled
from latentalign.index.settings import IndexSettings
from latentalign.index.vectors import Array, normalized
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Units
from latentalign.text.documents import Document
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True, eq=False)
class Content:
    """Documents, read and encoded.

    Args:
        ids: (document) their names.
        lines: (document) each as JSON, in UTF-8.
        passages: (passage, 3) int32: number of the document, start and end in its text.
        bounds: (passage + 1,) int64: where the words of each passage begin, and the end.
        spans: (word, 2) int32, in the text of the document.
        words: (word,) int32: the number of each word's term.
        terms: what the words are, stemmed and folded.
        states: parts of (state, features) of length 1, as float16 or int8 (times 127), each with (state,) bool, which
            of its rows count; no features where none are kept. Unless they are pooled, there is one for each word.
        vectors: (passage, features) float32 of length 1.
        pools: (word,) int32: which of the states of its passage stands for each word; None where each has its own.
    """

    ids: Sequence[str]
    lines: Sequence[bytes]
    passages: Array
    bounds: Array
    spans: Array
    words: Array
    terms: Sequence[str]
    states: Sequence[tuple[Array, Array]]
    vectors: Array
    pools: Array | None = None

    @classmethod
    def of(cls, documents: Sequence[Document], settings: IndexSettings, scorer: PairScorer) -> Content:
        """Read and encode documents.

        Cost: one pass of the encoder over each passage.
        """
        cut = [passages(one.text, most=settings.passage_words) for one in documents]
        rows = [(number, *span) for number, parts in enumerate(cut) for span, _ in parts]
        inside = [(number, span, words) for number, parts in enumerate(cut) for span, words in parts]
        strings = [[span.of(documents[number].text) for span in words] for number, _, words in inside]
        terms: dict[str, int] = {}
        numbers = [
            terms.setdefault(settings.featurizer.of_word(string)[0], len(terms)) for one in strings for string in one
        ]
        states, vectors, pools = _encoded(
            [_units(documents[number].text, span, words) for number, span, words in inside], settings, scorer
        )
        return cls(
            ids=[one.id for one in documents],
            lines=[_line(one) for one in documents],
            passages=np.array(rows, dtype=np.int32).reshape(-1, 3),
            bounds=np.cumsum([0, *(len(words) for _, _, words in inside)], dtype=np.int64),
            spans=np.array([span for _, _, words in inside for span in words], dtype=np.int32).reshape(-1, 2),
            words=np.array(numbers, dtype=np.int32),
            terms=list(terms),
            states=[(states, np.ones(len(states), dtype=np.bool_))],
            vectors=vectors,
            pools=pools,
        )


def _line(document: Document) -> bytes:
    fields = {
        "id": document.id,
        "title": document.title,
        "text": document.text,
        "fields": dict(document.fields),
    }
    return json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()


def document_of(line: bytes) -> Document:
    """Return the document that a line of a segment holds."""
    found: Mapping[str, Any] = json.loads(line)
    return Document(id=found["id"], title=found["title"], text=found["text"], fields=found["fields"])


def _units(text: str, span: Span, words: Sequence[Span]) -> Units:
    """Return a passage as a text of its own."""
    return Units(text=span.of(text), spans=tuple(Span(start - span.start, end - span.start) for start, end in words))


def _encoded(units: Sequence[Units], settings: IndexSettings, scorer: PairScorer) -> tuple[Array, Array, Array | None]:
    """Return the states as they are kept, the vectors of the texts, and which state stands for each word."""
    import torch

    words = sum(len(one.spans) for one in units)
    if scorer.encoder is None:
        return np.zeros((words, 0), dtype=np.float16), np.zeros((len(units), 0), dtype=np.float32), None
    kept = settings.states != "none"
    with torch.inference_mode():
        found = scorer.encoder.encode(units, level="word", states=kept, pooled=True)
    vectors = [one.pooled.cpu().numpy() for one in found if one.pooled is not None]
    states = [one.states.cpu().numpy() for one in found if one.states is not None]
    pools = None
    if settings.pool > 1 and kept:
        parts = [pooled(one, pool=settings.pool) for one in states]
        states, pools = [one for one, _ in parts], np.concatenate([np.zeros(0, np.int32), *(one for _, one in parts)])
    parts_kept = [stored(one, settings) for one in states]
    return (
        np.concatenate(parts_kept) if parts_kept else np.zeros((words, 0), dtype=np.float16),
        normalized(np.stack(vectors)) if vectors else np.zeros((0, 0), dtype=np.float32),
        pools,
    )


def stored(states: Array, settings: IndexSettings) -> Array:
    """Return states of length 1 in the form in which they are kept."""
    unit = normalized(states)
    return np.rint(127 * unit).astype(np.int8) if settings.states == "int8" else unit.astype(np.float16)
