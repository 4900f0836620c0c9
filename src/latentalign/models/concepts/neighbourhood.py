"""Whether the neighbours of two concepts are aligned with each other as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.vocabulary import Floats, Integers

LEAST = 0.05
"""Links that are less probable say nothing about their neighbours."""
MOST = 60
"""Descendants that are asked."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbourhood:
    r"""A potential: the neighbours that are aligned with neighbours, of those that are aligned at all.

    $$U_{ij} = \frac{\tfrac12 + \sum_k \max_{l \in N(j)} A_{kl}}{1 + \sum_k \max_l A_{kl}} - \tfrac12$$

    $k$ runs over the neighbours of $i$, and likewise over those of $j$ with the sides exchanged; $A$ is the expected
    alignment of the last round. Neighbours without a counterpart say nothing; with none at all $U$ is 0.

    Args:
        source, target: of each concept, its neighbours, such as all above it.
    """

    source: Sequence[Sequence[int]]
    target: Sequence[Sequence[int]]

    @classmethod
    def above(cls, source: Ontology, target: Ontology) -> Neighbourhood:
        """Return that of parents and wholes, up to three steps up."""
        return cls(source=[tuple(one) for one in source.ancestors], target=[tuple(one) for one in target.ancestors])

    @classmethod
    def below(cls, source: Ontology, target: Ontology) -> Neighbourhood:
        """Return that of children and parts, up to three steps down and ``MOST`` of them."""
        return cls(
            source=[tuple(one)[:MOST] for one in source.descendants],
            target=[tuple(one)[:MOST] for one in target.descendants],
        )

    def __call__(self, pairs: Integers, expected: Floats) -> Floats:
        """Return (pair,) $U$ in [-1/2, 1/2].

        Cost: for each pair, the links of the neighbours of both.
        """
        forth, back = _links(pairs, expected)
        members = [set(one) for one in self.source], [set(one) for one in self.target]
        found = np.zeros(len(pairs), dtype=np.float32)
        for row, (one, other) in enumerate(pairs.tolist()):
            agreed, known = 0.5, 1.0
            for near, inside, table in (
                (self.source[one], members[1][other], forth),
                (self.target[other], members[0][one], back),
            ):
                for number in near:
                    for far, mass in table.get(number, ())[:1]:
                        known += mass
                        agreed += mass if far in inside else _best(table[number], inside)
            found[row] = agreed / known - 0.5
        return found


Links = dict[int, list[tuple[int, float]]]


def _links(pairs: Integers, expected: Floats) -> tuple[Links, Links]:
    """Return the links of each source and of each target, the most probable first."""
    forth, back = defaultdict(list), defaultdict(list)
    kept = np.flatnonzero(expected > LEAST)
    for place in kept[np.argsort(-expected[kept], kind="stable")].tolist():
        one, other = pairs[place].tolist()
        forth[one].append((other, float(expected[place])))
        back[other].append((one, float(expected[place])))
    return dict(forth), dict(back)


def _best(links: list[tuple[int, float]], inside: set[int]) -> float:
    return next((mass for far, mass in links if far in inside), 0.0)
