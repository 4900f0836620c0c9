"""Which words stand for each other in names, and which words tell concepts apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from latentalign.models.concepts.terms import Term

MOST = 60
"""Names of one pattern that are compared; more would say the same again."""

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Substitutions:
    r"""Counts of pairs of names that differ in one word.

    Two names of one concept, such as *renal artery* and *kidney artery*, say that their two words mean the same here;
    names of two concepts, such as *left lung* and *right lung*, that they do not. No label is needed for either.

    Args:
        same: how often a pair of forms, in the order of the alphabet, is exchanged within one concept.
        different: how often it tells two concepts apart.
    """

    same: Counter[Pair] = field(default_factory=Counter)
    different: Counter[Pair] = field(default_factory=Counter)

    @classmethod
    def of(cls, names: Iterable[tuple[int, Term]]) -> Substitutions:
        """Return the counts of some names, each with the number of its concept.

        Cost: linear in the names, with at most ``MOST`` to the square pairs for each pattern.

        >>> names = [(0, "renal artery"), (0, "kidney artery"), (1, "left lung"), (2, "right lung")]
        >>> found = Substitutions.of((number, Term.of(name)) for number, name in names)
        >>> dict(found.same), dict(found.different)
        ({('kidney', 'renal'): 1}, {('left', 'right'): 1})
        """
        patterns: dict[tuple[str, ...], set[tuple[str, int]]] = defaultdict(set)
        for owner, term in names:
            for place, form in enumerate(term.forms if len(term.forms) > 1 else ()):
                patterns[tuple(sorted(term.forms[:place] + term.forms[place + 1 :]))].add((form, owner))
        same: Counter[Pair] = Counter()
        different: Counter[Pair] = Counter()
        for members in patterns.values():
            for pair, alike in _pairs(sorted(members)[:MOST]):
                (same if alike else different)[pair] += 1
        return cls(same=same, different=different)

    def __add__(self, other: Substitutions) -> Substitutions:
        return Substitutions(same=self.same + other.same, different=self.different + other.different)


def _pairs(members: Sequence[tuple[str, int]]) -> Iterator[tuple[Pair, bool]]:
    for (left, one), (right, other) in combinations(members, 2):
        if left != right:
            yield ((left, right) if left < right else (right, left)), one == other
