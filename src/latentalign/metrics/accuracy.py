"""The share of decisions that are right."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from latentalign.errors import InputError


def accuracy(predicted: Sequence[Hashable], gold: Sequence[Hashable | Sequence[Hashable]]) -> float:
    """Return the share of predictions that equal the gold answer, or are among several gold answers.

    Raises:
        InputError: unequal lengths, or nothing to count.

    >>> accuracy(["a", "b"], ["a", ["b", "c"]])
    1.0
    """
    if len(predicted) != len(gold) or not gold:
        raise InputError(wanted="as many predictions as gold answers", came=f"{len(predicted)} and {len(gold)}")
    right = [
        answer in wanted if isinstance(wanted, list | tuple | set | frozenset) else answer == wanted
        for answer, wanted in zip(predicted, gold, strict=True)
    ]
    return sum(right) / len(right)
