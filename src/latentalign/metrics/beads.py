"""Sentence alignments, many to many, against gold."""

from __future__ import annotations

from collections.abc import Collection

Bead = tuple[tuple[int, ...], tuple[int, ...]]
"""Source sentences and target sentences that translate each other; an empty side is a deletion."""


def strict_f1(predicted: Collection[Bead], gold: Collection[Bead]) -> float:
    """Return F1 over beads that are exactly right, deletions left out (the measure of the Bleualign data).

    >>> strict_f1([((0,), (0,)), ((1,), (1, 2))], [((0,), (0,)), ((1,), (1,))])
    0.5
    """
    given = {bead for bead in predicted if all(bead)}
    wanted = {bead for bead in gold if all(bead)}
    right = len(given & wanted)
    return 2 * right / (len(given) + len(wanted)) if given or wanted else 1.0


def beads_of(links: Collection[tuple[int, int]], *, sources: int, targets: int) -> list[Bead]:
    """Return the connected groups of links as beads, and every sentence without a link as a deletion.

    >>> beads_of({(0, 0), (1, 1), (1, 2)}, sources=3, targets=3)
    [((0,), (0,)), ((1,), (1, 2)), ((2,), ())]
    """
    group_of: dict[tuple[str, int], set[tuple[str, int]]] = {}
    for source, target in links:
        left, right = ("s", source), ("t", target)
        merged = group_of.get(left, {left}) | group_of.get(right, {right})
        for member in merged:
            group_of[member] = merged
    groups = {id(group): group for group in group_of.values()}.values()
    beads = [(_side(group, "s"), _side(group, "t")) for group in groups]
    beads += [((index,), ()) for index in range(sources) if ("s", index) not in group_of]
    beads += [((), (index,)) for index in range(targets) if ("t", index) not in group_of]
    return sorted(beads, key=lambda bead: (bead[0] or (sources,), bead[1]))


def _side(group: set[tuple[str, int]], side: str) -> tuple[int, ...]:
    return tuple(sorted(index for name, index in group if name == side))
