"""What is said of two ontologies: which concepts correspond, how, why, and which correspond to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.drawing.trees import Curve, Row, tree_pair
from latentalign.formats.fields import evidence_fields
from latentalign.formats.mappings.mapping import ConceptMapping, MappingSet, Relation
from latentalign.text.spans import Evidence


class NeighbourLink(NamedTuple):
    """Two neighbours of two concepts that correspond as well.

    Args:
        place: ``above`` (parents and wholes) or ``below`` (children and parts).
        source, target: their labels.
    """

    place: str
    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class ConceptMatch:
    """Two concepts that correspond.

    Args:
        source, target: the concepts.
        relation: what the target is to the source: ``exact``, ``broader`` or ``narrower``.
        confidence: the probability that it is so.
        score: in log-odds against NULL, of the exact match.
        shares: how much of the source's name the target's name explains, and the other way round, in [0, 1].
        evidence: the words of the two names that say the most, aligned one to one.
        carried: of each word of the source's name, what it carries of the score.
        neighbours: the links of neighbours that speak for it.
    """

    source: Concept
    target: Concept
    relation: Relation
    confidence: float
    score: float
    shares: tuple[float, float]
    evidence: Evidence
    carried: tuple[float, ...]
    neighbours: tuple[NeighbourLink, ...]

    @property
    def comment(self) -> str:
        """Why, in words: the names, and the neighbours."""
        near = [f"{one.source} = {one.target}" for one in self.neighbours[:3]]
        return f"{self.evidence.source} ~ {self.evidence.target}" + (f"; {', '.join(near)}" if near else "")

    def to_mapping(self) -> ConceptMapping:
        """Return it as a mapping that can be written."""
        return ConceptMapping(
            source=self.source.id,
            target=self.target.id,
            relation=self.relation,
            confidence=self.confidence,
            source_label=self.source.label,
            target_label=self.target.label,
            comment=self.comment,
        )

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "source": self.source.id,
            "target": self.target.id,
            "source_label": self.source.label,
            "target_label": self.target.label,
            "relation": self.relation,
            "confidence": self.confidence,
            "score": self.score,
            "shares": list(self.shares),
            "evidence": evidence_fields(self.evidence),
            "carried": list(self.carried),
            "neighbours": [one._asdict() for one in self.neighbours],
        }


@dataclass(frozen=True, kw_only=True)
class OntologyAlignment:
    """The answer for two ontologies.

    Args:
        matches: exact ones, one to one, in the order of the source; then broader and narrower ones of the rest.
        unmatched_source, unmatched_target: the concepts that are in no exact match.
    """

    matches: tuple[ConceptMatch, ...]
    unmatched_source: tuple[Concept, ...]
    unmatched_target: tuple[Concept, ...]

    @property
    def exact(self) -> tuple[ConceptMatch, ...]:
        """The one-to-one matches."""
        return tuple(one for one in self.matches if one.relation == "exact")

    def at_least(self, confidence: float) -> OntologyAlignment:
        """Return the alignment without the matches of a lower confidence, whose concepts are then unmatched."""
        kept = tuple(one for one in self.matches if one.confidence >= confidence)
        gone = [one for one in self.exact if one.confidence < confidence]
        return OntologyAlignment(
            matches=kept,
            unmatched_source=(*self.unmatched_source, *(one.source for one in gone)),
            unmatched_target=(*self.unmatched_target, *(one.target for one in gone)),
        )

    def to_mappings(self, *, source: str = "", target: str = "", unmatched: bool = True) -> MappingSet:
        """Return the matches in the form that the writers of mappings take.

        Args:
            source, target: names or IRIs of the ontologies.
            unmatched: whether the concepts that are in no match at all are told.
        """
        mapped = ({one.source.id for one in self.matches}, {one.target.id for one in self.matches})
        return MappingSet(
            mappings=[one.to_mapping() for one in self.matches],
            source=source,
            target=target,
            unmapped_source=[(one.id, one.label) for one in self.unmatched_source if one.id not in mapped[0]]
            if unmatched
            else (),
            unmapped_target=[(one.id, one.label) for one in self.unmatched_target if one.id not in mapped[1]]
            if unmatched
            else (),
        )

    def to_svg(self, *, names: tuple[str, str] = ("source", "target"), whole: bool = False) -> str:
        """Return a drawing of the two hierarchies with the matches between them.

        Args:
            names: of the two ontologies.
            whole: whether concepts without a match are drawn that are above none with one.
        """
        sides = (
            ({one.source.id: one.source for one in self.matches}, self.unmatched_source),
            ({one.target.id: one.target for one in self.matches}, self.unmatched_target),
        )
        left, right = (
            _hierarchy({**matched, **{one.id: one for one in rest}}, set(matched), whole=whole)
            for matched, rest in sides
        )
        curves = [
            Curve(left[0][one.source.id], right[0][one.target.id], one.confidence, exact=one.relation == "exact")
            for one in self.matches
        ]
        return tree_pair(left[1], right[1], curves, names=names)


def _hierarchy(concepts: dict[str, Concept], wanted: set[str], *, whole: bool) -> tuple[dict[str, int], list[Row]]:
    """Return the place of each concept that is drawn, and the rows; one with several parents stands below the first."""
    parent = {
        name: next((one for one in _above(concept) if one in concepts), None) for name, concept in concepts.items()
    }
    kept = set(concepts) if whole else {above for one in wanted for above in _path(one, parent)}
    children: dict[str | None, list[str]] = {}
    for name in concepts:
        if name in kept:
            children.setdefault(parent[name] if name in _rooted(name, parent) else None, []).append(name)
    places: dict[str, int] = {}
    rows: list[Row] = []
    waiting = [(one, 0) for one in reversed(children.get(None, []))]
    while waiting:
        name, depth = waiting.pop()
        places[name] = len(rows)
        rows.append(Row(concepts[name].label, depth))
        waiting += [(one, depth + 1) for one in reversed(children.get(name, []))]
    return places, rows


def _above(concept: Concept) -> tuple[str, ...]:
    return (*concept.parents, *concept.related("part_of"))


def _path(name: str, parent: dict[str, str | None]) -> list[str]:
    """Return a concept and what stands above it; a circle ends where it closes."""
    found: list[str] = []
    step: str | None = name
    while step is not None and step not in found:
        found.append(step)
        step = parent[step]
    return found


def _rooted(name: str, parent: dict[str, str | None]) -> set[str]:
    """Return the path of a concept if it ends at a root; of a circle, the least member stands as the root."""
    path = _path(name, parent)
    circle = parent[path[-1]] is not None
    return set() if circle and name == min(path) else set(path)
