"""A bilingual dictionary from an aligned corpus: probabilities in both directions, counts, and example sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from latentalign.errors import InputError
from latentalign.tasks.alignment.chunks import is_contiguous, linked_chunks
from latentalign.tasks.alignment.pair_aligner import PairAligner, masses
from latentalign.tasks.transfer.lexicon_table import Found, LexiconTable
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Span


@dataclass(frozen=True, kw_only=True)
class Example:
    """A pair of sentences in which an entry was found.

    Args:
        id: of the pair, or its number in the corpus, counted from 1.
        source, target: the sentences.
        source_span, target_span: the entry in them.
        weight: expected mass of the link.
    """

    id: str
    source: str
    target: str
    source_span: Span
    target_span: Span
    weight: float


@dataclass(frozen=True, kw_only=True)
class LexiconEntry:
    """A source word or phrase with one translation.

    Args:
        source, target: as they are counted, in lower case by default.
        target_given_source: share of the mass of the source, NULL included, that goes to the target, in [0, 1].
        source_given_target: the same of the target.
        mass: expected number of links.
        pairs: sentence pairs in which they are linked with a mass of at least a half.
        evidence: the examples with the most mass.
    """

    source: str
    target: str
    target_given_source: float
    source_given_target: float
    mass: float
    pairs: int
    evidence: tuple[Example, ...]

    def to_fields(self) -> dict[str, Any]:
        """Return the entry as fields that JSON can hold."""
        names = ("source", "target", "target_given_source", "source_given_target", "mass", "pairs")
        examples = [{name: getattr(one, name) for name in Example.__dataclass_fields__} for one in self.evidence]
        return {name: getattr(self, name) for name in names} | {"evidence": examples}


@dataclass(frozen=True, kw_only=True, eq=False)
class LexiconBuilder:
    r"""Builds a bilingual dictionary from the expected alignments of a corpus.

    $$p(t \mid s) = \sum_{i : s_i = s,\, j : t_j = t} A_{ij} \Big/
      \sum_{i : s_i = s} \Bigl(\text{null}_i + \sum_j A_{ij}\Bigr)$$

    and the same the other way round. A phrase is the smallest group of words that no link leaves (`linked_chunks`), if
    both sides are without a gap and one has several words; its shares are of the groups with the same side. Words
    without a letter are left out.

    Args:
        aligner: its evidence is read; with the links alone (no matrix kept) the masses are those of the links.
        least_mass: cells below it are not counted; their mass stays in the denominator.
        least_count: least expected number of links of an entry.
        least_probability: least share, in one direction at least.
        examples: how many are kept an entry; they hold their sentences in memory.
        longest: most words of a side of a phrase; 1 for single words only.
        lower: count words in lower case.
        most: candidates held in memory; beyond it the lighter half is dropped, and counts are lower bounds.
    """

    aligner: PairAligner
    least_mass: float = 0.05
    least_count: float = 1.0
    least_probability: float = 0.05
    examples: int = 2
    longest: int = 4
    lower: bool = True
    most: int = 2_000_000

    def __post_init__(self) -> None:
        for name, low, high in (
            ("least_mass", 0.0, 1.0),
            ("least_probability", 0.0, 1.0),
            ("examples", 0, 1000),
            ("longest", 1, 1000),
            ("most", 1, 10**12),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(wanted=f"{low} to {high}", came=repr(getattr(self, name)), where=name)

    @classmethod
    def load(cls, **settings: Any) -> LexiconBuilder:
        """Return a builder with its model loaded; the settings are those of ``AlignerConfig``."""
        from latentalign.tasks.alignment.align import Aligner

        return cls(aligner=Aligner.load(keep_matrix=True, **settings))

    def build(
        self, pairs: Iterable[TextPair | Failure], *, report: Callable[[Failure], object] | None = None
    ) -> tuple[LexiconEntry, ...]:
        """Return the entries that the alignments of a corpus give; see `count`."""
        return self.count(self.aligner.align_many(pairs), report=report)

    def count(
        self, results: Iterable[Evidence | Failure], *, report: Callable[[Failure], object] | None = None
    ) -> tuple[LexiconEntry, ...]:
        """Return the entries, by source, the most probable translation first.

        Args:
            results: the alignments of a corpus, read once.
            report: called with each pair that could not be used; without it, the first stops the work.

        Raises:
            LatentAlignError: the first failure, if there is no ``report``.

        Cost: memory for the candidates and for the sentences of their examples, not for the corpus.
        """
        words, phrases = (LexiconTable(examples=self.examples, most=self.most) for _ in range(2))
        for number, result in enumerate(results, 1):
            if isinstance(result, Failure):
                if report is None:
                    raise result.error
                report(result)
                continue
            name = str(number) if result.id is None else result.id
            self._count_words(words, result, name)
            if self.longest > 1:
                self._count_phrases(phrases, result, name)
        return tuple(sorted((*self._entries(words), *self._entries(phrases)), key=_order))

    def _count_words(self, table: LexiconTable, evidence: Evidence, name: str) -> None:
        sources = [self._counted(evidence.source, span) for span in evidence.source_spans]
        targets = [self._counted(evidence.target, span) for span in evidence.target_spans]
        for i, row in enumerate(masses(evidence)):
            table.sources[sources[i]] += sum(row.values()) + evidence.null_source[i]
            for j, weight in row.items():
                table.targets[targets[j]] += weight
                if weight >= self.least_mass and sources[i] and targets[j]:
                    spans = evidence.source_spans[i], evidence.target_spans[j]
                    table.add((sources[i], targets[j]), weight, evidence, name, spans)
        for word, mass in zip(targets, evidence.null_target, strict=True):
            table.targets[word] += mass

    def _count_phrases(self, table: LexiconTable, evidence: Evidence, name: str) -> None:
        for chunk in linked_chunks(evidence):
            spans = [
                Span(units[indices[0]].start, units[indices[-1]].end)
                if is_contiguous(indices) and len(indices) <= self.longest
                else None
                for units, indices in ((evidence.source_spans, chunk.source), (evidence.target_spans, chunk.target))
            ]
            source, target = (
                self._counted(text, span) if span else ""
                for text, span in zip((evidence.source, evidence.target), spans, strict=True)
            )
            table.sources[source] += chunk.weight
            table.targets[target] += chunk.weight
            if source and target and len(chunk.source) + len(chunk.target) > 2 and spans[0] and spans[1]:
                table.add((source, target), chunk.weight, evidence, name, (spans[0], spans[1]))

    def _counted(self, text: str, span: Span) -> str:
        """Return a word or phrase as it is counted; empty if it has no letter."""
        found = " ".join(span.of(text).split())
        if not any(character.isalpha() for character in found):
            return ""
        return found.lower() if self.lower else found

    def _entries(self, table: LexiconTable) -> Iterator[LexiconEntry]:
        for (source, target), found, forwards, backwards in table.shares():
            if found.mass >= self.least_count and max(forwards, backwards) >= self.least_probability:
                yield LexiconEntry(
                    source=source,
                    target=target,
                    target_given_source=forwards,
                    source_given_target=backwards,
                    mass=found.mass,
                    pairs=found.pairs,
                    evidence=_examples(found),
                )


def _examples(found: Found) -> tuple[Example, ...]:
    return tuple(
        Example(
            id=place.id,
            source=place.source,
            target=place.target,
            source_span=place.source_span,
            target_span=place.target_span,
            weight=place.weight,
        )
        for place in sorted(found.places, reverse=True)
    )


def _order(entry: LexiconEntry) -> tuple[str, float, float, str]:
    return entry.source, -entry.target_given_source, -entry.mass, entry.target
