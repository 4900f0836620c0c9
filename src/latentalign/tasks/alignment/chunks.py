"""Words that belong together because their links do: the smallest groups that no link leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from latentalign.text.spans import Evidence


class Chunk(NamedTuple):
    """Source units and target units that are linked to each other and to nothing else.

    Args:
        source, target: indices, in order.
        weight: mean weight of the links.
    """

    source: tuple[int, ...]
    target: tuple[int, ...]
    weight: float


def linked_chunks(evidence: Evidence) -> Iterator[Chunk]:
    """Yield the connected groups of linked units, by their first source unit.

    Cost: almost linear in the number of links (disjoint sets).

    References:
        Koehn, Och and Marcu (2003), Statistical phrase-based translation, section 3: the smallest consistent phrases.

    >>> from latentalign.testing.examples import evidence
    >>> links = {("potato", "pomme"): 1.0, ("potato", "de"): 1.0, ("potato", "terre"): 1.0, ("hot", "chaude"): 0.8}
    >>> [chunk.target for chunk in linked_chunks(evidence("hot potato", "pomme de terre chaude", links))]
    [(3,), (0, 1, 2)]
    """
    links = evidence.indexed_links()
    group: dict[tuple[str, int], tuple[str, int]] = {}

    def root(node: tuple[str, int]) -> tuple[str, int]:
        group.setdefault(node, node)
        while group[node] != node:
            group[node] = group[group[node]]
            node = group[node]
        return node

    for i, j, _ in links:
        group[root(("target", j))] = root(("source", i))
    members: dict[tuple[str, int], list[tuple[int, int, float]]] = {}
    for i, j, weight in sorted(links):
        members.setdefault(root(("source", i)), []).append((i, j, weight))
    for found in members.values():
        sources, targets = (tuple(sorted({link[side] for link in found})) for side in (0, 1))
        yield Chunk(sources, targets, sum(weight for _, _, weight in found) / len(found))  # type: ignore[arg-type]


def is_contiguous(indices: tuple[int, ...]) -> bool:
    """Return whether indices are a stretch without a gap.

    >>> is_contiguous((1, 2, 3)), is_contiguous((1, 3))
    (True, False)
    """
    return indices[-1] - indices[0] == len(indices) - 1
