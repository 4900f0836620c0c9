"""Two ontologies aligned, against a reference that may be a part of the whole one, beside equal names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from latentalign import config, registry
from latentalign.evaluation.deletion_test import DRAWS, removals
from latentalign.evaluation.files import find, lines
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.catalogue.reading import load_catalogue
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion
from latentalign.models.concepts.aligner import Aligned, ConceptConfig
from latentalign.models.concepts.terms import Term
from latentalign.tasks.relating.concept_evidence import word_evidence
from latentalign.tasks.relating.relate import OntologyAligner

Pair = tuple[str, str]
NOTE = (
    "precision, recall and F1: of the predictions that touch a concept of the reference, which is a part of the whole "
    "one, so a link between two concepts outside of it is not seen and precision is too high; F1 of all: estimated "
    "from the recall r, the number n of all predictions and the size N of the whole reference, 2 r N / (n + N); ECE: "
    "of the confidence of the predictions that touch the reference, 15 bins; deletion: fall of the value of the names "
    "without the words that carry most, less without random ones, in log-odds, and its 95% interval"
)


@dataclass(frozen=True, kw_only=True)
class OntologyMatching(Recipe):
    """One-to-one matches beside equal labels and equal names; no label is read before the figures are made.

    Args:
        source, target: catalogue files.
        reference: a file of pairs: two columns with tabs, or a form of the registry ``mapping_readers`` by its ending
            (``.sssom.tsv``, ``.rdf``).
        whole: how many pairs the whole reference has, where the file holds a part of them.
        variants: names of rows, with settings of ``ConceptConfig`` that differ from ``settings``.
        settings: of the score.
        seed: of the random words of the deletion test.
    """

    source: str
    target: str
    reference: str
    whole: int | None = None
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    def measure(self, data: Path) -> Report:
        """Align, and compare with the reference."""
        source, target = (load_catalogue(find(data, [one])[0]) for one in (self.source, self.target))
        gold = set(read_reference(find(data, [self.reference])[0]))
        rows = [
            {"system": "equal labels", **self._figures(equal_names(source, target, synonyms=False), gold)},
            {"system": "equal labels and synonyms", **self._figures(equal_names(source, target, synonyms=True), gold)},
        ]
        for name, changes in {**self.variants, "ours": {}}.items():
            settings = config.parse(ConceptConfig, {**self.settings, **changes}, where=f"variants.{name}")
            found = OntologyAligner(settings=settings, encoder=settings.encoder()).scored(source, target)
            rows.append({"system": name, **self._ours(found, gold)})
        counts = f"{len(source)} and {len(target)} concepts, {len(gold)} pairs of the reference" + (
            f" of {self.whole}" if self.whole else ""
        )
        return Report(title=f"Ontologies: {self.source} and {self.target}", rows=rows, notes=(counts, NOTE))

    def _ours(self, found: Aligned, gold: set[Pair]) -> dict[str, Cell]:
        ids = [[one.id for one in side.concepts] for side in (found.comparison.source, found.comparison.target)]
        predicted = [(ids[0][one], ids[1][other]) for one, other in found.pairs[found.links].tolist()]
        figures = self._figures(predicted, gold)
        seen = [touches(one, gold) for one in predicted]
        stated = found.expected[found.links]
        kept = [
            (float(chance), one in gold) for chance, one, there in zip(stated, predicted, seen, strict=True) if there
        ]
        figures["ECE"] = (
            calibration_error([chance for chance, _ in kept], [right for _, right in kept]) if kept else "–"
        )
        figures["deletion"] = str(deletion(found, seed=self.seed).effect)
        return figures

    def _figures(self, predicted: Sequence[Pair], gold: set[Pair]) -> dict[str, Cell]:
        there = [one for one in predicted if touches(one, gold)]
        right = sum(one in gold for one in there)
        precision, recall = right / max(len(there), 1), right / max(len(gold), 1)
        whole = self.whole or len(gold)
        return {
            "matches": len(predicted),
            "precision": precision,
            "recall": recall,
            "F1": 2 * right / max(len(there) + len(gold), 1),
            "F1 of all": 2 * recall * whole / (len(predicted) + whole) if self.whole else "–",
            "ECE": "–",
            "deletion": "–",
        }


def touches(pair: Pair, gold: set[Pair]) -> bool:
    """Return whether one of two concepts is in the reference, so that the reference can say what it thinks of them."""
    return any(pair[0] == one or pair[1] == other for one, other in gold)


def read_reference(path: Path) -> Iterator[Pair]:
    """Yield the pairs of ids of a reference alignment."""
    name = path.name.removesuffix(".gz")
    form = "sssom" if name.endswith(".sssom.tsv") else "oaei" if name.endswith((".rdf", ".xml")) else None
    if form is None:
        yield from ((cells[0], cells[1]) for line in lines(path) if len(cells := line.split("\t")) >= 2)
        return
    yield from ((one.source, one.target) for one in registry.mapping_readers.load(form)(path).mappings)


def equal_names(source: Sequence[Concept], target: Sequence[Concept], *, synonyms: bool) -> list[Pair]:
    """Return all pairs with a name that is the same, apart from case, underscores and punctuation."""
    names: dict[str, list[str]] = {}
    for one in target:
        for name in {_plain(name) for name in (one.names if synonyms else (one.label,))}:
            names.setdefault(name, []).append(one.id)
    found = {
        (one.id, other)
        for one in source
        for name in (one.names if synonyms else (one.label,))
        for other in names.get(_plain(name), ())
    }
    return sorted(found)


def _plain(name: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in name.casefold()).split())


def deletion(found: Aligned, *, share: float = 0.2, seed: int = 0) -> Deletion:
    """Return how much the value of the linked names falls without the words that carry most, and without random ones.

    Args:
        found: the alignment; names of one word are left out.
        share: of the words of the source's name that are removed, one at least, never all.
        seed: of the random words.
    """
    chance = Random(seed)
    kept, variants = [], []
    for place in found.links.tolist():
        one, other = found.pairs[place].tolist()
        first = int(found.coverage.terms[place][0])
        term = found.comparison.source.terms[one][first]
        size = len(term.forms)
        if size < 2:
            continue
        draws = removals(word_evidence(found, place)[1], chance, share=share)
        kept.append((one, other))
        variants.append([term, *(_without(term, draw) for draw in draws)])
    values = np.stack([_values(found, kept, [some[draw] for some in variants]) for draw in range(DRAWS + 2)])
    falls = values[0] - values[1:]
    return Deletion(linked=falls[0].tolist(), random=falls[1:].mean(axis=0).tolist())


def _without(term: Term, places: Sequence[int]) -> Term:
    left = [place for place in range(len(term.forms)) if place not in places]
    return Term(term.text, tuple(term.spans[one] for one in left), tuple(term.forms[one] for one in left))


def _values(found: Aligned, pairs: list[tuple[int, int]], terms: list[Term]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the values of pairs in log-odds, each source having one name only."""
    named = dict(zip((one for one, _ in pairs), terms, strict=True))
    source = found.comparison.source
    changed = replace(
        source, terms=tuple((named[place],) if place in named else some for place, some in enumerate(source.terms))
    )
    coverage = replace(found.comparison, source=changed).coverage(np.array(pairs, dtype=np.int64))
    return found.slope * coverage.value.astype(np.float64)
