"""An alignment to read on a terminal: the links with their weights, and what is left over."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size

from latentalign.formats.drawing.glyphs import printable
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence, Span

BAR = 10  # columns of a bar that stands for weight 1
_BESIDE = BAR + 9  # columns that a row needs beside its two texts
_NARROWEST = 40
_MOST_LINES = 4


def write(record: Evidence | Failure, *, width: int = 100) -> str:
    """Return the links as a table, then the units without a link, without a last line break.

    Long units are wrapped in their column and cut after four lines. A wide character counts as two columns. Control
    characters and direction overrides are replaced, so that a text cannot steer the terminal.

    Args:
        record: the result or failure.
        width: columns of the terminal; narrower than 40 is taken as 40.

    >>> from latentalign.testing.examples import evidence
    >>> print(write(evidence("the black cat", "le chat", {("the", "le"): 0.9, ("cat", "chat"): 0.8})))
    independent, score 4.2, 2 links
    <BLANKLINE>
    the  le    0.90  █████████
    cat  chat  0.80  ████████
    <BLANKLINE>
    source without a link: black
    target without a link: none
    """
    width = max(width, _NARROWEST)
    if isinstance(record, Failure):
        return "\n".join(_wrapped(f"{record.id or 'no result'}: {record.error}", width))
    count = len(record.links)
    title = f"{record.family}, score {record.score:.4g}, {count} link{'s' * (count != 1)}"
    sources, targets = record.unaligned()
    return "\n".join(
        [
            *_wrapped(title, width),
            "",
            *_rows(record, (width - _BESIDE) // 2),
            *([""] if count else []),
            *_left_over("source", record.source, sources, width),
            *_left_over("target", record.target, targets, width),
        ]
    )


def _rows(evidence: Evidence, room: int) -> Iterator[str]:
    """Yield the lines of the table: source, target, weight, bar."""
    cells = [(_cell(source, room), _cell(target, room), weight) for source, target, weight in evidence.pairs()]
    left = max((cell_len(line) for source, _, _ in cells for line in source), default=0)
    right = max((cell_len(line) for _, target, _ in cells for line in target), default=0)
    for source, target, weight in cells:
        bar = "█" * round(BAR * min(max(weight, 0.0), 1.0))
        notes = [f"{weight:.2f}  {bar}"]
        for one, other, note in itertools.zip_longest(source, target, notes, fillvalue=""):
            yield f"{set_cell_size(one, left)}  {set_cell_size(other, right)}  {note}".rstrip()


def _cell(text: str, room: int) -> Sequence[str]:
    """Return the lines of one unit in its column."""
    return _cut(list(_wrapped(text, room)), room)


def _left_over(side: str, text: str, spans: Sequence[Span], width: int) -> Sequence[str]:
    """Return the lines that list the units of one side without a link."""
    listed = "  ".join(" ".join(span.of(text).split()) for span in spans) or "none"
    return _cut(list(_wrapped(f"{side} without a link: {listed}", width)), width)


def _cut(lines: list[str], width: int) -> list[str]:
    """Return at most the first lines, with an ellipsis at the end if there were more."""
    if len(lines) <= _MOST_LINES:
        return lines
    last = lines[_MOST_LINES - 1]
    shortened = set_cell_size(last, width - 1).rstrip() if cell_len(last) >= width else last
    return [*lines[: _MOST_LINES - 1], shortened + "…"]


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of at most ``width`` columns, broken at spaces where there are any."""
    line = ""
    for word in printable(text).split(" "):
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line += " " + word
            continue
        if line:
            yield line
        *full, line = chop_cells(word, width) or [""]
        yield from full
    yield line
