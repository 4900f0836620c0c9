"""An ontology as it is compared: the names of its concepts, and which concept stands above which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.concepts.terms import Term

_WHOLES = frozenset({"partof", "ispartof", "locatedin", "bfo0000050", "domain", "range"})
_PARTS = frozenset({"haspart", "bfo0000051"})
MOST_NAMES = 16
"""Names of a concept that are compared."""
DEEPEST = 3
"""How far up the context of a concept reaches."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ontology:
    """Concepts with their names as words.

    Args:
        concepts: in the order of their file.
        terms: of each concept, its names that have a word, the label first.
        above: of each concept, the numbers of its parents and of the wholes it is part of.
    """

    concepts: tuple[Concept, ...]
    terms: tuple[tuple[Term, ...], ...]
    above: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, concepts: Sequence[Concept], *, language: str = "english") -> Ontology:
        """Return the ontology of some concepts; neighbours that are not among them are left out.

        Args:
            concepts: with different ids.
            language: of the names.

        Raises:
            InputError: no concept, or an id that comes twice.
        """
        numbers = {one.id: number for number, one in enumerate(concepts)}
        if not concepts or len(numbers) != len(concepts):
            raise InputError(
                wanted="concepts with different ids", came=f"{len(concepts)}, {len(numbers)} ids", where="ontology"
            )
        above: list[dict[int, None]] = [{} for _ in concepts]
        for number, one in enumerate(concepts):
            for name, other in _upwards(one):
                low, high = (number, numbers.get(other)) if name != "part" else (numbers.get(other), number)
                if low is not None and high is not None and low != high:
                    above[low][high] = None
        return cls(
            concepts=tuple(concepts),
            terms=tuple(_terms(one, language) for one in concepts),
            above=tuple(tuple(one) for one in above),
        )

    def __len__(self) -> int:
        return len(self.concepts)

    @cached_property
    def below(self) -> tuple[tuple[int, ...], ...]:
        """Of each concept, the numbers of those right below it."""
        found: list[list[int]] = [[] for _ in self.concepts]
        for number, parents in enumerate(self.above):
            for parent in parents:
                found[parent].append(number)
        return tuple(tuple(one) for one in found)

    @cached_property
    def ancestors(self) -> tuple[dict[int, int], ...]:
        """Of each concept, what stands above it and how many steps away, ``DEEPEST`` at most."""
        return tuple(_reached(number, self.above) for number in range(len(self)))

    @cached_property
    def descendants(self) -> tuple[dict[int, int], ...]:
        """Of each concept, what stands below it and how many steps away, ``DEEPEST`` at most."""
        return tuple(_reached(number, self.below) for number in range(len(self)))

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """(term,) the concept of each name, the names of all concepts end to end."""
        return np.repeat(np.arange(len(self)), [len(one) for one in self.terms])

    @cached_property
    def flat(self) -> tuple[Term, ...]:
        """The names of all concepts end to end."""
        return tuple(term for terms in self.terms for term in terms)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """(concept + 1,) where the names of each concept begin in ``flat``."""
        counts = [len(one) for one in self.terms]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _upwards(concept: Concept) -> list[tuple[str, str]]:
    found = [("parent", parent) for parent in concept.parents]
    for relation, other in concept.relations:
        name = "".join(filter(str.isalnum, relation.casefold()))
        if name in _WHOLES:
            found.append(("whole", other))
        elif name in _PARTS:
            found.append(("part", other))
    return found


def _terms(concept: Concept, language: str) -> tuple[Term, ...]:
    found: dict[tuple[str, ...], Term] = {}
    for name in concept.names:
        term = Term.of(name, language=language)
        if term.forms:
            found.setdefault(term.forms, term)
    return tuple(found.values())[:MOST_NAMES]


def _reached(start: int, steps: Sequence[Sequence[int]]) -> dict[int, int]:
    found: dict[int, int] = {start: 0}
    edge = [start]
    for distance in range(1, DEEPEST + 1):
        edge = [other for one in edge for other in steps[one] if other not in found]
        found.update(dict.fromkeys(edge, distance))
        edge = list(dict.fromkeys(edge))
    del found[start]
    return found
