"""Two ontologies into scores of concepts against concepts, round by round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentalign.errors import InputError
from latentalign.models.concepts.candidates import candidates
from latentalign.models.concepts.coverage import Comparison, Coverage
from latentalign.models.concepts.likeness import Likeness
from latentalign.models.concepts.neighbourhood import Neighbourhood
from latentalign.models.concepts.one_to_one import decode, expected
from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.substitutions import Substitutions
from latentalign.models.concepts.terms import Term
from latentalign.models.concepts.vocabulary import Floats, Integers, Vocabulary

if TYPE_CHECKING:
    from latentalign.models.encoder import Encoder

WORTH = 0.25
"""Pairs whose names explain each other less are dropped before the structure is looked at, unless one explains all of
the other."""
WHOLE = 0.9
"""The share of a name from which on all of it is explained."""


@dataclass(frozen=True, kw_only=True)
class ConceptConfig:
    r"""How concepts are scored, $S = a\,(v - v_0) + u\,U^{\uparrow} + d\,U^{\downarrow}$, in log-odds against NULL.

    Args:
        slope: $a$.
        level: $v_0$, the value of the names from which on a link is better than none.
        above: $u$, the weight of the agreement of parents and wholes.
        below: $d$, that of children and parts.
        rounds: how often the expected alignment of the neighbours goes into the scores.
        lessons: how often words that aligned concepts exchange are learned from.
        candidates: concepts of the other side that each one is compared with.
        language: of the names, for the stemmer.
        model: encoder by name or folder; None is the default one.
        encoded: whether words are compared by their hidden states; False needs no encoder.

    Raises:
        InputError: a number out of range.
    """

    slope: float = 12.0
    level: float = 0.5
    above: float = 2.0
    below: float = 2.0
    rounds: int = 3
    lessons: int = 1
    candidates: int = 15
    language: str = "english"
    model: str | None = None
    encoded: bool = True

    def __post_init__(self) -> None:
        if self.slope <= 0 or self.rounds < 0 or self.lessons < 0 or self.candidates < 1:
            raise InputError(
                wanted="a slope above 0, candidates of at least 1, rounds and lessons of at least 0",
                came=f"{self.slope!r}, {self.candidates!r}, {self.rounds!r} and {self.lessons!r}",
                where="ConceptConfig",
            )

    def encoder(self) -> Encoder | None:
        """Return the encoder of the words, if there is one.

        Raises:
            ModelError: it cannot be found or read.
        """
        from latentalign.models.scorer import PairScorer, ScorerConfig

        if not self.encoded:
            return None
        potentials = [{"name": "similarity"}]
        return PairScorer.load(ScorerConfig(model=self.model, potentials=potentials)).encoder


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """Scored pairs, and which of them are linked.

    Args:
        comparison: of the two ontologies, with what was learned.
        pairs: (pair, 2) source and target.
        coverage: of the names of each pair.
        structure: (pair, 2) the agreement above and below.
        scores: (pair,) in log-odds against NULL.
        links: places of the pairs that are linked, one to one.
        slope: log-odds of a unit of the value of names.
    """

    comparison: Comparison
    pairs: Integers
    coverage: Coverage
    structure: Floats
    scores: Floats
    links: Integers
    slope: float

    @property
    def expected(self) -> Floats:
        """(pair,) the expected alignment."""
        return expected(self.pairs, self.scores, (len(self.comparison.source), len(self.comparison.target)))

    @property
    def linked(self) -> dict[int, int]:
        """The target of each source that has one."""
        return dict(self.pairs[self.links].tolist())


def align(source: Ontology, target: Ontology, settings: ConceptConfig, encoder: Encoder | None) -> Aligned:
    """Return two ontologies aligned one to one.

    The words that names exchange are counted first in each ontology by itself, then (``lessons``) also over the names
    of the concepts that were linked, which teaches *bowel* for *intestine* without a label.

    Cost: some 20 s of one core for 2,700 by 3,300 concepts.
    """
    words = Vocabulary.of((source, target), encoder, language=settings.language)
    counted = Substitutions.of(_names(source, 0)) + Substitutions.of(_names(target, 0))
    found = _align(source, target, words, counted, settings)
    for _ in range(settings.lessons):
        learned = Substitutions(same=Substitutions.of(_joined(source, target, found)).same, different=counted.different)
        found = _align(source, target, words, learned, settings)
    return found


def _align(
    source: Ontology, target: Ontology, words: Vocabulary, counted: Substitutions, settings: ConceptConfig
) -> Aligned:
    comparison = Comparison.of(source, target, words, Likeness.of(words, counted))
    pairs = candidates(source, target, words, comparison.likeness, most=settings.candidates)
    coverage = comparison.coverage(pairs)
    kept = np.flatnonzero((coverage.value > WORTH) | (coverage.shares.max(axis=1) >= WHOLE))
    pairs, coverage = pairs[kept], coverage.chosen(kept)
    names = settings.slope * (coverage.value - settings.level)
    scores, structure = names, np.zeros((len(pairs), 2), np.float32)
    near = Neighbourhood.above(source, target), Neighbourhood.below(source, target)
    for _ in range(settings.rounds):
        mass = expected(pairs, scores, (len(source), len(target)))
        structure = np.stack([one(pairs, mass) for one in near], axis=1)
        scores = names + structure @ np.array([settings.above, settings.below], np.float32)
    return Aligned(
        comparison=comparison,
        pairs=pairs,
        coverage=coverage,
        structure=structure,
        scores=scores,
        links=decode(pairs, scores),
        slope=settings.slope,
    )


def _names(ontology: Ontology, start: int) -> Iterator[tuple[int, Term]]:
    return ((start + number, term) for number, terms in enumerate(ontology.terms) for term in terms)


def _joined(source: Ontology, target: Ontology, found: Aligned) -> Iterable[tuple[int, Term]]:
    """Yield the names of both sides, those of two linked concepts under one number."""
    back = {other: one for one, other in found.linked.items()}
    yield from _names(source, 0)
    for number, terms in enumerate(target.terms):
        for term in terms:
            yield back.get(number, len(source) + number), term


def unlinked(found: Aligned) -> tuple[Sequence[int], Sequence[int]]:
    """Return the sources and the targets that are linked to nothing."""
    linked = found.linked
    back = set(linked.values())
    return (
        [number for number in range(len(found.comparison.source)) if number not in linked],
        [number for number in range(len(found.comparison.target)) if number not in back],
    )
