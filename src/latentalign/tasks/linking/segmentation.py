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


def best(size: int, scores: Mapping[Segment, float]) -> list[Segment]:
    r"""Return the disjoint segments with the highest sum of scores, in order: `marginals` at temperature 0.

    $$\arg\max_{C \text{ disjoint}} \sum_{c \in C} s_c$$

    A segment that is worth no more than nothing is not in it.

    Args:
        size: the number of words.
        scores: of each segment, in log-odds against its words being nothing.

    Cost: linear in the words and the segments.

    >>> one, other, both = Segment(0, 1, "a"), Segment(1, 2, "b"), Segment(0, 2, "c")
    >>> best(2, {one: 1.0, other: 1.0, both: 1.5}) == [one, other]
    True
    """
    ending: dict[int, list[tuple[Segment, float]]] = {}
    for segment, score in scores.items():
        ending.setdefault(segment.end, []).append((segment, score))
    total: list[float] = [0.0]
    chosen: list[Segment | None] = [None]
    for end in range(1, size + 1):
        top, taken = total[end - 1], None
        for segment, score in ending.get(end, ()):
            if total[segment.start] + score > top:
                top, taken = total[segment.start] + score, segment
        total.append(top)
        chosen.append(taken)
    found, place = [], size
    while place > 0:
        taken = chosen[place]
        found += [] if taken is None else [taken]
        place = place - 1 if taken is None else taken.start
    return found[::-1]


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
