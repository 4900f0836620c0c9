"""A picture of the learning curves as SVG, drawn without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from latentalign.durable import replacing

Point = tuple[float, float]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 200, 60, 26, 24
MOST = 400
"""More points than this are averaged: the picture has fewer columns than that."""


def draw(entries: Sequence[dict[str, Any]]) -> str:
    """Return an SVG with a panel for the loss, training and development, and one for each other figure evaluated.

    Args:
        entries: of the log, as ``log.read`` gives them.

    >>> "polyline" in draw([{"update": 1, "loss": 2.0}, {"update": 2, "loss": 1.0}])
    True
    """
    panels: dict[str, dict[str, list[Point]]] = {"loss": {}}
    for entry in entries:
        kind, figures = ("evaluation", entry["evaluation"]) if "evaluation" in entry else ("training", entry)
        for name, value in figures.items():
            if (kind == "evaluation" or name == "loss") and isinstance(value, int | float):
                curve = panels.setdefault(name, {}).setdefault(kind, [])
                curve.append((float(entry["update"]), float(value)))
    width = _range([float(entry["update"]) for entry in entries] or [0.0])
    body = "".join(_panel(name, curves, width, top=k * HEIGHT) for k, (name, curves) in enumerate(panels.items()))
    size = f'width="{WIDTH}" height="{HEIGHT * len(panels)}" viewBox="0 0 {WIDTH} {HEIGHT * len(panels)}"'
    colours = (("training", "#64748b"), ("evaluation", "#c2410c"))
    style = "text{font:12px sans-serif;fill:#444}" + "".join(
        f"polyline.{kind}{{stroke:{colour}}}tspan.{kind}{{fill:{colour}}}" for kind, colour in colours
    )
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>{ground}{body}</svg>\n'


def write(entries: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the entries into a file."""
    with replacing(path) as file:
        file.write(draw(entries).encode())


def _panel(name: str, curves: dict[str, list[Point]], width: Point, *, top: int) -> str:
    values = [value for curve in curves.values() for _, value in curve]
    if not values:
        return ""
    (x_low, x_high), (y_low, y_high) = width, _range(values)

    def place(point: Point) -> str:
        x = LEFT + (point[0] - x_low) / (x_high - x_low) * (WIDTH - LEFT - 12)
        y = top + HEIGHT - BOTTOM - (point[1] - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    floor = top + HEIGHT - BOTTOM
    kinds = ", ".join(f'<tspan class="{kind}">{kind}</tspan>' for kind in sorted(curves, reverse=True))
    parts = [
        f'<text x="{LEFT}" y="{top + 16}">{escape(name)}: {kinds}</text>',
        f'<path d="M{LEFT} {top + TOP}V{floor}H{WIDTH - 12}" fill="none" stroke="#999"/>',
        _label(f"{y_high:.4g}", x=LEFT - 6, y=top + TOP + 8, anchor="end"),
        _label(f"{y_low:.4g}", x=LEFT - 6, y=floor, anchor="end"),
        _label(f"{x_low:.10g}", x=LEFT, y=floor + 16, anchor="start"),
        _label(f"{x_high:.10g}", x=WIDTH - 12, y=floor + 16, anchor="end"),
    ]
    for kind, curve in sorted(curves.items(), reverse=True):
        line = " ".join(map(place, _thinned(curve)))
        parts.append(f'<polyline class="{kind}" fill="none" stroke-width="1.5" points="{line}"/>')
    return "".join(parts)


def _range(values: list[float]) -> Point:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _label(text: str, *, x: int, y: int, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _thinned(curve: list[Point]) -> list[Point]:
    step = math.ceil(len(curve) / MOST)
    groups = [curve[start : start + step] for start in range(0, len(curve), step)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]
