"""The concepts of two ontologies aligned one to one, with the words and the neighbours that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.tasks.relating.ontology_alignment import ConceptMatch, OntologyAlignment

if TYPE_CHECKING:
    from latentalign.formats.catalogue.concept import Concept
    from latentalign.models.concepts.aligner import Aligned, ConceptConfig
    from latentalign.models.encoder import Encoder

Concepts = str | Path | Sequence["Concept"]
"""A catalogue file, or the concepts themselves."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OntologyAligner:
    """Aligns two ontologies: names by their words, structure as a potential, one to one, with NULL on both sides.

    Nothing is trained and no label is needed. Which words mean the same is read off the synonyms of the two ontologies
    themselves, and which tell concepts apart off their siblings.

    Args:
        settings: of the score.
        encoder: compares words by their hidden states; None compares spellings only.

    >>> from latentalign.formats.catalogue.concept import Concept
    >>> aligner = OntologyAligner.load(encoded=False)
    >>> source = [Concept(id="1", label="heart"), Concept(id="2", label="wall of the heart", parents=("1",))]
    >>> target = [Concept(id="a", label="Heart"), Concept(id="b", label="Heart_Wall"), Concept(id="c", label="Lung")]
    >>> found = aligner.align(source, target)
    >>> [(one.source.id, one.relation, one.target.id) for one in found.matches]
    [('1', 'exact', 'a'), ('2', 'exact', 'b')]
    >>> [one.label for one in found.unmatched_target]
    ['Lung']
    """

    settings: ConceptConfig
    encoder: Encoder | None

    @classmethod
    def load(cls, **changes: Any) -> OntologyAligner:
        """Return an aligner.

        Args:
            changes: settings of ``ConceptConfig``.

        Raises:
            UnknownNameError: a setting that does not exist.
            ModelError: the encoder cannot be found.
        """
        from latentalign.models.concepts.aligner import ConceptConfig

        settings = config.parse(ConceptConfig, changes, where="OntologyAligner")
        return cls(settings=settings, encoder=settings.encoder())

    def align(self, source: Concepts, target: Concepts, *, broader: bool = True) -> OntologyAlignment:
        """Return which concepts correspond.

        Args:
            source, target: catalogue files, or concepts with different ids.
            broader: whether something broader or narrower is sought for concepts without an exact match.

        Raises:
            InputError: a file that cannot be read, no concept, or an id that comes twice.

        Cost: see ``models.concepts.aligner.align``.
        """
        from latentalign.models.concepts.aligner import align, unlinked
        from latentalign.tasks.relating.concept_evidence import exact_matches, inexact_matches

        found = align(self._ontology(source), self._ontology(target), self.settings, self.encoder)
        matches: list[ConceptMatch] = exact_matches(found)
        if broader:
            matches += inexact_matches(found)
        left, right = unlinked(found)
        return OntologyAlignment(
            matches=tuple(matches),
            unmatched_source=tuple(found.comparison.source.concepts[number] for number in left),
            unmatched_target=tuple(found.comparison.target.concepts[number] for number in right),
        )

    def scored(self, source: Sequence[Concept], target: Sequence[Concept]) -> Aligned:
        """Return the scores of all pairs that were compared."""
        from latentalign.models.concepts.aligner import align

        return align(self._ontology(source), self._ontology(target), self.settings, self.encoder)

    def _ontology(self, given: Concepts) -> Any:
        from latentalign.formats.catalogue.reading import load_catalogue
        from latentalign.models.concepts.ontology import Ontology

        concepts = load_catalogue(given) if isinstance(given, str | Path) else given
        return Ontology.of(concepts, language=self.settings.language)
