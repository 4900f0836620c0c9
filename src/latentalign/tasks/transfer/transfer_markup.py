"""The inline tags of a source text, placed on its translation: none lost, none invented, none inside a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from latentalign.errors import InputError, LatentAlignError
from latentalign.formats.fields import evidence_fields
from latentalign.tasks.alignment.given_links import GivenLink, GivenLinks
from latentalign.tasks.alignment.pair_aligner import (
    Masses,
    PairAligner,
    Side,
    align_beside,
    check_units,
    masses,
    split_words,
)
from latentalign.tasks.transfer.placement import place_tags
from latentalign.tasks.transfer.tagged_text import TaggedText
from latentalign.text.markup import PLACEHOLDER, Markup, parse_markup
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Span
from latentalign.text.tags import Syntax
from latentalign.text.words import tokens


@dataclass(frozen=True, kw_only=True)
class PlacedTag:
    """A tag in its new place.

    Args:
        opening, closing: verbatim; ``closing`` is empty for a tag by itself.
        source: start and end in the plain source text, equal if no text is inside.
        target: the same in the plain target text.
        confidence: in [0, 1]; 0 if its words are aligned to nothing, see `place_tags`.
    """

    opening: str
    closing: str
    source: tuple[int, int]
    target: tuple[int, int]
    confidence: float


@dataclass(frozen=True, kw_only=True)
class MarkupTransfer:
    """A translation with the tags of its source.

    Args:
        source: the source with its tags, as it was given.
        markup: the translation with the tags; without them, it is the text that was given.
        tags: in the order in which they open in the source.
        uncertain: those of a confidence below the threshold: they are placed, and want to be looked at.
        evidence: the alignment of the plain texts.
    """

    source: str
    markup: str
    tags: tuple[PlacedTag, ...]
    uncertain: tuple[PlacedTag, ...]
    evidence: Evidence

    def to_fields(self) -> dict[str, Any]:
        """Return the result as fields that JSON can hold."""
        names = ("opening", "closing", "source", "target", "confidence")
        tags = [{name: getattr(tag, name) for name in names} for tag in self.tags]
        uncertain = [index for index, tag in enumerate(self.tags) if tag in self.uncertain]
        return {
            "id": self.evidence.id,
            "source": self.source,
            "markup": self.markup,
            "tags": tags,
            "uncertain": uncertain,
            "evidence": evidence_fields(self.evidence),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class MarkupProjector:
    """Places the tags of source texts on their translations.

    Args:
        aligner: aligns the plain texts; an `Aligner` with ``keep_matrix`` gives more than hard links.
        syntax: ``html`` or ``xml``; TMX and XLIFF are ``xml``.
        threshold: a tag of less confidence is reported as uncertain.
        tokenized: words are what stands between whitespace in the plain texts.
    """

    aligner: PairAligner
    syntax: Syntax = "html"
    threshold: float = 0.5
    tokenized: bool = False

    @classmethod
    def load(cls, **settings: Any) -> MarkupProjector:
        """Return a projector with its model loaded; the settings are those of ``AlignerConfig``."""
        from latentalign.tasks.alignment.align import Aligner

        return cls(aligner=Aligner.load(keep_matrix=True, **settings))

    def project(self, source: str, target: str) -> MarkupTransfer:
        """Return the translation with the tags of its source.

        Args:
            source: with markup.
            target: its translation as plain text; ``<`` and ``&`` in it are escaped in the result.

        Raises:
            InputError: markup that does not nest or end, or a text without a word.
        """
        result = next(self.project_many([TextPair(source=source, target=target)]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def project_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[MarkupTransfer | Failure]:
        """Yield one result a pair, in order; a pair that cannot be used yields a failure."""
        for result, parsed in align_beside(self.aligner, map(self._prepared, pairs)):
            if isinstance(result, Failure):
                yield result
                continue
            assert parsed is not None, "a pair that failed stays a failure"
            source, pair, markup = parsed
            try:
                yield self._result(source, check_units(result, pair), markup)
            except LatentAlignError as error:
                yield Failure(error=error, id=pair.id)

    def _prepared(self, given: TextPair | Failure) -> tuple[TextPair | Failure, tuple[str, TextPair, Markup] | None]:
        if isinstance(given, Failure):
            return given, None
        try:
            present = Counter(PLACEHOLDER.findall(given.target))
            markup = parse_markup(given.source, syntax=self.syntax, present=present)
            pair = TextPair(
                source=markup.text,
                target=given.target,
                source_spans=self._units(markup.text, "source"),
                target_spans=self._units(given.target, "target"),
                id=given.id,
                where=given.where,
            )
            return pair.check_not_blank(), (given.source, pair, markup)
        except InputError as error:
            return Failure(error=_located(error, given.where), id=given.id), None

    def _units(self, text: str, side: Side) -> tuple[Span, ...]:
        """Return the words of a text, a placeholder being one."""
        if self.tokenized:
            return tokens(text)
        units: list[Span] = []
        position = 0
        for start, end in (*(match.span() for match in PLACEHOLDER.finditer(text)), (len(text), len(text))):
            units += _shifted(split_words(self.aligner, text[position:start], side=side), position)
            units += [Span(start, end)] if start < end else []
            position = end
        return tuple(units)

    def _result(self, source: str, evidence: Evidence, markup: Markup) -> MarkupTransfer:
        rows = anchored(masses(evidence), evidence)
        intervals = place_tags(markup.tags, evidence.source_spans, rows, len(evidence.target_spans))
        tagged = TaggedText(text=evidence.target, units=evidence.target_spans, source=markup, intervals=intervals)
        written = tagged.written()
        tags = tuple(
            PlacedTag(
                opening=tag.opening,
                closing=tag.closing,
                source=(tag.start, tag.end),
                target=tagged.places[index],
                confidence=intervals[index].confidence,
            )
            for index, tag in enumerate(markup.tags)
        )
        uncertain = tuple(tag for tag in tags if tag.confidence < self.threshold)
        return MarkupTransfer(source=source, markup=written, tags=tags, uncertain=uncertain, evidence=evidence)


def transfer_markup(
    source: str, target: str, aligner: PairAligner | Sequence[GivenLink], **settings: Any
) -> MarkupTransfer:
    """Return a translation with the inline tags of its source.

    The rule of the places is that of `place_tags`. Every tag of the source is in the result once, verbatim, and no
    other; pairs nest as they did; no tag is inside a word (as the aligner counts words, else a unit of `words`, with
    ``tokenized`` of `tokens`) or a placeholder; the text without the tags is the text that was given. A placeholder
    such as ``{0}`` or ``%s`` that the translation has too is a word that is aligned to itself; one that it lacks is
    inserted like a tag.

    Args:
        source: text with markup.
        target: its translation, plain text.
        aligner: an aligner, or the links of this pair as (source word, target word) or with a weight.
        settings: those of `MarkupProjector`.

    Raises:
        InputError: markup that does not nest or end, or a text without a word.

    >>> transfer_markup("the <b>black</b> cat<br/>", "le chat noir", [(0, 0), (1, 2), (2, 1)]).markup
    'le chat <b>noir</b><br/>'
    """
    by = aligner if isinstance(aligner, PairAligner) else GivenLinks(links=[list(aligner)])
    return MarkupProjector(aligner=by, **settings).project(source, target)


def anchored(rows: Masses, evidence: Evidence) -> Masses:
    """Return the expected alignment, but with each placeholder that both texts have aligned to itself, in order."""
    sources, targets = (
        _placeholders(text, units)
        for text, units in ((evidence.source, evidence.source_spans), (evidence.target, evidence.target_spans))
    )
    partners = {i: j for name in sources for i, j in zip(sources[name], targets.get(name, ()), strict=False)}
    taken = set(partners.values())
    if not partners:
        return rows
    return [
        {partners[i]: 1.0} if i in partners else {j: weight for j, weight in row.items() if j not in taken}
        for i, row in enumerate(rows)
    ]


def _placeholders(text: str, units: Sequence[Span]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        if PLACEHOLDER.fullmatch(unit.of(text)):
            found.setdefault(unit.of(text), []).append(index)
    return found


def _shifted(spans: Iterable[Span], by: int) -> list[Span]:
    return [Span(start + by, end + by) for start, end in spans]


def _located(error: InputError, where: str) -> InputError:
    """Return the error with the file and line of its record."""
    place = ": ".join(part for part in (where, error.where) if part and part not in error.where[: len(where)])
    return InputError(wanted=error.wanted, came=error.came, where=place, fix=error.fix)
