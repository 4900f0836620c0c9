"""The result a person gets: which spans of the source belong to which spans of the target, and what is left over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from latentalign import registry
from latentalign.errors import InputError


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


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why two texts match: the links, the words that nothing explains, and the score whose gradient they are.

    Args:
        source, target: the two texts as they were given.
        source_spans, target_spans: the units that were aligned (words or sentences), in order, none empty.
        links: from source units to target units, in reading order, weight in [0, 1] or above where a unit has
            several links.
        null_source, null_target: for each unit, the mass in [0, 1] that is aligned to nothing.
        score: the value of the alignment, in the unit of the potentials; 0 is "no better than no alignment".
        family: the name of the alignment family.
        matrix: the expected alignment, one row a source unit, kept for drawing; empty when it was not kept.
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

    def __post_init__(self) -> None:
        for side, text, spans in (
            ("source", self.source, self.source_spans),
            ("target", self.target, self.target_spans),
        ):
            for span in spans:
                if not 0 <= span.start < span.end <= len(text):
                    raise InputError(
                        wanted=f"a span inside the {side} text of {len(text)} code points that is not empty",
                        came=f"{tuple(span)}",
                        where=f"{side}_spans",
                    )

    def pairs(self) -> tuple[tuple[str, str, float], ...]:
        """Return the links as (source words, target words, weight)."""
        return tuple((link.source.of(self.source), link.target.of(self.target), link.weight) for link in self.links)

    def indexed_links(self) -> tuple[tuple[int, int, float], ...]:
        """Return the links as (index of the source unit, index of the target unit, weight), counted from 0."""
        rows = {span: index for index, span in enumerate(self.source_spans)}
        columns = {span: index for index, span in enumerate(self.target_spans)}
        return tuple((rows[link.source], columns[link.target], link.weight) for link in self.links)

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
