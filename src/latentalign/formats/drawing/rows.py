"""The layout of words: lines of the source, each above the line of the target that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from latentalign.formats.drawing.glyphs import advance, clipped, is_right_to_left
from latentalign.formats.drawing.layout import Label, Layout, Port, Side
from latentalign.formats.drawing.lines import Links, lines

SIZE = 16.0
SPACE, TIGHT = 11.0, 4.0  # between units that a space separates, and that none does
ASCENT, DESCENT, RING = 17.0, 8.0, 11.0
GAP, BETWEEN = 78.0, 40.0  # height of the ribbons; between a pair of lines and the next
HEIGHT = 2 * (RING + ASCENT + DESCENT) + GAP
LONGEST_WORD = 40


class Cell(NamedTuple):
    """What sticks to a unit before it, the unit, and what sticks to it behind, with their widths; then a space."""

    texts: list[str]
    widths: list[float]
    space: float

    @property
    def whole(self) -> float:
        """The width with the space after it."""
        return sum(self.widths) + self.space


def arrange(source: Sequence[str], target: Sequence[str], links: Links, *, limit: float) -> Layout:
    """Return the layout of two texts given as gap, unit, …, gap, in lines at most ``limit`` pixels wide."""
    above, below = _cells(source), _cells(target)
    cut = lines([cell.whole for cell in above], [cell.whole for cell in below], links, limit=limit)
    rows = [(above[line[0] : line[1]], below[line[2] : line[3]]) for line in cut]
    wide = max(_extent(cells) for row in rows for cells in row)
    return Layout(
        width=wide,
        height=len(rows) * (HEIGHT + BETWEEN) - BETWEEN,
        across=False,
        source=_side("".join(source), [row[0] for row in rows], wide, is_source=True),
        target=_side("".join(target), [row[1] for row in rows], wide, is_source=False),
    )


def _side(text: str, rows: list[list[Cell]], wide: float, *, is_source: bool) -> Side:
    right_to_left = is_right_to_left(text)
    side = Side([], [], right_to_left)
    for number, cells in enumerate(rows):
        top = number * (HEIGHT + BETWEEN)
        cursor = (wide - _extent(cells)) / 2 if len(rows) == 1 else 0.0
        for cell in cells:
            _place(side, cell, cursor=cursor, wide=wide, top=top, is_source=is_source)
            cursor += cell.whole
    if not side.ports:
        words = clipped(text.strip(), length=LONGEST_WORD) or "(empty)"
        side.labels.append(Label(wide / 2, _baseline(0.0, is_source=is_source), words, "middle", -1))
    return side


def _place(side: Side, cell: Cell, *, cursor: float, wide: float, top: float, is_source: bool) -> None:
    """Add one cell whose leading edge is at ``cursor`` from where its line starts."""
    baseline, unit = _baseline(top, is_source=is_source), len(side.ports)
    for part, (text, extent) in enumerate(zip(cell.texts, cell.widths, strict=True)):
        middle = cursor + extent / 2
        x = wide - middle if side.right_to_left else middle
        if text:
            side.labels.append(Label(x, baseline, text, "middle", unit if part == 1 else -1))
        if part == 1:
            low, high = baseline + DESCENT, baseline - ASCENT
            edge, opposite, ring = (low, high, top + 4) if is_source else (high, low, top + HEIGHT - 4)
            side.ports.append(Port(x, edge, extent, opposite, x, ring))
        cursor += extent


def _baseline(top: float, *, is_source: bool) -> float:
    return top + RING + ASCENT if is_source else top + HEIGHT - RING - DESCENT


def _extent(cells: Sequence[Cell]) -> float:
    """Return the width of a line without the space at its end, never nothing."""
    return max(sum(cell.whole for cell in cells) - (cells[-1].space if cells else 0.0), 120.0)


def _cells(pieces: Sequence[str]) -> list[Cell]:
    """Return the units with their punctuation: after a space it belongs to the next unit, otherwise to the one before.

    >>> [cell.texts for cell in _cells(["«", "The", " (old, ", "cat", ")."])]
    [['«', 'The', ''], ['(old,', 'cat', ').']]
    """
    units, gaps = pieces[1::2], pieces[::2]
    leads, tails, spaces = [gaps[0].strip()], [], []
    for gap in gaps[1:]:
        tail, spaced, lead = _split(gap)
        tails.append(tail)
        leads.append(lead)
        spaces.append(SPACE if spaced else TIGHT)
    if tails:
        tails[-1] = " ".join(filter(None, (tails[-1], leads[-1])))
    cells = []
    for lead, unit, tail, space in zip(leads, units, tails, spaces, strict=False):
        texts = [clipped(text, length=LONGEST_WORD) for text in (lead, unit.strip() or "␣", tail)]
        cells.append(Cell(texts, [advance(text, size=SIZE) for text in texts], space))
    return cells


def _split(gap: str) -> tuple[str, bool, str]:
    """Return what sticks to the unit before, whether there is a space, and what sticks to the unit after."""
    before = gap.split(" ", 1)[0] if gap else ""
    after = gap[len(before) :].strip()
    return before.strip(), any(map(str.isspace, gap)), after
