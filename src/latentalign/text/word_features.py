"""What a word is made of and what stands beside it, as names of features for a linear model of tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

REACH = 2
"""Words on either side that features speak of."""
_EDGE = "<edge>"
_RUNS = re.compile(r"(.)\1+")


class WordFeature(NamedTuple):
    """A feature of a word, and the places of the words that it speaks of, counted from that word."""

    name: str
    about: tuple[int, ...]


def word_features(words: Sequence[str]) -> list[list[WordFeature]]:
    """Return the features of each word of a text: itself, its parts and shape, its neighbours, and pairs of them.

    Words count without case; the case of a word is a feature of its own, so that a text in capitals loses little.

    >>> names = {one.name: one.about for one in word_features(["at", "7pm"])[1]}
    >>> [names[one] for one in ("word 0 7pm", "shape 0 dx", "suffix pm", "word -1 at", "words -1 0 at 7pm")]
    [(0,), (0,), (0,), (-1,), (-1, 0)]
    """
    folded = [one.casefold() for one in words]
    return [[*_of_one(folded[place], words[place]), *_beside(folded, place)] for place in range(len(words))]


@lru_cache(maxsize=1 << 16)
def _of_one(folded: str, written: str) -> tuple[WordFeature, ...]:
    ends = [f"prefix {folded[:size]}" for size in (1, 2, 3, 4) if size < len(folded)]
    ends += [f"suffix {folded[-size:]}" for size in (1, 2, 3, 4) if size < len(folded)]
    case = "upper" if written.isupper() else "title" if written[:1].isupper() else "lower"
    names = [f"word 0 {folded}", *ends, f"shape 0 {shape(folded)}", f"length {min(len(folded), 8)}", f"case {case}"]
    return tuple(WordFeature(name, (0,)) for name in names)


def _beside(folded: Sequence[str], place: int) -> Iterator[WordFeature]:
    def at(step: int) -> str:
        return folded[place + step] if 0 <= place + step < len(folded) else _EDGE

    def about(*steps: int) -> tuple[int, ...]:
        return tuple(step for step in steps if 0 <= place + step < len(folded))

    for step in (-2, -1, 1, 2):
        yield WordFeature(f"word {step} {at(step)}", about(step))
    for step in (-1, 1):
        yield WordFeature(f"shape {step} {shape(at(step))}", about(step))
        yield WordFeature(f"suffix {step} {at(step)[-3:]}", about(step))
    for one, two in ((-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 1)):
        yield WordFeature(f"words {one} {two} {at(one)} {at(two)}", about(one, two))


@lru_cache(maxsize=1 << 16)
def shape(word: str) -> str:
    """Return a word with its letters as x, its digits as d, and runs of one kind drawn together.

    >>> shape("7pm"), shape("12:30"), shape("o'hare")
    ('dx', 'd:d', "x'x")
    """
    return _RUNS.sub(r"\1", "".join("d" if one.isdigit() else "x" if one.isalpha() else one for one in word))
