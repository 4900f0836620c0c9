"""What every task on pairs asks of an aligner, and how its results are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol, TypeVar, runtime_checkable

from latentalign.errors import InputError
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Span
from latentalign.text.words import words

Masses = list[dict[int, float]]
"""One row a source unit: target unit to expected mass, where there is any."""
SMALLEST = 1e-4
Side = Literal["source", "target"]
Beside = TypeVar("Beside")


@runtime_checkable
class PairAligner(Protocol):
    """Anything that aligns pairs: an ``Aligner``, a statistical aligner, or links that are given."""

    def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
        """Yield one result a pair, in order: evidence, or a failure; units that a pair brings are kept."""
        ...


@runtime_checkable
class SplitsWords(Protocol):
    """An aligner that has words of its own, such as those of a language with clitics."""

    def split(self, text: str, *, side: Side) -> tuple[Span, ...]:
        """Return the words of a text of one side."""
        ...


@runtime_checkable
class KnowsWords(Protocol):
    """An aligner that can tell whether it has seen a word before."""

    def knows(self, words: Iterable[str], *, side: Side) -> float:
        """Return the share of some words of one side that it has learned from, in [0, 1]."""
        ...


def split_words(aligner: PairAligner, text: str, *, side: Side) -> tuple[Span, ...]:
    """Return the words of a text as the aligner counts them, by Unicode's rules if it has none of its own."""
    return aligner.split(text, side=side) if isinstance(aligner, SplitsWords) else words(text)


def align_beside(
    aligner: PairAligner, pairs: Iterable[tuple[TextPair | Failure, Beside]]
) -> Iterator[tuple[Evidence | Failure, Beside]]:
    """Yield the result of each pair with what stood beside the pair, in order.

    Cost: holds what stands beside the pairs that the aligner has read ahead.
    """
    waiting: deque[Beside] = deque()

    def fed() -> Iterator[TextPair | Failure]:
        for pair, beside in pairs:
            waiting.append(beside)
            yield pair

    for result in aligner.align_many(fed()):
        yield result, waiting.popleft()


def masses(evidence: Evidence) -> Masses:
    """Return the expected alignment as sparse rows; the weights of the links where the matrix was not kept.

    Cost: linear in the cells of the matrix. Cells below 1e-4 are left out.

    >>> from latentalign.testing.examples import evidence
    >>> masses(evidence("the cat", "le chat", {("the", "le"): 0.9, ("cat", "chat"): 0.8}))
    [{0: 0.9}, {1: 0.8}]
    """
    if evidence.matrix:
        return [{j: weight for j, weight in enumerate(row) if weight > SMALLEST} for row in evidence.matrix]
    rows: Masses = [{} for _ in evidence.source_spans]
    for i, j, weight in evidence.indexed_links():
        if weight > SMALLEST:
            rows[i][j] = weight
    return rows


def check_units(evidence: Evidence, pair: TextPair) -> Evidence:
    """Return the evidence if it is about the units of the pair.

    Raises:
        InputError: the aligner has split the texts by itself.
    """
    if (evidence.source_spans, evidence.target_spans) != (pair.source_spans, pair.target_spans):
        raise InputError(
            wanted="an aligner that keeps the words it is given",
            came=f"{len(evidence.source_spans)} and {len(evidence.target_spans)} units of its own",
            where=pair.where or "aligner",
        )
    return evidence


def as_pair(source: str | Sequence[str], target: str | Sequence[str]) -> TextPair:
    """Return two texts as a pair: strings are split later, lists of words are taken as they are.

    Raises:
        InputError: one side is a string and the other a list, or neither is either.
    """
    if isinstance(source, str) and isinstance(target, str):
        return TextPair(source=source, target=target)
    if isinstance(source, list | tuple) and isinstance(target, list | tuple):
        return TextPair.from_words(source, target)
    raise InputError(
        wanted="two strings, or two lists of words",
        came=f"{type(source).__name__} and {type(target).__name__}",
        fix="give both texts in the same form",
    )


def align_one(aligner: PairAligner, source: str | Sequence[str], target: str | Sequence[str]) -> Evidence:
    """Return the alignment of two texts by an aligner of many.

    Raises:
        InputError: a text without a word, or one that cannot be used.
    """
    result = next(iter(aligner.align_many([as_pair(source, target)])))
    if isinstance(result, Failure):
        raise result.error
    return result


def check_sizes(pair: TextPair, source: Sequence[Span], target: Sequence[Span], *, unit: str, most: int) -> None:
    """Raise unless both texts have a unit, and together no more pairs of units than an aligner takes.

    Raises:
        InputError: a side without a unit, or too long a pair; the message says which, and what to do.
    """
    for side, text, spans in (("source", pair.source, source), ("target", pair.target, target)):
        if not spans:
            where = f"{pair.where}: {side}" if pair.where else side
            raise InputError(wanted=f"a text with at least one {unit}", came=repr(text[:40]), where=where)
    if len(source) * len(target) > most:
        raise InputError(
            wanted=f"at most {most:,} pairs of {unit}s",
            came=f"{len(source):,} by {len(target):,}",
            where=pair.where,
            fix="align sentences first (--level sentence), then the words of each pair of sentences",
        )
