"""Numbers of a text that its translation changes, leaves out or adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from latentalign.tasks.alignment.pair_aligner import Masses
from latentalign.tasks.transfer.intervals import touched
from latentalign.text.numbers import Number, find_numbers, parts
from latentalign.text.spans import Evidence, Span

LINKED = 0.3


class NumberFinding(NamedTuple):
    """A number without its like on the other side.

    Args:
        source, target: where it stands; None on the side that lacks it.
        weight: expected mass between the two, 0 if one is None.
    """

    source: Span | None
    target: Span | None
    weight: float


def differing_numbers(evidence: Evidence, rows: Masses) -> Iterator[NumberFinding]:
    """Yield the numbers that have no number of the same value on the other side.

    Each number takes one on the other side that may mean the same, wherever it stands. Of those left, one that is
    aligned to another left one is changed. One that is aligned to a word with letters is taken as written out
    (``3``, ``trois``) and not told.
    """
    left, right = _unmatched(evidence.source, evidence.target)
    columns: Masses = [{} for _ in evidence.target_spans]
    for i, row in enumerate(rows):
        for j, weight in row.items():
            columns[j][i] = weight
    taken: set[Number] = set()
    for number in left:
        mass = _mass(number.span, evidence.source_spans, rows)
        other, weight = _partner([one for one in right if one not in taken], evidence.target_spans, mass)
        if other is not None:
            taken.add(other)
            yield NumberFinding(number.span, other.span, weight)
        elif not _is_word(mass, evidence.target, evidence.target_spans):
            yield NumberFinding(number.span, None, 0.0)
    for number in right:
        mass = _mass(number.span, evidence.target_spans, columns)
        if number not in taken and not _is_word(mass, evidence.source, evidence.source_spans):
            yield NumberFinding(None, number.span, 0.0)


def _unmatched(source: str, target: str) -> tuple[list[Number], list[Number]]:
    """Return the numbers of each side that none of the other side agrees with, one to one, equal values first."""
    left, right = list(find_numbers(source)), list(find_numbers(target))
    for agrees in (lambda a, b: bool(a.values & b.values), Number.agrees_with):
        for number in tuple(left):
            other = next((one for one in right if agrees(number, one)), None)
            if other is not None:
                left.remove(number)
                right.remove(other)
    _take_apart(source, left, right)
    _take_apart(target, right, left)
    return left, right


def _take_apart(text: str, numbers: list[Number], others: list[Number]) -> None:
    """Remove the numbers whose parts between spaces are all on the other side, and those there."""
    for number in tuple(numbers):
        pieces = parts(text, number)
        found: list[Number] = []
        for piece in pieces:
            found += [one for one in others if one not in found and piece.values & one.values][:1]
        if len(pieces) > 1 and len(found) == len(pieces):
            numbers.remove(number)
            for one in found:
                others.remove(one)


def _mass(span: Span, units: Sequence[Span], rows: Masses) -> dict[int, float]:
    """Return the mass from the units of a span to the units of the other side."""
    mass: dict[int, float] = {}
    for index in touched(units, *span):
        for other, weight in rows[index].items():
            mass[other] = mass.get(other, 0.0) + weight
    return mass


def _partner(numbers: Sequence[Number], units: Sequence[Span], mass: dict[int, float]) -> tuple[Number | None, float]:
    """Return the number with the most mass, if that is enough."""
    weighed = [(sum(mass.get(index, 0.0) for index in touched(units, *one.span)), one) for one in numbers]
    weight, number = max(weighed, key=lambda item: item[0], default=(0.0, None))
    return (number, weight) if weight >= LINKED else (None, 0.0)


def _is_word(mass: dict[int, float], text: str, units: Sequence[Span]) -> bool:
    """Return whether enough mass goes to words with letters."""
    words = (
        weight for index, weight in mass.items() if any(character.isalpha() for character in units[index].of(text))
    )
    return sum(words) >= LINKED
