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
    from latentalign.tasks.classification.result import Classification

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
        size = len(one.evidence.source_spans)
        count = min(size - 1, max(1, round(share * size)))
        shortened.append(without(one.text, [one.evidence.source_spans[place] for place in carrying(one)[:count]]))
        for _ in range(DRAWS):
            places = chance.sample(range(size), count)
            shortened.append(without(one.text, [one.evidence.source_spans[place] for place in places]))
    numbers = {name: number for number, name in enumerate(classifier.labels)}
    chosen = [numbers[one.ranked[0].label] for one in answered]
    rows = classifier.values(shortened).reshape(len(answered), DRAWS + 1, len(classifier.labels))
    linked, random = [], []
    for row, number, one in zip(rows, chosen, answered, strict=True):
        left = row[:, number].tolist()
        linked.append(one.ranked[0].value - left[0])
        random.append(one.ranked[0].value - sum(left[1:]) / DRAWS)
    return Deletion(linked=linked, random=random)


def carrying(result: Classification) -> list[int]:
    """Return the places of the text's words, those that carry most of the value first."""
    return sorted(range(len(result.carried)), key=lambda place: -result.carried[place])


def without(text: str, spans: Sequence[Span]) -> str:
    """Return a text without some of its words; blanks that are left over stay.

    >>> without("the black cat", [Span(4, 9)])
    'the  cat'
    """
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text
