"""Counts of a lexicon while it is built: candidates with their mass, and the mass of each side."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from latentalign.text.spans import Evidence, Span


class Place(NamedTuple):
    """Where a candidate was seen; the larger, the better an example.

    Args:
        weight: of the link.
        order: minus the number of the place, so that the first of equal ones is the largest; no two are the same.
    """

    weight: float
    order: int
    id: str
    source: str
    target: str
    source_span: Span
    target_span: Span


@dataclass(kw_only=True)
class Found:
    """What is known of a candidate: its mass, in how many pairs it is linked, and its best places (a heap)."""

    mass: float = 0.0
    pairs: int = 0
    last: str = ""
    places: list[Place] = field(default_factory=list)


class LexiconTable:
    """Candidates of one kind, words or phrases.

    Args:
        examples: places that are kept a candidate.
        most: candidates that are kept; when there are more, those below a rising floor of mass are dropped.
    """

    def __init__(self, *, examples: int, most: int) -> None:
        self.examples, self.most = examples, most
        self.found: dict[tuple[str, str], Found] = {}
        self.sources: dict[str, float] = defaultdict(float)
        self.targets: dict[str, float] = defaultdict(float)
        self.floor = 0.0
        self.count = 0

    def add(
        self, entry: tuple[str, str], weight: float, evidence: Evidence, name: str, spans: tuple[Span, Span]
    ) -> None:
        """Count a link of a pair.

        Args:
            entry: the two sides as they are counted.
            weight: the mass of the link.
            evidence: the pair.
            name: of the pair.
            spans: where the sides stand in it.
        """
        self.count += 1
        found = self.found.get(entry)
        if found is None:
            found = self.found[entry] = Found()
        found.mass += weight
        if weight >= 0.5 and found.last != name:
            found.pairs, found.last = found.pairs + 1, name
        if len(found.places) < self.examples:
            heapq.heappush(found.places, Place(weight, -self.count, name, evidence.source, evidence.target, *spans))
        elif found.places and weight > found.places[0].weight:
            place = Place(weight, -self.count, name, evidence.source, evidence.target, *spans)
            heapq.heapreplace(found.places, place)
        if len(self.found) > self.most:
            self._prune()

    def shares(self) -> Iterator[tuple[tuple[str, str], Found, float, float]]:
        """Yield each candidate that has a mass, with its share of that of its source and of its target, at most 1."""
        for entry, found in self.found.items():
            if not found.mass:
                continue
            source, target = self.sources[entry[0]], self.targets[entry[1]]
            yield entry, found, min(1.0, found.mass / source), min(1.0, found.mass / target)

    def _prune(self) -> None:
        """Drop the lighter half of the candidates."""
        masses = sorted(found.mass for found in self.found.values())
        self.floor = max(self.floor, masses[len(masses) // 2])
        self.found = {entry: found for entry, found in self.found.items() if found.mass > self.floor}
