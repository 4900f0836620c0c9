"""What linking is measured against: look-up of the exact words, and the nearest name by spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.keys import exact_key
from latentalign.models.linking.spotting import Sketch, Spot
from latentalign.text.mentions import MentionedText
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """The concept that has the words as a name; of several, the one that most training mentions mean, then the first.

    Args:
        table: of the names.
        prior: how often a concept is meant in the training texts.
        nearest: where no name is the same, take the one with the most character n-grams in common (TF-IDF, cosine).
    """

    table: AliasTable
    prior: Counter[str]
    nearest: bool = False

    def meaning(self, words: str) -> str | None:
        """Return the id of the concept; None where there is none."""
        found = self.table.exact.get(exact_key(words), [])
        if not found and self.nearest:
            found = [number for number, _ in self.table.ngrams.nearest(words, 1)]
        names = [self.table.concepts[self.table.aliases[one].concept].id for one in found]
        return max(names, key=lambda one: self.prior[one], default=None)

    def mentions(self, text: str) -> list[tuple[Span, str]]:
        """Return the longest names in a text, from the left, with their concepts."""
        spots = [one for one in Sketch.of(text, self.table).spots if one.exact]
        found: list[tuple[Span, str]] = []
        for spot in sorted(spots, key=_leftmost_longest):
            if not found or spot.span.start >= found[-1][0].end:
                concept = self.meaning(spot.span.of(text))
                found += [] if concept is None else [(spot.span, concept)]
        return found


def prior_of(texts: Sequence[MentionedText]) -> Counter[str]:
    """Return how often each concept is meant."""
    return Counter(concept for text in texts for one in text.mentions or () for concept in one.concepts)


def _leftmost_longest(spot: Spot) -> tuple[int, int]:
    return spot.span.start, -spot.span.end
