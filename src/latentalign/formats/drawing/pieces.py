"""A text as its units and what stands between them."""

from __future__ import annotations

from collections.abc import Sequence

from latentalign.formats.drawing.glyphs import advance, clipped, printable
from latentalign.text.spans import Evidence, Span

LONGEST_UNIT = 4000
SENTENCE = 12.0  # mean width of a unit, in font sizes, above which the units are drawn as blocks in two columns


def pieces(text: str, spans: Sequence[Span]) -> list[str]:
    """Return gap, unit, gap, …, unit, gap: every second piece is a unit, and together they are the text.

    The pieces are printable, and none is longer than 4,000 characters.

    >>> pieces("«The cat»", [Span(1, 4), Span(5, 8)])
    ['«', 'The', ' ', 'cat', '»']
    """
    clean = printable(text)
    found, position = [], 0
    for start, end in spans:
        found += [clipped(clean[position:start], length=LONGEST_UNIT), clipped(clean[start:end], length=LONGEST_UNIT)]
        position = end
    return [*found, clipped(clean[position:], length=LONGEST_UNIT)]


def in_columns(evidence: Evidence) -> bool:
    """Whether the units are sentences, or as long: they are drawn as two columns, not as lines of words."""
    units = [evidence.source[start:end] for start, end in evidence.source_spans]
    units += [evidence.target[start:end] for start, end in evidence.target_spans]
    return advance("".join(units), size=1.0) > SENTENCE * len(units)
