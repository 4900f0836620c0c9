"""Ranked passages into hits: documents by their best passage, duplicates together, words as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latentalign.tasks.search_result import Hit
from latentalign.text.spans import Evidence, Link, Span

if TYPE_CHECKING:
    from latentalign.index.query import Query
    from latentalign.index.ranking import Ranker, Ranking
    from latentalign.index.segment import Segment

THRESHOLD = 0.1
"""The least expected mass of a link that is shown."""
PASSAGES = 3
"""Passages of a document that are told, at most."""
SAME = 0.9
"""The share of words in common from which on two passages are one text."""


@dataclass(kw_only=True)
class _Found:
    """A document on its way into a hit: where it is, the ranks of its passages, and its duplicates."""

    segment: Segment
    number: int
    words: frozenset[str]
    ranks: list[int]
    duplicates: list[str] = field(default_factory=list)


def hits_of(query: Query, ranking: Ranking, ranker: Ranker, *, k: int) -> tuple[Hit, ...]:
    """Return the best ``k`` documents of ranked passages; of texts that are the same, the best one."""
    found: dict[tuple[int, int], _Found] = {}
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
                found[key] = _Found(segment=segment, number=number, words=words, ranks=[rank])
            else:
                doubles.add(key)
                twin.duplicates.append(segment.ids[number])
    return tuple(_hit(query, ranking, ranker, one) for one in found.values())


def _words(segment: Segment, passage: int) -> frozenset[str]:
    start, end = segment.bounds[passage : passage + 2].tolist()
    text = segment.document(int(segment.passages[passage, 0])).text
    return frozenset(text[a:b].casefold() for a, b in segment.arrays["spans"][start:end].tolist())


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= SAME * len(one | other)


def _hit(query: Query, ranking: Ranking, ranker: Ranker, found: _Found) -> Hit:
    rank = found.ranks[0]
    spans = [Span(*_row(ranker, ranking, one)) for one in found.ranks[:PASSAGES]]
    document = found.segment.document(found.number)
    evidence, shares, carried = explain(query, ranking, ranker, rank)
    return Hit(
        id=document.id,
        title=document.title,
        fields=document.fields,
        text=evidence.target,
        span=spans[0],
        passages=tuple(spans),
        value=float(ranking.values[rank]),
        probability=ranker.probability(float(ranking.values[rank])),
        evidence=evidence,
        shares=shares,
        carried=carried,
        duplicates=tuple(found.duplicates),
    )


def _row(ranker: Ranker, ranking: Ranking, rank: int) -> list[int]:
    segment, row = ranker.corpus.place(int(ranking.passages[rank]))
    limits: list[int] = segment.passages[row, 1:].tolist()
    return limits


def explain(
    query: Query, ranking: Ranking, ranker: Ranker, rank: int
) -> tuple[Evidence, tuple[float, ...], tuple[float, ...]]:
    r"""Return the evidence of a ranked passage, the share of each link, and what each word of the query carries.

    A link's mass is $A_{ij} = \partial \Phi_i / \partial S_{ij}$; its share is $w_i A_{ij} \max(S_{ij}, 0)$ over
    the sum of all of them. A word carries $w_i \Phi_i / \sum w$ of the value, and its part of the product of the
    whole vectors.
    """
    segment, row = ranker.corpus.place(int(ranking.passages[rank]))
    document = segment.document(int(segment.passages[row, 0]))
    start, end = segment.passages[row, 1:].tolist()
    first, last = segment.bounds[row : row + 2].tolist()
    targets = tuple(Span(a - start, b - start) for a, b in segment.arrays["spans"][first:last].tolist())
    place = int(ranking.rows[rank])
    mass = ranking.words.expected[place, :, : len(targets)]
    scores = ranking.words.alignment.scores[place, :, 0, : len(targets)]
    weights = ranking.words.weights
    parts = weights[:, None] * mass * scores.clamp_min(0.0)
    shares = (parts / parts.sum().clamp_min(1e-9)).tolist()
    shown = [(i, j) for i, j in (mass >= THRESHOLD).nonzero().tolist()]
    evidence = Evidence(
        source=query.units.text,
        target=document.text[start:end],
        source_spans=query.units.spans,
        target_spans=targets,
        links=tuple(Link(query.units.spans[i], targets[j], float(mass[i, j])) for i, j in shown),
        null_source=tuple((1 - mass.sum(dim=1)).clamp(0.0, 1.0).tolist()),
        null_target=tuple((1 - mass.sum(dim=0)).clamp(0.0, 1.0).tolist()),
        score=float(ranking.values[rank]),
        family="independent",
    )
    return evidence, tuple(shares[i][j] for i, j in shown), ranker.carried(query, ranking, rank)
