"""Links that somebody has already made, in the place of an aligner."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from latentalign.errors import InputError, LatentAlignError
from latentalign.formats import pharaoh
from latentalign.formats.lines import Source, source_name
from latentalign.formats.pharaoh import IndexedLink
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.segment import segment
from latentalign.text.spans import Evidence, Link, Span
from latentalign.text.words import tokens

GivenLink = tuple[int, int] | tuple[int, int, float] | IndexedLink


@dataclass(frozen=True, kw_only=True)
class GivenLinks:
    """Aligns by links that are given, one line or one list a pair, so that no model is needed.

    Args:
        links: a Pharaoh file (path, ``-`` or open binary stream), or one list of (source, target) or
            (source, target, weight) a pair, counted from 0.
        base: what a file counts from, 0 or 1.
        tokenized: a text without units is split at whitespace and not at word boundaries.

    >>> aligner = GivenLinks(links=[[(0, 0), (1, 1, 0.8)]])
    >>> (evidence,) = aligner.align_many([TextPair(source="the cat", target="le chat")])
    >>> evidence.pairs()
    (('the', 'le', 1.0), ('cat', 'chat', 0.8))
    """

    links: Source | Sequence[Sequence[GivenLink]]
    base: int = 0
    tokenized: bool = False

    def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
        """Yield one result a pair; the mass that a unit has left, up to 1, is its NULL mass.

        Raises:
            InputError: more pairs than lines of links, or more lines than pairs.
        """
        given = self._given()
        count = 0
        for count, pair in enumerate(pairs, 1):
            links = next(given, None)
            if links is None:
                raise self._unequal(f"{count - 1} lists of links for more pairs")
            yield self._result(pair, links)
        if next(given, None) is not None:
            raise self._unequal(f"more lists of links than the {count} pairs")

    def _given(self) -> Iterator[tuple[IndexedLink, ...] | Failure]:
        if isinstance(self.links, list | tuple):
            return (tuple(IndexedLink(*link) for link in line) for line in self.links)
        return pharaoh.read(self.links, base=self.base)  # type: ignore[arg-type]

    def _unequal(self, came: str) -> InputError:
        where = "links" if isinstance(self.links, list | tuple) else source_name(self.links)  # type: ignore[arg-type]
        return InputError(wanted="one line of links a pair", came=came, where=where)

    def _result(self, pair: TextPair | Failure, links: tuple[IndexedLink, ...] | Failure) -> Evidence | Failure:
        if isinstance(pair, Failure):
            return pair
        if isinstance(links, Failure):
            return Failure(error=links.error, id=pair.id)
        try:
            return self._evidence(pair, links)
        except LatentAlignError as error:
            return Failure(error=error, id=pair.id)

    def _evidence(self, pair: TextPair, links: Sequence[IndexedLink]) -> Evidence:
        rows = self._units(pair.source, pair.source_spans, f"{pair.where} source".lstrip())
        columns = self._units(pair.target, pair.target_spans, f"{pair.where} target".lstrip())
        row_mass, column_mass = [0.0] * len(rows), [0.0] * len(columns)
        for i, j, weight, _ in links:
            if not (0 <= i < len(rows) and 0 <= j < len(columns)):
                raise InputError(
                    wanted=f"a link between {len(rows)} source and {len(columns)} target words, counted from 0",
                    came=f"{i}-{j}",
                    where=pair.where or "links",
                    fix="check the base, and whether the words are those between spaces (tokenized)",
                )
            row_mass[i] += weight
            column_mass[j] += weight
        return Evidence(
            id=pair.id,
            source=pair.source,
            target=pair.target,
            source_spans=rows,
            target_spans=columns,
            links=tuple(Link(rows[i], columns[j], weight) for i, j, weight, _ in sorted(links)),
            null_source=tuple(max(0.0, 1.0 - mass) for mass in row_mass),
            null_target=tuple(max(0.0, 1.0 - mass) for mass in column_mass),
            score=math.fsum(link.weight for link in links),
            family="given",
        )

    def _units(self, text: str, spans: tuple[Span, ...] | None, where: str) -> tuple[Span, ...]:
        if spans is None:
            spans = tokens(text) if self.tokenized else segment(text)
        if not spans:
            raise InputError(wanted="a text with at least one word", came=repr(text[:40]), where=where)
        return spans
