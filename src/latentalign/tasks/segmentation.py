"""Which pieces of a sequence are something: every choice of disjoint segments, summed exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Segment(NamedTuple):
    """Some neighbouring words, taken as one value of one slot."""

    start: int
    end: int
    slot: str


def marginals(size: int, scores: Mapping[Segment, float]) -> dict[Segment, float]:
    r"""Return the probability of every segment, over all ways to choose disjoint ones.

    $$\Phi(s) = \log \sum_{C \text{ disjoint}} \exp \sum_{c \in C} s_c, \quad p(c) = \partial \Phi / \partial s_c$$

    A word in no segment counts 0. Segments of more than one half are disjoint, so they are an answer as they are.

    Args:
        size: the number of words.
        scores: of each segment, in log-odds against its words being nothing.

    Cost: linear in the words and the segments.

    References:
        Sarawagi and Cohen, Semi-Markov conditional random fields for information extraction, 2004, section 3.

    >>> one = Segment(0, 1, "day")
    >>> marginals(1, {one: 0.0})[one]
    0.5
    """
    before = _sums(size, [(one.start, one.end, score) for one, score in scores.items()])
    after = _sums(size, [(size - one.end, size - one.start, score) for one, score in scores.items()])
    return {
        one: min(1.0, math.exp(before[one.start] + score + after[size - one.end] - before[size]))
        for one, score in scores.items()
    }


def _sums(size: int, segments: Sequence[tuple[int, int, float]]) -> list[float]:
    """Return, for each number of words, the log of the sum over all choices inside the first so many of them."""
    ending: dict[int, list[tuple[int, float]]] = {}
    for start, end, score in segments:
        ending.setdefault(end, []).append((start, score))
    total = [0.0]
    for end in range(1, size + 1):
        total.append(_log_sum([total[end - 1], *(total[start] + score for start, score in ending.get(end, ()))]))
    return total


def _log_sum(values: Sequence[float]) -> float:
    most = max(values)
    return most + math.log(sum(math.exp(one - most) for one in values))
