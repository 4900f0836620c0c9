"""Documents that sections are measured on: as they are, perturbed, and with a stranger in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from latentalign.evaluation.perturbations import NOTHING_CHANGED, Perturbations
from latentalign.evaluation.probability_figures import detection
from latentalign.evaluation.report import Cell
from latentalign.families import LatentAlignment
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.macro_f1 import macro_f1
from latentalign.metrics.risk_coverage import RiskCoverage
from latentalign.tasks.sections.labelled_documents import Labelled
from latentalign.tasks.sections.strangers import with_strangers
from latentalign.text.split_texts import SplitText

SURE = 0.65
"""The share of the annotators, rounded down a little, from which on a label is sure."""
AS_IT_IS, STRANGERS = "as it is", "strangers"
"""The names of two versions of the documents, beside those of perturbations."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SentenceAnswers:
    """What a system says of the sentences of some documents, one after the other.

    Args:
        names: of the sections.
        given: (sentence, section) probabilities, given that a section fits.
        fits: (sentence,) the probability that any does.
        turned: (sentence,) whether NULL takes it in the answer; None where a system answers each time.
    """

    names: Sequence[str]
    given: Tensor
    fits: Tensor
    turned: Tensor | None = None

    @classmethod
    def of(cls, alignment: LatentAlignment, names: Sequence[str]) -> SentenceAnswers:
        """Return those of the alignment of documents with sections."""
        real = alignment.mask[:, :, 0]
        fits = 1 - alignment.null_query[real]
        return cls(
            names=names,
            given=alignment.expected[real] / fits[:, None].clamp_min(1e-9),
            fits=fits,
            turned=(~alignment.best.any(dim=-1))[real],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class SectionsBench:
    """Labelled documents in several versions.

    Args:
        test: the documents.
        perturbations: each sentence is changed by itself.
        strangers: texts, one of which is put into each document at a random place; none leaves that out.
        others: further documents, by the names of their versions; what is said of them is measured elsewhere.
        seed: of the choices.
    """

    test: Sequence[Labelled]
    perturbations: Perturbations = NOTHING_CHANGED
    strangers: Sequence[str] = ()
    others: Mapping[str, list[SplitText]] = field(default_factory=dict)
    seed: int = 0

    @cached_property
    def versions(self) -> dict[str, list[SplitText]]:
        """The documents by the name of the version."""
        found = {AS_IT_IS: [row.document for row in self.test]}
        found |= {name: self._perturbed(name) for name in self.perturbations.names}
        if self.strangers:
            found[STRANGERS] = [document for document, _ in self._strangers]
        return found | dict(self.others)

    @property
    def strings(self) -> list[str]:
        """All sentences, one document after the other."""
        return [one for row in self.test for one in row.document.strings]

    def row(self, answers: Mapping[str, SentenceAnswers]) -> dict[str, Cell]:
        """Return the figures of a system by what it says of each version."""
        plain = answers[AS_IT_IS]
        told, right = self._told(plain), self.right(plain)
        accuracy = sum(right) / len(right)
        row: dict[str, Cell] = {
            "accuracy": accuracy,
            "sure": self._sure(right),
            "macro F1": macro_f1(plain.given.argmax(dim=1).tolist(), told),
            "ECE": calibration_error(plain.given.amax(dim=1).clamp(0, 1).tolist(), right),
            "Brier": brier((plain.given / plain.given.sum(dim=1, keepdim=True)).tolist(), told),
            "each seed": "–",
            "risk area": self.risk(answers).area,
            "turned away": "–" if plain.turned is None else float(plain.turned.float().mean()),
        }
        fits = answers[STRANGERS].fits if STRANGERS in answers else None
        row |= detection([], []) if fits is None else detection(*(fits[one].tolist() for one in self._apart))
        for name in self.perturbations.names:
            changed = self.right(answers[name])
            row[name] = round(100 * (accuracy - sum(changed) / len(changed)), 2)
        return row

    def risk(self, answers: Mapping[str, SentenceAnswers]) -> RiskCoverage:
        """Return the risk-coverage curve of a system, by the probability of its answer."""
        plain = answers[AS_IT_IS]
        return RiskCoverage.of((plain.given.amax(dim=1) * plain.fits).tolist(), self.right(plain))

    def right(self, answers: SentenceAnswers) -> list[bool]:
        """Return whether the most probable section of each sentence is the right one."""
        given = answers.given.argmax(dim=1).tolist()
        return [one == other for one, other in zip(given, self._told(answers), strict=True)]

    def _told(self, answers: SentenceAnswers) -> list[int]:
        return [answers.names.index(label) for row in self.test for label in row.labels]

    def _sure(self, right: Sequence[bool]) -> Cell:
        trust = [share for row in self.test for share in row.trust]
        chosen = [one for one, share in zip(right, trust, strict=True) if share >= SURE] if trust else []
        return sum(chosen) / len(chosen) if chosen else "–"

    def _perturbed(self, name: str) -> list[SplitText]:
        strings = iter(self.perturbations.changed(self.strings, name, seed=self.seed))
        return [SplitText.of_sentences([next(strings) for _ in row.labels]) for row in self.test]

    @cached_property
    def _strangers(self) -> list[tuple[SplitText, int]]:
        return with_strangers([row.document for row in self.test], self.strangers, seed=self.seed)

    @cached_property
    def _apart(self) -> tuple[Tensor, Tensor]:
        """(sentence,) bool, which sentences of the documents with strangers are their own, and which are strangers."""
        strange = torch.tensor(
            [place == here for document, place in self._strangers for here in range(len(document.sentences))]
        )
        return ~strange, strange
