"""Curves as SVG, drawn without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Point = tuple[float, float]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 320, 60, 40, 40
COLOURS = ("#c2410c", "#1d4ed8", "#64748b", "#15803d", "#7e22ce")
MOST = 400
"""More points than this are thinned: the picture has fewer columns than that."""


def line_chart(curves: Mapping[str, Sequence[Point]], *, x: str, y: str) -> str:
    """Return an SVG with the curves over one pair of axes, which begin at 0.

    Args:
        curves: points of each curve by its name, in order of x, none negative.
        x, y: what the axes show.

    >>> "polyline" in line_chart({"risk": [(0.5, 0.0), (1.0, 0.1)]}, x="coverage", y="risk")
    True
    """
    points = [point for curve in curves.values() for point in curve]
    right = max((point[0] for point in points), default=1.0) or 1.0
    top = max((point[1] for point in points), default=1.0) or 1.0
    floor, end = HEIGHT - BOTTOM, WIDTH - 12

    def place(point: Point) -> str:
        across = LEFT + point[0] / right * (end - LEFT)
        return f"{across:.1f},{floor - point[1] / top * (floor - TOP):.1f}"

    parts = [
        f'<path d="M{LEFT} {TOP}V{floor}H{end}" fill="none" stroke="#999"/>',
        _text(f"{top:.3g}", LEFT - 6, TOP + 8, "end"),
        _text("0", LEFT - 6, floor, "end"),
        _text(f"{right:.3g}", end, floor + 16, "end"),
        _text(x, (LEFT + end) / 2, floor + 30, "middle"),
        _text(y, LEFT - 6, TOP - 10, "start"),
    ]
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(map(place, _thinned(curve)))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{line}"/>')
        parts.append(_text(name, LEFT + 12, TOP + 14 * (number + 1), "start", colour=colour))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>text{{font:12px sans-serif}}</style>'
        f"{ground}{''.join(parts)}</svg>\n"
    )


def _text(text: str, x: float, y: float, anchor: str, *, colour: str = "#444") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _thinned(curve: Sequence[Point]) -> Sequence[Point]:
    step = math.ceil(len(curve) / MOST) or 1
    return [*curve[::step], curve[-1]] if step > 1 else curve
