"""Why two concepts correspond, and which concepts are broader or narrower than each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentalign.families.matching import Matching
from latentalign.formats.mappings.mapping import Relation
from latentalign.models.concepts.aligner import WHOLE, Aligned, unlinked
from latentalign.tasks.relating.ontology_alignment import ConceptMatch, NeighbourLink
from latentalign.text.spans import Evidence, Link

if TYPE_CHECKING:
    from latentalign.models.concepts.terms import Term

INEXACT = 0.7
"""The confidence of a broader or narrower match: about the share that the hierarchy confirms where one ontology is cut
in two."""
SAME_HEAD = 0.95
"""How alike the words must be that say what sort of thing two concepts are."""


def exact_matches(found: Aligned) -> list[ConceptMatch]:
    """Return the links of an alignment, each with its evidence."""
    expected = found.expected
    return [_match(found, place, "exact", float(expected[place])) for place in found.links.tolist()]


def inexact_matches(found: Aligned) -> list[ConceptMatch]:
    r"""Return the closest broader or narrower concept of each concept that is linked to nothing.

    The target is broader if the source's name explains all of its name and has words left over, and the two agree in
    the word that says what sort of thing they are: *left lung* is a *lung*, *lung wall* is none. Of several, the one
    that explains the largest share is told. The confidence is the same for all, ``INEXACT``.
    """
    left, right = (set(one) for one in unlinked(found))
    shares, covered = found.coverage.shares, found.coverage.covered
    best: dict[tuple[Relation, int], tuple[float, int]] = {}
    narrow = shares.max(axis=1) >= WHOLE
    for place in np.flatnonzero(narrow & (covered.min(axis=1) < WHOLE)).tolist():
        one, other = found.pairs[place].tolist()
        relation: Relation = "broader" if shares[place, 1] > shares[place, 0] else "narrower"
        missing = one in left if relation == "broader" else other in right
        if missing and _same_head(found, place):
            key = (relation, one if relation == "broader" else other)
            best[key] = max(best.get(key, (0.0, -1)), (float(shares[place].min()), place))
    order = sorted(best.items(), key=lambda item: (item[0][0], item[0][1]))
    return [_match(found, place, relation, INEXACT) for (relation, _), (_, place) in order]


def _same_head(found: Aligned, place: int) -> bool:
    source, target = _terms(found, place)
    numbers = found.comparison.words.numbers
    keys = np.array([[numbers[source.forms[source.head]]], [numbers[target.forms[target.head]]]])
    return bool(found.comparison.likeness.between(keys[0], keys[1])[0] >= SAME_HEAD)


def _match(found: Aligned, place: int, relation: Relation, confidence: float) -> ConceptMatch:
    one, other = found.pairs[place].tolist()
    comparison = found.comparison
    evidence, carried = word_evidence(found, place)
    return ConceptMatch(
        source=comparison.source.concepts[one],
        target=comparison.target.concepts[other],
        relation=relation,
        confidence=min(max(confidence, 0.0), 1.0),
        score=float(found.scores[place]),
        shares=(float(found.coverage.shares[place, 0]), float(found.coverage.shares[place, 1])),
        evidence=evidence,
        carried=carried,
        neighbours=tuple(_neighbours(found, (one, other))) if relation == "exact" else (),
    )


def _neighbours(found: Aligned, pair: tuple[int, int]) -> list[NeighbourLink]:
    source, target = found.comparison.source.concepts, found.comparison.target.concepts
    return [
        NeighbourLink(place, source[one].label, target[other].label)
        for place in ("above", "below")
        for one, other in _near(found, pair, place)
    ]


def _near(found: Aligned, pair: tuple[int, int], place: str) -> list[tuple[int, int]]:
    source, target = found.comparison.source, found.comparison.target
    tables = (source.ancestors, target.ancestors) if place == "above" else (source.descendants, target.descendants)
    linked = found.linked
    inside = tables[1][pair[1]]
    return [(one, linked[one]) for one in tables[0][pair[0]] if linked.get(one) in inside]


def word_evidence(found: Aligned, place: int) -> tuple[Evidence, tuple[float, ...]]:
    """Return the words of two names aligned one to one, and what each word of the source's name carries.

    A word carries its share of the source's name (by idf) times how well it is explained.
    """
    source, target = _terms(found, place)
    words, likeness = found.comparison.words, found.comparison.likeness
    rows, columns = words.rows([source])[0][: len(source.forms)], words.rows([target])[0][: len(target.forms)]
    alike = likeness.between(rows[:, None], columns[None, :])
    best = Matching().best(torch.from_numpy(alike)).numpy()
    weights = words.idf[rows] / max(float(words.idf[rows].sum()), 1e-9)
    evidence = Evidence(
        source=source.text,
        target=target.text,
        source_spans=source.spans,
        target_spans=target.spans,
        links=tuple(
            Link(source.spans[row], target.spans[column], float(alike[row, column]))
            for row, column in zip(*best.nonzero(), strict=True)
        ),
        null_source=tuple(float(one) for one in 1 - alike.max(axis=1)),
        null_target=tuple(float(one) for one in 1 - alike.max(axis=0)),
        score=float(found.scores[place]),
        family="matching",
    )
    return evidence, tuple(float(one) for one in weights * alike.max(axis=1))


def _terms(found: Aligned, place: int) -> tuple[Term, Term]:
    one, other = found.pairs[place].tolist()
    first, second = found.coverage.terms[place].tolist()
    return found.comparison.source.terms[one][first], found.comparison.target.terms[other][second]
