"""Real passages to measure an index on: the texts of SQuAD, MedQuAD and SubjQA, encoded once and kept in a folder."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieval_sets import read_lines
from latentalign.index.content import Content
from latentalign.index.joining import joined
from latentalign.index.passages import passages
from latentalign.index.segment import Segment
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.index.vectors import normalized
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.text.documents import Document
from latentalign.text.spans import Span

WORDS, SHORT = 250, 52
"""Words of a passage and of a short one, at most; the texts give some 28,000 and some 100,000 of them."""
KINDS = {"squad": ("qa/squad-dev-html", "squad11.", "context"), "medquad": ("medical/medquad", "qa.", "answer")}
KINDS["subjqa"] = ("qa/subjqa", "", "context")
_KEPT = IndexSettings(adapt=False, approximate_from=1 << 30)
_AT_ONCE = 1024


def stored(data: Path, cache: Path, *, most: int | None = None) -> Segment:
    """Return all texts, or so many, as passages of at most 250 words, each a document; they are encoded once.

    The encoder runs in bfloat16, which takes little more than half the time and changes no figure of speed; one that
    was stopped goes on where it was.
    """
    path = cache / "passages"
    index = Index.open(path) if (path / "manifest.json").is_file() else Index.create(path, _KEPT)
    known = index.snapshot().places
    missing = [one for one in islice(documents(data), most) if one.id not in known]
    if missing:
        scorer = PairScorer.load(ScorerConfig(potentials=[{"name": "similarity"}], dtype="bfloat16"))
        for start in range(0, len(missing), _AT_ONCE):
            index.add_content(Content.of(missing[start : start + _AT_ONCE], _KEPT, scorer))
            print(f"{start + _AT_ONCE} of {len(missing)} passages encoded", flush=True)
        index.compact()
    (segment,) = index.snapshot().segments
    return segment


def documents(data: Path) -> Iterator[Document]:
    """Yield the passages of every paragraph of SQuAD, answer of MedQuAD and review of SubjQA, in a mixed order."""
    texts = dict.fromkeys(row[key] for name, (_, _, key) in KINDS.items() for row in _rows(data, name))
    cut = [span.of(text) for text in texts for span, _ in passages(text, most=WORDS)]
    found = list(dict.fromkeys(cut))
    random.Random(0).shuffle(found)
    for number, text in enumerate(found):
        yield Document(id=str(number), text=text)


def questions(data: Path, count: int) -> list[str]:
    """Return so many questions of the development splits, as many of each of the three."""
    chance = random.Random(0)
    known = [sorted({row["question"] for row in _rows(data, name, split=".dev.")}) for name in KINDS]
    return [text for one in known for text in chance.sample(one, count // len(known))]


def some(content: Content, size: int) -> Content:
    """Return so many passages, spread evenly."""
    total = len(content.ids)
    kept = np.zeros(total, dtype=np.bool_)
    kept[np.linspace(0, total - 1, min(size, total)).astype(int)] = True
    lengths = np.diff(content.bounds)
    rows, numbers = np.repeat(kept, lengths), np.flatnonzero(kept).tolist()
    moved = content.passages[kept].copy()
    moved[:, 0] = np.arange(len(numbers))
    ((states, _),) = content.states
    return replace(
        content,
        ids=[content.ids[one] for one in numbers],
        lines=[content.lines[one] for one in numbers],
        passages=moved,
        bounds=np.concatenate([[0], np.cumsum(lengths[kept])]).astype(np.int64),
        spans=content.spans[rows],
        words=content.words[rows],
        states=[(states, rows)],
        vectors=content.vectors[kept],
    )


def split(segment: Segment) -> Content:
    """Return short passages, each a document of its own; their words keep the states they have in the longer ones."""
    content = joined([segment])
    bounds, spans, lines, vectors = [0], [], [], []
    states = np.asarray(segment.states)
    for begin, end, line in zip(content.bounds[:-1].tolist(), content.bounds[1:].tolist(), content.lines, strict=True):
        table = json.loads(line)
        inner = 0
        for span, words in passages(table["text"], most=SHORT):
            own = {**table, "id": str(len(lines)), "text": span.of(table["text"])}
            lines.append(json.dumps(own, ensure_ascii=False).encode())
            spans += [Span(word.start - span.start, word.end - span.start) for word in words]
            rows = states[begin + inner : begin + inner + len(words)]
            vectors.append(rows.astype(np.float32).mean(axis=0))
            inner += len(words)
            bounds.append(begin + inner)
        assert begin + inner == end
    starts = np.zeros(len(lines), dtype=np.int32)
    lengths = [len(json.loads(line)["text"]) for line in lines]
    return replace(
        content,
        ids=[str(number) for number in range(len(lines))],
        lines=lines,
        passages=np.stack([np.arange(len(lines)), starts, lengths], axis=1).astype(np.int32),
        bounds=np.array(bounds, dtype=np.int64),
        spans=np.array(spans, dtype=np.int32),
        vectors=normalized(np.stack(vectors)),
    )


def _rows(data: Path, name: str, *, split: str = "") -> Iterator[dict[str, Any]]:
    folder, begin, _ = KINDS[name]
    for path in sorted((data / folder).glob(f"{begin}*.jsonl.gz")):
        if split in path.name:
            yield from read_lines(path)
