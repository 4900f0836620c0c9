"""One statement that a concept of one ontology corresponds to one of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank

Relation = Literal["exact", "broader", "narrower"]
"""What the target is to the source: the same, something broader, or something narrower."""


@dataclass(frozen=True, kw_only=True)
class ConceptMapping:
    """A mapping.

    Args:
        source, target: the ids of the two concepts.
        relation: what the target is to the source.
        confidence: the probability that it holds, in [0, 1].
        source_label, target_label: what people call them; empty if it is not known.
        comment: in words, why.

    Raises:
        InputError: a blank id, a relation that does not exist, or a confidence outside [0, 1].
    """

    source: str
    target: str
    relation: Relation = "exact"
    confidence: float = 1.0
    source_label: str = ""
    target_label: str = ""
    comment: str = ""

    def __post_init__(self) -> None:
        for text in (self.source, self.target):
            if is_blank(check_text(text, where="mapping")):
                raise InputError(wanted="the ids of two concepts", came="a blank one", where="mapping")
        if self.relation not in ("exact", "broader", "narrower") or not 0.0 <= self.confidence <= 1.0:
            raise InputError(
                wanted="exact, broader or narrower, and a confidence in [0, 1]",
                came=f"{self.relation!r} and {self.confidence!r}",
                where=f"{self.source} to {self.target}",
            )


@dataclass(frozen=True, kw_only=True)
class MappingSet:
    """The mappings of two ontologies.

    Args:
        mappings: in the order of the source.
        source, target: names or IRIs of the two ontologies.
        unmapped_source, unmapped_target: (id, label) of the concepts that correspond to nothing on the other side.
    """

    mappings: Sequence[ConceptMapping]
    source: str = ""
    target: str = ""
    unmapped_source: Sequence[tuple[str, str]] = ()
    unmapped_target: Sequence[tuple[str, str]] = ()
