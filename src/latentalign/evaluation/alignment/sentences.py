"""Sentence alignment of translated documents, many to many and in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from latentalign import config, registry
from latentalign.evaluation.files import find, objects
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.families import AlignmentFamily
from latentalign.metrics.beads import Bead, beads_of, strict_f1
from latentalign.models.potentials.lexical import Lexical
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.models.units import Units
from latentalign.text.pairs import TextPair


@dataclass(frozen=True, kw_only=True)
class System:
    """One way to align sentences.

    Args:
        name: of the row.
        potentials, family: tables of settings.
        idf: whether features that lexical potentials share are weighted by how rare they are in the two documents.
    """

    name: str
    potentials: list[dict[str, Any]]
    family: dict[str, Any]
    idf: bool = False


@dataclass(frozen=True, kw_only=True)
class Sentences(Recipe):
    """Strict F1 of beads, several systems beside each other.

    Args:
        documents: patterns of JSON lines with two lists of sentences and ``align`` (beads of indices).
        source, target: the names of the two lists.
        systems: what is compared; the first ones are the baselines.
    """

    documents: list[str]
    source: str
    target: str
    systems: list[System]

    def measure(self, data: Path) -> Report:
        """Align every document with every system."""
        found = [row for path in find(data, self.documents) for row in objects(path)]
        table = [self._row(system, found) for system in self.systems]
        count = sum(len(row["align"]) for row in found)
        return Report(
            title="Sentence alignment: strict F1 of beads",
            rows=table,
            notes=[f"{len(found)} documents, {count} gold beads, deletions left out of the measure"],
        )

    @torch.inference_mode()
    def _row(self, system: System, documents: list[dict[str, Any]]) -> dict[str, Cell]:
        scorer = PairScorer.load(ScorerConfig(potentials=system.potentials))
        family: AlignmentFamily = config.build(registry.families, system.family, where="family")
        given: list[Bead] = []
        gold: list[Bead] = []
        for number, row in enumerate(documents):
            pair = TextPair.from_words(row[self.source], row[self.target])
            sides = [
                Units(text=text, spans=spans or ())
                for text, spans in ((pair.source, pair.source_spans), (pair.target, pair.target_spans))
            ]
            used = with_idf(scorer, row[self.source] + row[self.target]) if system.idf else scorer
            best = family.best(*used.score(sides[:1], sides[1:], level="sentence"))[0]
            links = {(i, j) for i, j in best.nonzero().tolist()}
            given += _numbered(number, beads_of(links, sources=len(sides[0].spans), targets=len(sides[1].spans)))
            gold += _numbered(number, [(tuple(left), tuple(right)) for left, right in row["align"]])
        f1 = strict_f1(given, gold)
        return {"system": system.name, "F1": f1, "beads": sum(all(bead) for bead in given)}


def with_idf(scorer: PairScorer, texts: list[str]) -> PairScorer:
    """Return the scorer with the document frequencies of some texts in its lexical potentials."""
    potentials = tuple(one.fit(texts) if isinstance(one, Lexical) else one for one in scorer.potentials)
    return replace(scorer, potentials=potentials)


def _numbered(document: int, beads: list[Bead]) -> list[Bead]:
    """Keep the beads of different documents apart."""
    shift = document * 1_000_000
    return [(tuple(i + shift for i in left), tuple(j + shift for j in right)) for left, right in beads]
