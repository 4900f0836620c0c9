"""Ranked passages into hits: documents by their best passage, duplicates together, words as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from latentalign.tasks.retrieval.search_result import Hit
from latentalign.text.spans import Evidence, Link, Span

if TYPE_CHECKING:
    from latentalign.index.query import Query
    from latentalign.index.ranking import Ranker, Ranking
    from latentalign.index.relevance import WordAlignment
    from latentalign.index.segment import Segment
    from latentalign.index.vectors import Array

THRESHOLD = 0.1
"""The least expected mass of a link that is shown."""
PASSAGES = 3
"""Passages of a document that are told, at most."""
SAME = 0.9
"""The share of words in common from which on two passages are one text."""


@dataclass(kw_only=True)
class Found:
    """A document on its way into a hit: where it is, the ranks of its passages, and its duplicates."""

    segment: Segment
    number: int
    words: frozenset[str]
    ranks: list[int]
    duplicates: list[str] = field(default_factory=list)


def grouped(ranking: Ranking, ranker: Ranker, *, k: int) -> list[Found]:
    """Return the best ``k`` documents of ranked passages; of texts that are the same, the best one."""
    found: dict[tuple[int, int], Found] = {}
    doubles: set[tuple[int, int]] = set()
    for rank, passage in enumerate(ranking.passages.tolist()):
        segment, row = ranker.corpus.place(passage)
        number = int(segment.passages[row, 0])
        key = (id(segment), number)
        if key in found:
            found[key].ranks.append(rank)
        elif key not in doubles and len(found) < k:
            words = _words(segment, row)
            twin = next((one for one in found.values() if _same(one.words, words)), None)
            if twin is None:
                found[key] = Found(segment=segment, number=number, words=words, ranks=[rank])
            else:
                doubles.add(key)
                twin.duplicates.append(segment.ids[number])
    return list(found.values())


def hits_of(query: Query, ranking: Ranking, ranker: Ranker, found: Sequence[Found]) -> tuple[Hit, ...]:
    """Return documents that were found as hits, with their evidence."""
    import numpy as np

    from latentalign.index.word_scores import word_alignments

    chosen = [ranking.passages[one.ranks[0]] for one in found]
    aligned = word_alignments(ranker.corpus, query, ranking.weights, np.array(chosen, dtype=np.int64))
    return tuple(_hit(query, ranking, ranker, found=one, words=aligned, row=row) for row, one in enumerate(found))


def _words(segment: Segment, passage: int) -> frozenset[str]:
    text = segment.document(int(segment.passages[passage, 0])).text
    return frozenset(text[start:end].casefold() for start, end in segment.word_spans(passage).tolist())


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= SAME * len(one | other)


def _hit(query: Query, ranking: Ranking, ranker: Ranker, *, found: Found, words: WordAlignment, row: int) -> Hit:
    corpus, rank = ranker.corpus, found.ranks[0]
    value = float(ranking.values[rank])
    passages = [corpus.place(int(ranking.passages[rank]))[1] for rank in found.ranks[:PASSAGES]]
    spans = tuple(Span(*found.segment.passages[one, 1:].tolist()) for one in passages)
    document = found.segment.document(found.number)
    inside = found.segment.word_spans(passages[0])
    evidence, shares = _explained(query, words, row, passage=(document.text, spans[0], inside))
    vector = found.segment.vectors[passages[0]] - corpus.mean_vector
    return Hit(
        id=document.id,
        title=document.title,
        fields=document.fields,
        text=evidence.target,
        span=spans[0],
        passages=spans,
        value=value,
        probability=_probability(query, found.segment.vectors[passages[0]], float(ranking.lexical[rank])),
        evidence=replace(evidence, score=value),
        shares=shares,
        carried=_carried(query, words, row, corpus.weights.whole * vector),
        duplicates=tuple(found.duplicates),
    )


def _probability(query: Query, vector: Array, lexical: float) -> float:
    from latentalign.index.confidence import STEMS_ALONE, WITH_VECTORS

    if not len(query.vector):
        return STEMS_ALONE(cosine=0.0, lexical=lexical)
    return WITH_VECTORS(cosine=float(vector @ query.vector), lexical=lexical)


def _explained(
    query: Query, words: WordAlignment, row: int, *, passage: tuple[str, Span, Array]
) -> tuple[Evidence, tuple[float, ...]]:
    r"""Return the evidence of a passage and the share of each of its links.

    A link's mass is $A_{ij} = \partial \Phi_i / \partial S_{ij}$; its share is $w_i A_{ij} \max(S_{ij}, 0)$ over
    the sum of all of them.
    """
    text, span, inside = passage
    targets = tuple(Span(start - span.start, end - span.start) for start, end in inside.tolist())
    mass = words.expected[row, :, : len(targets)]
    scores = words.alignment.scores[row, :, 0, : len(targets)]
    parts = words.weights[:, None] * mass * scores.clamp_min(0.0)
    shares = (parts / parts.sum().clamp_min(1e-9)).tolist()
    shown = [(i, j) for i, j in (mass >= THRESHOLD).nonzero().tolist()]
    evidence = Evidence(
        source=query.units.text,
        target=span.of(text),
        source_spans=query.units.spans,
        target_spans=targets,
        links=tuple(Link(query.units.spans[i], targets[j], float(mass[i, j])) for i, j in shown),
        null_source=tuple((1 - mass.sum(dim=1)).clamp(0.0, 1.0).tolist()),
        null_target=tuple((1 - mass.sum(dim=0)).clamp(0.0, 1.0).tolist()),
        score=0.0,
        family="independent",
    )
    return evidence, tuple(shares[i][j] for i, j in shown)


def _carried(query: Query, words: WordAlignment, row: int, vector: Array) -> tuple[float, ...]:
    r"""Return what each word of a query carries of a value: $w_i \Phi_i / \sum w$, and its part of the product of the
    two whole vectors beyond what it would give any passage."""
    carried = (words.weights * words.alignment.value[row]).numpy()
    if query.states.shape[1]:
        carried = carried + query.states @ vector / len(carried)
    return tuple(carried.tolist())
