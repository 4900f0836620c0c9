"""The result a person gets: which spans of the source belong to which spans of the target, and what is left over."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from latentalign import registry
from latentalign.errors import InputError
from latentalign.text.characters import check_text


class Span(NamedTuple):
    """A piece of a text, in Unicode code points of the original string; never empty.

    >>> Span(4, 7).of("the cat sat")
    'cat'
    """

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the text that the span covers."""
        return text[self.start : self.end]


class Link(NamedTuple):
    """A source span and a target span that belong together, with the expected alignment mass between them."""

    source: Span
    target: Span
    weight: float


def check_spans(text: str, spans: Iterable[Sequence[int]], *, where: str = "") -> tuple[Span, ...]:
    """Return the spans if they are the units of the text: in order, disjoint, inside it, none empty.

    Raises:
        InputError: the first span that breaks a rule, with its index.

    Cost: linear in the number of spans.

    >>> check_spans("the cat", [(0, 3), (4, 7)])
    (Span(start=0, end=3), Span(start=4, end=7))
    >>> check_spans("the cat", [(0, 3), (2, 7)])
    Traceback (most recent call last):
    latentalign.errors.InputError: span 1: wanted 3 <= start < end <= 7, got (2, 7). To fix it: ...
    """
    checked: list[Span] = []
    reached = 0
    for index, pair in enumerate(spans):
        start, end = pair
        if not reached <= start < end <= len(text):
            raise InputError(
                wanted=f"{reached} <= start < end <= {len(text)}",
                came=f"({start}, {end})",
                where=f"{where} span {index}".lstrip(),
                fix="give spans in order, disjoint and not empty, counted in code points of the text",
            )
        checked.append(Span(start, end))
        reached = end
    return tuple(checked)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why two texts match: the links, the words that nothing explains, and the score whose gradient they are.

    Args:
        source, target: the two texts as they were given.
        source_spans, target_spans: the units that were aligned (words or sentences), in order, disjoint, none empty.
        links: from source units to target units, in reading order, weight in [0, 1] or above where a unit has
            several links.
        null_source, null_target: for each unit, the mass in [0, 1] that is aligned to nothing.
        score: the value of the alignment, in the unit of the potentials; 0 is "no better than no alignment".
        family: the name of the alignment family.
        matrix: the expected alignment, one row a source unit, kept for drawing; empty when it was not kept.
        id: the name of the record it answers, if it has one.

    Raises:
        InputError: a text or span that cannot be used, a link between spans that are no units, a number that is not
            finite, or null masses or a matrix of another size than the units.
    """

    source: str
    target: str
    source_spans: tuple[Span, ...]
    target_spans: tuple[Span, ...]
    links: tuple[Link, ...]
    null_source: tuple[float, ...]
    null_target: tuple[float, ...]
    score: float
    family: str
    matrix: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    id: str | None = None

    def __post_init__(self) -> None:
        check_text(self.source, where="source")
        check_text(self.target, where="target")
        check_spans(self.source, self.source_spans, where="source")
        check_spans(self.target, self.target_spans, where="target")
        self._check_links()
        self._check_sizes()
        self._check_finite()

    def _check_links(self) -> None:
        rows, columns = set(self.source_spans), set(self.target_spans)
        for link in self.links:
            if link.source not in rows or link.target not in columns:
                raise InputError(
                    wanted="links between units of the two texts",
                    came=f"{tuple(link.source)} to {tuple(link.target)}",
                    where="links",
                )

    def _check_sizes(self) -> None:
        n, m = len(self.source_spans), len(self.target_spans)
        matrix_sizes = {len(row) for row in self.matrix} - {m}
        if len(self.null_source) != n or len(self.null_target) != m:
            raise InputError(
                wanted=f"one null mass a unit: {n} and {m}",
                came=f"{len(self.null_source)} and {len(self.null_target)}",
                where="null_source, null_target",
            )
        if self.matrix and (len(self.matrix) != n or matrix_sizes):
            raise InputError(
                wanted=f"a matrix of {n} rows and {m} columns, or none",
                came=f"{len(self.matrix)} rows of {sorted(matrix_sizes) or m}",
                where="matrix",
            )

    def _check_finite(self) -> None:
        weights = (link.weight for link in self.links)
        numbers = ((self.score,), weights, self.null_source, self.null_target, *self.matrix)
        if not all(math.isfinite(number) for group in numbers for number in group):
            raise InputError(
                wanted="finite numbers",
                came="an infinite one or NaN in the score, the weights, the null mass or the matrix",
                where="evidence",
            )

    def pairs(self) -> tuple[tuple[str, str, float], ...]:
        """Return the links as (source words, target words, weight)."""
        return tuple((link.source.of(self.source), link.target.of(self.target), link.weight) for link in self.links)

    def indexed_links(self) -> tuple[tuple[int, int, float], ...]:
        """Return the links as (index of the source unit, index of the target unit, weight), counted from 0."""
        rows = {span: index for index, span in enumerate(self.source_spans)}
        columns = {span: index for index, span in enumerate(self.target_spans)}
        return tuple((rows[link.source], columns[link.target], link.weight) for link in self.links)

    def unaligned(self) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Return the source units and the target units that no link touches."""
        sources = {link.source for link in self.links}
        targets = {link.target for link in self.links}
        return (
            tuple(span for span in self.source_spans if span not in sources),
            tuple(span for span in self.target_spans if span not in targets),
        )

    def render(self, form: str, **options: Any) -> str:
        """Return the evidence in a registered output form, such as ``pharaoh``, ``json``, ``html`` or ``svg``."""
        rendered: str = registry.writers.load(form)(self, **options)
        return rendered

    def to_pharaoh(self, **options: Any) -> str:
        """Return the links as ``i-j`` pairs, counted from 0 unless ``base=1``."""
        return self.render("pharaoh", **options)

    def to_json(self) -> str:
        """Return the evidence as one line of JSON."""
        return self.render("json")

    def to_html(self) -> str:
        """Return a self-contained page that draws the alignment and works offline."""
        return self.render("html")

    def to_svg(self) -> str:
        """Return a drawing of the alignment."""
        return self.render("svg")

    def _repr_html_(self) -> str:
        return self.render("html", page=False)
