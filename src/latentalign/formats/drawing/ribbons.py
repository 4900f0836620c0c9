"""The ribbons of a drawing: where on its unit's edge each one starts, how wide it is, and its outline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from latentalign.formats.drawing.layout import Layout, Port
from latentalign.formats.drawing.lines import Links

WIDEST = 26.0  # pixels of edge that a mass of 1 takes, where the unit is that long
THINNEST = 1.2


class Ribbon(NamedTuple):
    """One link as it is drawn: its outline as the data of an SVG path."""

    source: int
    target: int
    weight: float
    path: str


def ribbons(layout: Layout, links: Links) -> list[Ribbon]:
    """Return the ribbons of a layout; those of one unit lie side by side in the order of their other ends.

    Cost: O(links log links).
    """
    along = 1 if layout.across else 0
    starts = _slots(layout.source.ports, layout.target.ports, [(i, j, w) for i, j, w in links], along)
    ends = _slots(layout.target.ports, layout.source.ports, [(j, i, w) for i, j, w in links], along)
    return [
        Ribbon(i, j, weight, _outline(layout.source.ports[i], layout.target.ports[j], start, end, along))
        for (i, j, weight), start, end in zip(links, starts, ends, strict=True)
    ]


def _slots(here: Sequence[Port], there: Sequence[Port], links: Links, along: int) -> list[tuple[float, float]]:
    """Return for each link (unit here, unit there, weight) its middle along the edge and half its width."""
    order = sorted(range(len(links)), key=lambda k: (links[k][0], there[links[k][1]][along]))
    mass: dict[int, float] = {}
    for unit, _, weight in links:
        mass[unit] = mass.get(unit, 0.0) + weight
    slots = [(0.0, 0.0)] * len(links)
    last, cursor = -1, 0.0
    for k in order:
        unit, _, weight = links[k]
        scale = min(0.9 * here[unit].extent, WIDEST) / max(1.0, mass[unit])
        if unit != last:
            last, cursor = unit, here[unit][along] - mass[unit] * scale / 2
        wide = weight * scale
        slots[k] = (cursor + wide / 2, max(wide, THINNEST) / 2)
        cursor += wide
    return slots


def _outline(start: Port, end: Port, first: tuple[float, float], second: tuple[float, float], along: int) -> str:
    """Return two curves that leave both edges at a right angle, closed; backwards from the opposite edges."""
    edge, other = start[1 - along], end[1 - along]
    if other < edge:
        edge, other = start.opposite, end.opposite
    bend = (other - edge) / 2
    (a, half), (b, wide) = first, second
    points = (
        (a - half, edge), (a - half, edge + bend), (b - wide, other - bend), (b - wide, other),
        (b + wide, other), (b + wide, other - bend), (a + half, edge + bend), (a + half, edge),
    )  # fmt: skip
    pairs = [f"{y:.1f} {x:.1f}" if along else f"{x:.1f} {y:.1f}" for x, y in points]
    return "M{} C{} {} {} L{} C{} {} {}Z".format(*pairs)
