"""The words of a query against those of passages: values of many, fast, and the alignments of a few, in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from latentalign.index.content import Array
from latentalign.index.corpus import Corpus
from latentalign.index.query import Query
from latentalign.index.relevance import WordAlignment, align_words
from latentalign.index.segment import Segment

_AT_ONCE = 1 << 18  # words whose states are in memory together
_STEEPEST = 80.0  # the largest score whose exponential float32 holds


def word_values(corpus: Corpus, query: Query, weights: Array, places: Array) -> Array:
    r"""Return (passage,) what the words give, $\sum_i w_i \Phi(S_{i\cdot}) / \sum_i w_i$.

    The same number as ``word_alignments`` gives, without padding: the sums of $e^S$ run over the words of all passages,
    one after the other.

    Args:
        corpus: the passages.
        query: what they are to explain.
        weights: (word,) of the query.
        places: numbers of passages.

    Cost: for each word of a passage, one product with each of the query and an exponential.
    """
    found = np.zeros(len(places), dtype=np.float32)
    shares = torch.from_numpy(weights / max(float(weights.sum()), 1e-9))
    numbers = _numbers(query)
    terms = torch.tensor([numbers[term] for term in query.terms])
    states = torch.from_numpy(query.states)
    for rows, segment, passages in _parts(corpus, places):
        words, starts = _words(segment, passages)
        same = torch.from_numpy(_numbered(segment, numbers)[segment.words[words]])[:, None] == terms
        if query.states.shape[1]:
            scores = corpus.weights.similarity * (_read(segment.states[words]) @ states.T - corpus.weights.least)
            odds = scores.add_(same, alpha=corpus.weights.exact).clamp_(max=_STEEPEST).exp_()
        else:
            odds = same * np.exp(np.float32(corpus.weights.level))
        totals = np.add.reduceat(odds.numpy(), starts, axis=0)
        relative = np.maximum(segment.lengths[passages], 1) / max(corpus.mean_length, 1.0)
        totals *= np.exp(-corpus.weights.length * np.log(relative)).astype(np.float32)[:, None]
        found[rows] = np.log1p(totals) @ shares.numpy()
    return found


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
        words, starts = _words(segment, passages)
        inner = np.arange(len(words)) - np.repeat(starts, segment.lengths[passages])
        owners = np.repeat(rows, segment.lengths[passages])
        terms[owners, inner] = _numbered(segment, numbers)[segment.words[words]]
        if query.states.shape[1]:
            cosines[owners, inner] = (_read(segment.states[words]) @ torch.from_numpy(query.states).T).numpy()
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
"""The passages that have a term, and how often each has it, by term."""


def lexical_values(corpus: Corpus, query: Query, weights: Array, *, postings: Postings) -> Array:
    r"""Return (passage,) what the words give where states are not looked at: $\log (1 + n\,e^S)$ for a word that is $n$
    times in a passage; for all passages, from the inverted file."""
    found = np.zeros(len(corpus.live), dtype=np.float32)
    total = max(float(weights.sum()), 1e-9)
    shares: dict[str, float] = {}
    for term, weight in zip(query.terms, weights.tolist(), strict=True):
        shares[term] = shares.get(term, 0.0) + weight / total
    for term, share in shares.items():
        places, often = postings[term]
        found[places] += np.float32(share) * np.log1p(often * corpus.level[places])
    return found


def _numbers(query: Query) -> dict[str, int]:
    return {term: index for index, term in enumerate(dict.fromkeys(query.terms))}


def _parts(corpus: Corpus, places: Array) -> Iterator[tuple[Array, Segment, Array]]:
    """Yield the rows of some passages of one segment, the segment, and their numbers in it; not too many at once."""
    owners = np.searchsorted(corpus.begins, places, side="right") - 1
    for index in np.unique(owners).tolist():
        rows, segment = np.flatnonzero(owners == index), corpus.segments[index]
        inside = places[rows] - corpus.begins[index]
        cuts = np.cumsum(segment.lengths[inside]) // _AT_ONCE
        for part in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(cuts)) + 1):
            yield rows[part], segment, inside[part]


def _words(segment: Segment, passages: Array) -> tuple[Array, Array]:
    """Return the places of the words of some passages, one passage after the other, and where each begins."""
    lengths = segment.lengths[passages]
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(segment.bounds[passages] - starts, lengths), starts


def _numbered(segment: Segment, numbers: Mapping[str, int]) -> Array:
    """Return for each term of a segment its number in the query; -1 if it is not there."""
    table = np.full(len(segment.terms), -1, dtype=np.int64)
    for term, number in numbers.items():
        if term in segment.terms:
            table[segment.terms[term]] = number
    return table


def _read(states: Array) -> torch.Tensor:
    """Return states as float32 of length 1, in whatever form they are kept."""
    found = torch.from_numpy(np.ascontiguousarray(states)).float()
    return found.div_(127) if states.dtype == np.int8 else found
