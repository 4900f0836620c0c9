"""Breaking two aligned texts into lines together, so that few links leave their line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

Links = Sequence[tuple[int, int, float]]


class Line(NamedTuple):
    """One line of a drawing: the units [source_start, source_end) above [target_start, target_end)."""

    source_start: int
    source_end: int
    target_start: int
    target_end: int


def lines(source: Sequence[float], target: Sequence[float], links: Links, *, limit: float) -> list[Line]:
    """Return the lines of a drawing, given how wide each unit is.

    The text that needs more lines leads and is broken evenly. The other follows: of the breaks that fit, the one that
    cuts the least weight. A unit wider than the limit stands alone.

    Args:
        source, target: width of each unit with the space after it.
        links: (source unit, target unit, weight).
        limit: width of a line, in the same unit.

    Cost: O(units + links).

    >>> lines([4, 4, 4, 4], [4, 4], [(0, 0, 0.9), (3, 1, 0.9)], limit=8)
    [Line(source_start=0, source_end=2, target_start=0, target_end=1),
     Line(source_start=2, source_end=4, target_start=1, target_end=2)]
    """
    source_leads = (len(_ends(source, limit)), sum(source)) >= (len(_ends(target, limit)), sum(target))
    leader, follower = (source, target) if source_leads else (target, source)
    linked: list[list[tuple[int, float]]] = [[] for _ in follower]
    for i, j, weight in links:
        linked[j if source_leads else i].append((i if source_leads else j, weight))
    ends = _even_ends(leader, limit)
    following = _following_ends(_Follower(follower, linked), ends, limit)
    sides = (ends, following) if source_leads else (following, ends)
    return [Line(*line) for line in zip([0, *sides[0]], sides[0], [0, *sides[1]], sides[1], strict=False)]


def _ends(widths: Sequence[float], limit: float) -> list[int]:
    """Return the end of each line when every line takes all that fits; one empty line for no units."""
    ends: list[int] = []
    room = limit
    for index, wide in enumerate(widths):
        if wide > room and index > (ends[-1] if ends else 0):
            ends.append(index)
            room = limit
        room -= wide
    return [*ends, len(widths)]


def _even_ends(widths: Sequence[float], limit: float) -> list[int]:
    """Return as few lines as ``_ends`` does, about equally long."""
    best, low, high = _ends(widths, limit), 0.0, limit
    count = len(best)
    if count == 1:
        return best
    for _ in range(8):
        middle = (low + high) / 2
        ends = _ends(widths, middle)
        if len(ends) > count:
            low = middle
        else:
            best, high = ends, middle
    return best


class _Follower(NamedTuple):
    """The text whose lines follow the other's: widths, and for each unit its links as (leading unit, weight)."""

    widths: Sequence[float]
    linked: list[list[tuple[int, float]]]


def _following_ends(text: _Follower, leading: list[int], limit: float) -> list[int]:
    """Return one end for each leading line: what is left always fits, and the weight that leaves its line is small."""
    count = len(text.widths)
    rest = [count - end for end in _ends(text.widths[::-1], limit)]
    ends, start = [], 0
    for index, leading_end in enumerate(leading[:-1]):
        lines_left = len(leading) - 1 - index
        earliest = max(start, rest[lines_left - 1] if lines_left <= len(rest) else 0)
        even = leading_end / max(leading[-1], 1) * count
        prices = _prices(text, start, leading_end, limit)
        found = [(price + 1e-3 * abs(end - even), end) for end, price in prices if end >= earliest]
        start = min(found)[1] if found else earliest
        ends.append(start)
    return [*ends, count]


def _prices(text: _Follower, start: int, leading_end: int, limit: float) -> Iterator[tuple[int, float]]:
    """Yield each end that fits a line from ``start``, with the weight that leaves its line, up to a constant."""
    price, used = 0.0, 0.0
    yield start, price
    for end in range(start + 1, len(text.widths) + 1):
        used += text.widths[end - 1]
        if used > limit and end > start + 1:
            return
        price += sum(-weight if unit < leading_end else weight for unit, weight in text.linked[end - 1])
        yield end, price
