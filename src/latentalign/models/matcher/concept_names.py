"""What a text speaks of by a catalogue: the names of its concepts among the words, and what stands above them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import NamedTuple

from latentalign.formats.catalogue.concept import Concept
from latentalign.models.linking.keys import key_of, loose_key, stems_of, tokens_of

LONGEST = 8
"""Words of a name that are looked for at once."""
SHORTEST = 4
"""Letters of the stem of a name of one word; shorter ones are mostly short forms that mean something else as well."""
_INSIDE = frozenset("-/'’‐‑–")
"""What may stand between two words of a name."""


class NamedStretch(NamedTuple):
    """Words that are a name.

    Args:
        start, end: the numbers of its first word and of the word after its last.
        concepts: the ids of those that have the name.
    """

    start: int
    end: int
    concepts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ConceptNames:
    """Finds the names of concepts, whatever their endings and the order of their words, the longest first.

    Args:
        names: of each loose key of a name (``models.linking.keys``), the ids of the concepts that have it.
        parents: of each id, the ids right above it.
    """

    names: Mapping[str, tuple[str, ...]]
    parents: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, concepts: Iterable[Concept]) -> ConceptNames:
        """Return the names of the concepts of a catalogue."""
        names: dict[str, dict[str, None]] = {}
        parents: dict[str, tuple[str, ...]] = {}
        for one in concepts:
            parents[one.id] = one.parents
            for key in {loose_key(name) for name in one.names}:
                if " " in key or len(key) >= SHORTEST:
                    names.setdefault(key, {})[one.id] = None
        return cls(names={key: tuple(ids) for key, ids in names.items()}, parents=parents)

    def stretches(self, words: Sequence[str]) -> list[NamedStretch]:
        """Return the names among the words of a text, none over another, from left to right.

        Args:
            words: of the text, punctuation as words of its own.

        Cost: at most ``LONGEST`` look-ups a word.

        >>> flu = Concept(id="D1", label="Viral influenza", parents=("D0",))
        >>> ConceptNames.of([flu]).stretches("Influenza , viral influenzas .".split())
        [NamedStretch(start=2, end=4, concepts=('D1',))]
        """
        found: list[NamedStretch] = []
        stems = [stems_of(word) for word in words]
        for first, limit in _pieces(words):
            place = first
            while place < limit:
                one = self._longest(stems, place, min(place + LONGEST, limit))
                found += [one] if one else []
                place = one.end if one else place + 1
        return found

    def of_words(self, words: Sequence[str]) -> list[tuple[str, ...]]:
        """Return, for each word, the concepts whose name it is a part of, and all that stand above them."""
        found: list[tuple[str, ...]] = [()] * len(words)
        for start, end, concepts in self.stretches(words):
            every = tuple(dict.fromkeys(above for one in concepts for above in self.with_above(one)))
            found[start:end] = [every if stems_of(word) else () for word in words[start:end]]
        return found

    def with_above(self, concept: str) -> tuple[str, ...]:
        """Return a concept and all that stand above it, the nearest first; a circle ends where it began."""
        if concept not in self._above:
            found = {concept: None}
            edge = [concept]
            while edge:
                edge = [up for one in edge for up in self.parents.get(one, ()) if up not in found]
                found.update(dict.fromkeys(edge))
            self._above[concept] = tuple(found)
        return self._above[concept]

    @cached_property
    def _above(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _longest(self, stems: Sequence[tuple[str, ...]], start: int, limit: int) -> NamedStretch | None:
        if not stems[start]:
            return None
        for end in range(limit, start, -1):
            if stems[end - 1] and (ids := self.names.get(key_of(chain(*stems[start:end])))):
                return NamedStretch(start, end, ids)
        return None


def _pieces(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text between punctuation that no name goes across."""
    stops = [number for number, word in enumerate(words) if not tokens_of(word) and word not in _INSIDE]
    return ((one + 1, other) for one, other in pairwise([-1, *stops, len(words)]))
