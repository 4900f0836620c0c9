"""What a layout hands to the drawing: where each text, each unit's edge and each ring is."""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    """A text at a point; ``anchor`` is start, middle or end, ``unit`` is -1 for what stands between units."""

    x: float
    y: float
    text: str
    anchor: str
    unit: int


class Port(NamedTuple):
    """Where the ribbons of a unit leave it: the middle of its edge, how long the edge is, and its opposite edge, where
    ribbons leave that run backwards to a line before; then its NULL ring."""

    x: float
    y: float
    extent: float
    opposite: float
    ring_x: float
    ring_y: float


class Side(NamedTuple):
    """One of the two texts as it is drawn."""

    labels: list[Label]
    ports: list[Port]
    right_to_left: bool


class Layout(NamedTuple):
    """A drawing without its colours; ribbons run up and down, or across where ``across``."""

    width: float
    height: float
    across: bool
    source: Side
    target: Side
