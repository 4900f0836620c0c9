"""The deletion test of a classifier's evidence: does the value rest on the words that are named?"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from latentalign.metrics.deletion import Deletion
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span

if TYPE_CHECKING:
    from latentalign.tasks.classification.classify import Classifier

DRAWS = 5
"""Random deletions that are averaged for each text."""


def deletion_test(classifier: Classifier, texts: Sequence[str], *, share: float = 0.2, seed: int = 0) -> Deletion:
    """Return how much the value of the given answer falls without the words that carry it, and without random ones.

    Args:
        classifier: what is tested; each shortened text is read again from the start.
        texts: those of one word are left out.
        share: of the words that are removed, one at least, never all.
        seed: of the random words.

    Cost: the classifier on ``DRAWS`` + 2 times as many texts.
    """
    chance = Random(seed)
    answered = [
        one
        for one in classifier.classify_many(texts)
        if not isinstance(one, Failure) and len(one.evidence.source_spans) > 1
    ]
    shortened: list[str] = []
    for one in answered:
        spans = one.evidence.source_spans
        removed = removals(one.carried, chance, share=share)
        shortened += [without(one.text, [spans[place] for place in some]) for some in removed]
    numbers = {name: number for number, name in enumerate(classifier.labels)}
    chosen = [numbers[one.ranked[0].label] for one in answered]
    rows = classifier.values(shortened).reshape(len(answered), DRAWS + 1, len(classifier.labels))
    after = [row[:, number].tolist() for row, number in zip(rows, chosen, strict=True)]
    return fallen([one.ranked[0].value for one in answered], after)


def removals(carried: Sequence[float], chance: Random, *, share: float) -> list[list[int]]:
    """Return the places of the words that carry most, and then ``DRAWS`` times those of as many random ones.

    Args:
        carried: of each word, of two at least.
        chance: of the random ones.
        share: of the words, one at least, never all.

    >>> removals([0.1, 0.9, 0.2], Random(0), share=0.3)[0]
    [1]
    """
    size = len(carried)
    count = min(size - 1, max(1, round(share * size)))
    first = sorted(range(size), key=lambda place: -carried[place])[:count]
    return [first, *(chance.sample(range(size), count) for _ in range(DRAWS))]


def fallen(before: Sequence[float], after: Sequence[Sequence[float]]) -> Deletion:
    """Return how far some values have fallen.

    Args:
        before: of each item.
        after: of each item, its values in the order of ``removals``.
    """
    pairs = list(zip(before, after, strict=True))
    return Deletion(
        linked=[value - left[0] for value, left in pairs],
        random=[value - sum(left[1:]) / DRAWS for value, left in pairs],
    )


def without(text: str, spans: Sequence[Span]) -> str:
    """Return a text without some of its words; blanks that are left over stay.

    >>> without("the black cat", [Span(4, 9)])
    'the  cat'
    """
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text
