"""The layout of sentences: the source on the left, the target on the right, ribbons across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from latentalign.formats.drawing.glyphs import advance, clipped, is_right_to_left
from latentalign.formats.drawing.layout import Label, Layout, Port, Side
from latentalign.formats.drawing.lines import Links

SIZE = 13.5
LEADING, BETWEEN = 18.0, 18.0
GUTTER, RING = 130.0, 16.0
MOST_LINES, MOST_CHARACTERS = 8, 1000


def arrange(source: Sequence[str], target: Sequence[str], links: Links, *, limit: float) -> Layout:
    """Return the layout of two texts given as gap, unit, …, gap; the shorter side stands beside what it aligns to."""
    column = (limit - GUTTER) / 2 - RING
    blocks = [[wrapped(unit, limit=column) for unit in side[1::2]] for side in (source, target)]
    heights = [[len(block) * LEADING for block in side] for side in blocks]
    tops = [_stacked(side) for side in heights]
    totals = [top[-1] + height[-1] if top else LEADING for top, height in zip(tops, heights, strict=True)]
    short = int(totals[1] < totals[0])
    pairs = [(j, i, weight) if short else (i, j, weight) for i, j, weight in links]
    tops[short] = _beside(heights[short], tops[1 - short], heights[1 - short], pairs, max(totals))
    return Layout(
        width=limit,
        height=max(totals),
        across=True,
        source=_side("".join(source), blocks[0], tops[0], RING, column, is_source=True),
        target=_side("".join(target), blocks[1], tops[1], limit - RING - column, column, is_source=False),
    )


def wrapped(text: str, *, limit: float) -> list[str]:
    """Return the lines of a text, at most eight; a word longer than a line is broken.

    >>> wrapped("one two three", limit=60)
    ['one two', 'three']
    """
    lines, line, used, space = [], "", 0.0, advance(" ", size=SIZE)
    for word in _chunks(clipped(text, length=MOST_CHARACTERS), limit):
        wide = advance(word, size=SIZE)
        if line and used + space + wide > limit:
            lines.append(line)
            line, used = word, wide
        else:
            line, used = f"{line} {word}".lstrip(), used + space + wide
    lines.append(line or "␣")
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + " …"]


def _chunks(text: str, limit: float) -> Iterator[str]:
    """Yield words, and pieces of the words that are wider than the limit."""
    for word in text.split():
        start = 0
        while advance(word[start:], size=SIZE) > limit:
            grown = accumulate(advance(char, size=SIZE) for char in word[start:])
            end = start + max(1, next(count for count, wide in enumerate(grown) if wide > limit))
            yield word[start:end]
            start = end
        yield word[start:]


def _stacked(heights: Sequence[float]) -> list[float]:
    ends = accumulate(height + BETWEEN for height in heights)
    return [end - BETWEEN - height for end, height in zip(ends, heights, strict=True)]


def _beside(
    heights: Sequence[float], tops: Sequence[float], others: Sequence[float], links: Links, limit: float
) -> list[float]:
    """Return where the blocks of the shorter side stand: near what they align to, in order, none below the limit."""
    mass = [1e-9] * len(heights)
    middle = [0.0] * len(heights)
    for unit, other, weight in links:
        mass[unit] += weight
        middle[unit] += weight * (tops[other] + others[other] / 2)
    found, free = [], 0.0
    for height, total, weighted in zip(heights, mass, middle, strict=True):
        found.append(max(free, weighted / total - height / 2))
        free = found[-1] + height + BETWEEN
    for unit in reversed(range(len(heights))):
        found[unit] = min(found[unit], limit - heights[unit])
        limit = found[unit] - BETWEEN
    return found


def _side(
    text: str, blocks: list[list[str]], tops: Sequence[float], left: float, column: float, *, is_source: bool
) -> Side:
    right_to_left = is_right_to_left(text)
    side = Side([], [], right_to_left)
    x = left + column if right_to_left else left
    for unit, (block, top) in enumerate(zip(blocks, tops, strict=True)):
        for number, line in enumerate(block):
            side.labels.append(Label(x, top + (number + 0.75) * LEADING, line, "start", unit))
        extent = len(block) * LEADING
        edge = left + column + 8 if is_source else left - 8
        ring = left - 10 if is_source else left + column + 10
        side.ports.append(Port(edge, top + extent / 2, extent, edge, ring, top + LEADING / 2 + 1))
    if not blocks:
        side.labels.append(
            Label(x, 0.75 * LEADING, wrapped(text, limit=column)[0].strip("␣") or "(empty)", "start", -1)
        )
    return side
