"""The words of a query against those of passages: values of many, fast, and the alignments of a few, in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from latentalign.index.corpus import Corpus
from latentalign.index.query import Query
from latentalign.index.relevance import WordAlignment, align_words
from latentalign.index.segment import Segment
from latentalign.index.sketch import EXCESS
from latentalign.index.stretches import best as best_stretch
from latentalign.index.vectors import Array, normalized

_AT_ONCE = 1 << 18  # words whose states are in memory together
_STEEPEST = 80.0  # the largest score whose exponential float32 holds


def word_values(corpus: Corpus, query: Query, weights: Array, places: Array, *, sketch: bool = False) -> Array:
    """Return (passage,) what the words give; see ``word_and_stretch_values``.

    Args:
        sketch: read the sketches of the states, where there are some, and not the states; of words that tell something,
            and of those of the query.
    """
    return _values(corpus, query, weights, places, sketch=sketch)[0]


def word_and_stretch_values(corpus: Corpus, query: Query, weights: Array, places: Array) -> tuple[Array, Array]:
    r"""Return (passage,) what the words give, $\sum_i w_i \Phi(S_{i\cdot}) / \sum_i w_i$, and (passage,) what the
    stretch that is nearest to the whole of the query gives, $d \max_b \cos(\bar x, \bar y_b)$.

    The former are the same numbers as ``word_alignments`` gives, without padding: the sums of $e^S$ run over the words
    of all passages, one after the other.

    Args:
        corpus: the passages.
        query: what they are to explain.
        weights: (word,) of the query.
        places: numbers of passages.

    Cost: for each word of a passage, one product with each of the query and an exponential, and one with the whole.
    """
    return _values(corpus, query, weights, places)


def _values(
    corpus: Corpus, query: Query, weights: Array, places: Array, *, sketch: bool = False
) -> tuple[Array, Array]:
    found, near = np.zeros((2, len(places)), dtype=np.float32)
    asked = corpus.weights.similarity * query.states
    if corpus.weights.stretch and query.vector.shape == query.states.shape[1:]:  # both of one encoder
        asked = np.concatenate([asked, corpus.weights.stretch * query.vector[None]])
    shares = weights / np.float32(max(float(weights.sum()), 1e-9))
    numbers = _numbers(query)
    for rows, segment, passages in _parts(corpus, places):
        (words, starts), lengths = runs(segment.bounds, passages), segment.lengths[passages]
        terms, table = segment.words[words], _numbered(segment, numbers)
        rough = sketch and bool(segment.sketch)
        if rough and segment.pools is None:
            kept = (segment.telling | (table >= 0))[terms]
            lengths = np.add.reduceat(kept, starts, dtype=np.int64)
            words, terms, starts = words[kept], terms[kept], np.cumsum(lengths) - lengths
        cosines = _products(segment, asked[: len(query.terms)] if rough else asked, passages, words, sketch=rough)
        if cosines is not None and len(cosines) > len(query.terms):
            near[rows] = best_stretch(cosines[-1].numpy(), segment.stretches.take(words), starts, lengths)
            cosines = cosines[:-1]
        odds = _odds(corpus, query, table[terms], cosines=cosines, excess=EXCESS if rough else 0.0)
        totals, there = np.zeros((len(odds), len(passages)), dtype=np.float32), lengths > 0
        totals[:, there] = np.add.reduceat(odds, starts[there], axis=1) if there.any() else 0.0
        relative = np.maximum(segment.lengths[passages], 1) / max(corpus.mean_length, 1.0)
        totals *= np.exp(-corpus.weights.length * np.log(relative)).astype(np.float32)
        found[rows] = shares @ np.log1p(totals)
    return found, near


def word_alignments(corpus: Corpus, query: Query, weights: Array, places: Array) -> WordAlignment:
    """Return the alignments of the words of a query with those of some passages, in their order.

    Cost: memory for (passage, query, longest passage) numbers.
    """
    numbers = _numbers(query)
    lengths = corpus.lengths[places]
    longest = max(1, int(lengths.max(initial=0)))
    terms = np.full((len(places), longest), -1, dtype=np.int64)
    cosines = np.zeros((len(places), longest, len(query.terms)), dtype=np.float32)
    for rows, segment, passages in _parts(corpus, places):
        words, starts = runs(segment.bounds, passages)
        inner = np.arange(len(words)) - np.repeat(starts, segment.lengths[passages])
        owners = np.repeat(rows, segment.lengths[passages])
        terms[owners, inner] = _numbered(segment, numbers)[segment.words[words]]
        some = _products(segment, query.states, passages, words)
        if some is not None:
            cosines[owners, inner] = some.T.numpy()
    return align_words(
        terms=torch.tensor([numbers[term] for term in query.terms]),
        cosines=torch.from_numpy(cosines).transpose(1, 2) if query.states.shape[1] else None,
        weights=torch.from_numpy(weights),
        passage_terms=torch.from_numpy(terms),
        lengths=torch.from_numpy(lengths),
        mean=corpus.mean_length,
        settings=corpus.weights,
    )


Postings = Mapping[str, tuple[Array, Array]]
"""The passages that have a term, and what it gives each by its stem alone, by term; see ``Corpus.postings``."""


def lexical_values(corpus: Corpus, query: Query, weights: Array, *, postings: Postings) -> Array:
    r"""Return (passage,) what the words give where states are not looked at: $\log (1 + n\,e^S)$ for a word that is $n$
    times in a passage; for all passages, from the inverted file."""
    found = np.zeros(len(corpus.live), dtype=np.float32)
    total = max(float(weights.sum()), 1e-9)
    shares: dict[str, float] = {}
    for term, weight in zip(query.terms, weights.tolist(), strict=True):
        shares[term] = shares.get(term, 0.0) + weight / total
    for term, share in shares.items():
        places, gains = postings[term]
        found[places] += np.float32(share) * gains
    return found


def runs(bounds: Array, passages: Array) -> tuple[Array, Array]:
    """Return the places of what some passages have, one passage after the other, and where each begins.

    >>> runs(np.array([0, 2, 5, 6]), np.array([2, 0]))
    (array([5, 0, 1]), array([0, 1]))
    """
    begins, lengths = bounds[passages], bounds[passages + 1] - bounds[passages]
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(begins - starts, lengths), starts


def _products(
    segment: Segment, asked: Array, passages: Array, words: Array, *, sketch: bool = False
) -> torch.Tensor | None:
    """Return (asked, word) the products with the states that stand for the words of some passages, or about the same by
    their sketches; None where there are none."""
    if not asked.shape[1]:
        return None
    states = segment.states
    if sketch and segment.sketch:
        sizes = np.linalg.norm(asked, axis=1, keepdims=True)
        states, asked = segment.sketch["sketch"], sizes * normalized(asked @ segment.sketch["projection"])
    if states.dtype == np.int8:
        asked = asked * np.float32(1 / 127)
    places, starts = (words, None) if segment.pools is None else runs(segment.state_bounds, passages)
    rows = torch.from_numpy(states.take(places, axis=0)).float()
    found = torch.from_numpy(asked) @ rows.T
    if segment.pools is None or starts is None:
        return found
    own = segment.pools[words] + np.repeat(starts, segment.lengths[passages])
    return found[:, torch.from_numpy(own)]


def _odds(corpus: Corpus, query: Query, known: Array, *, cosines: torch.Tensor | None, excess: float) -> Array:
    """Return (query, word) $e^S$, the part of it aside that depends on the length of a passage.

    Args:
        known: (word,) the number of each word's term in the query; -1 if it is not there.
        cosines: (query, word) times the weight of the similarity; they are overwritten.
        excess: by how much the cosines are too high.
    """
    numbers, weights = _numbers(query), corpus.weights
    terms = np.array([numbers[term] for term in query.terms])
    shared = np.flatnonzero(known >= 0)
    same = (terms[:, None] == known[shared]).astype(np.float32)
    if cosines is None:
        found = np.zeros((len(terms), len(known)), dtype=np.float32)
        found[:, shared] = same * np.exp(np.float32(weights.level))
        return found
    scores: Array = cosines.sub_(weights.similarity * (weights.least + excess)).clamp_(max=_STEEPEST).numpy()
    scores[:, shared] = np.minimum(scores[:, shared] + np.float32(weights.exact) * same, np.float32(_STEEPEST))
    return np.exp(scores, out=scores)  # of numpy: half the time of torch's


def _numbers(query: Query) -> dict[str, int]:
    return {term: index for index, term in enumerate(dict.fromkeys(query.terms))}


def _numbered(segment: Segment, numbers: Mapping[str, int]) -> Array:
    """Return for each term of a segment its number in the query; -1 if it is not there."""
    table = np.full(len(segment.terms), -1, dtype=np.int32)
    for term, number in numbers.items():
        if term in segment.terms:
            table[segment.terms[term]] = number
    return table


def _parts(corpus: Corpus, places: Array) -> Iterator[tuple[Array, Segment, Array]]:
    """Yield the rows of some passages of one segment, the segment, and their numbers in it; not too many at once."""
    owners = np.searchsorted(corpus.begins, places, side="right") - 1
    for index in dict.fromkeys(owners.tolist()):
        rows, segment = np.flatnonzero(owners == index), corpus.segments[index]
        inside = places[rows] - corpus.begins[index]
        cuts = np.cumsum(segment.lengths[inside]) // _AT_ONCE
        if not cuts[-1]:
            yield rows, segment, inside
            continue
        for part in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(cuts)) + 1):
            yield rows[part], segment, inside[part]
