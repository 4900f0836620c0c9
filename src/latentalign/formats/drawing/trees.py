"""Two hierarchies side by side, with curves between the things that correspond."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from latentalign.formats.drawing.glyphs import advance, printable

INK, MUTE, LINE, CURVE, NEAR = "#1b2027", "#8a94a3", "#d9dde3", "#0072b2", "#c2410c"
ROW, INDENT, SIZE, GAP, MARGIN = 20.0, 16.0, 13.0, 220.0, 20.0


class Row(NamedTuple):
    """One line of a hierarchy.

    Args:
        label: what is written.
        depth: how far in.
    """

    label: str
    depth: int


class Curve(NamedTuple):
    """A correspondence.

    Args:
        left, right: the rows.
        weight: in [0, 1].
        exact: whether the two are the same; else one is broader.
    """

    left: int
    right: int
    weight: float
    exact: bool = True


def tree_pair(left: Sequence[Row], right: Sequence[Row], curves: Sequence[Curve], *, names: tuple[str, str]) -> str:
    """Return an SVG of two hierarchies; rows without a curve are faded.

    Args:
        left, right: the rows, each below what it belongs to.
        curves: between them; dashed where one side is broader.
        names: of the two.

    Cost: linear.

    >>> drawing = tree_pair([Row("lung", 0)], [Row("Lung", 0)], [Curve(0, 0, 0.9)], names=("a", "b"))
    >>> drawing.count("<path"), drawing.startswith("<svg")
    (1, True)
    """
    wide = [_width(rows, name) for rows, name in zip((left, right), names, strict=True)]
    width = 2 * MARGIN + wide[0] + GAP + wide[1]
    height = 2 * MARGIN + ROW * (max(len(left), len(right)) + 1)
    linked = {one.left for one in curves}, {one.right for one in curves}
    starts = MARGIN, MARGIN + wide[0] + GAP
    parts = [
        *(_curve(one, left, starts) for one in curves),
        *_rows(left, starts[0], linked[0], names[0]),
        *_rows(right, starts[1], linked[1], names[1]),
    ]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    label = escape(f"Correspondences of {printable(names[0])} and {printable(names[1])}", quote=True)
    card = f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="6" fill="#fff" stroke="{LINE}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="{SIZE:.0f}">{card}{"".join(parts)}</svg>\n'
    )


def _width(rows: Sequence[Row], name: str) -> float:
    return max([advance(name, size=SIZE), *(row.depth * INDENT + advance(row.label, size=SIZE) for row in rows)]) + 8.0


def _height(place: int) -> float:
    return MARGIN + ROW * (place + 1.5)


def _rows(rows: Sequence[Row], start: float, linked: set[int], name: str) -> Iterator[str]:
    yield _text(name, start, MARGIN + ROW * 0.5, INK, bold=True)
    for place, row in enumerate(rows):
        colour = INK if place in linked else MUTE
        yield _text(row.label, start + row.depth * INDENT, _height(place), colour)


def _text(text: str, x: float, y: float, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y + SIZE / 3:.1f}" fill="{colour}"{weight}>{escape(printable(text))}</text>'


def _curve(one: Curve, left: Sequence[Row], starts: tuple[float, float]) -> str:
    row = left[one.left]
    begin = starts[0] + row.depth * INDENT + advance(row.label, size=SIZE) + 6.0
    end, middle = starts[1] - 6.0, starts[1] - GAP / 2
    top, bottom = _height(one.left), _height(one.right)
    shape = f"M{begin:.1f} {top:.1f}C{middle:.1f} {top:.1f} {middle:.1f} {bottom:.1f} {end:.1f} {bottom:.1f}"
    style = "" if one.exact else ' stroke-dasharray="4 3"'
    colour = CURVE if one.exact else NEAR
    opacity = 0.2 + 0.7 * min(max(one.weight, 0.0), 1.0)
    return (
        f'<path d="{shape}" fill="none" stroke="{colour}" stroke-width="2" stroke-opacity="{opacity:.2f}"{style}>'
        f"<title>{one.weight:.2f}</title></path>"
    )
