"""Sections of documents measured: with the order and without it, beside single sentences and a linear machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from torch import Tensor

from latentalign.evaluation.baselines import TfidfSvm
from latentalign.evaluation.classification import fitted
from latentalign.evaluation.deletion_test import DRAWS, without
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report, describe
from latentalign.families import AlignmentFamily, Independent, LatentAlignment
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion
from latentalign.metrics.macro_f1 import macro_f1
from latentalign.models.matcher.calibration import given_one
from latentalign.tasks.sections.labelled_documents import Labelled, LabelledDocuments
from latentalign.tasks.sections.sectioner import SectionClassifier
from latentalign.tasks.sections.train_sections import SectionsTraining
from latentalign.text.split_texts import SplitText

NOTE = (
    "accuracy, macro F1, ECE and Brier: of sentences, given that a section fits; sure: accuracy of those whose label "
    "two thirds of the annotators gave, where that is known; ECE in 15 bins; turned away: sentences that NULL takes; "
    "deletion: mean fall of the score of a sentence's section without the words that carry most, less without "
    "random ones, and its 95% interval"
)


SURE = 0.65
"""The share of the annotators, rounded down a little, from which on a label is sure."""


@dataclass(frozen=True, kw_only=True)
class SectionsEvaluation(Recipe):
    """A classifier of sections under several families, beside TF-IDF with a linear machine on single sentences.

    Args:
        train, test: documents with the label of each sentence.
        settings: of our training.
        families: tables of families; one training each.
        seeds: one training each.
        models: a folder of classifiers that were trained before on ``train``, ``FAMILY-SEED`` each; those that are not
            there are trained and written into it. None keeps none.
        deletions: documents of the deletion test, one sentence each; 0 leaves it out.
    """

    train: LabelledDocuments
    test: LabelledDocuments
    settings: SectionsTraining = field(default_factory=SectionsTraining)
    families: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "chain"}, {"name": "independent"}])
    seeds: tuple[int, ...] = (0,)
    models: str | None = None
    deletions: int = 60

    def measure(self, data: Path) -> Report:
        """Train every system, and measure it."""
        train, test = self.train.read(data), self.test.read(data)
        rows: list[dict[str, Cell]] = [{"system": "TF-IDF + SVM, single sentences", **_baseline(train, test)}]
        for family in self.families:
            made = [self._trained(family, seed, train) for seed in self.seeds]
            name = f"ours, {describe(family)}"
            found = [one.align([row.document for row in test]) for one in made]
            pairs = list(zip(made, found, strict=True))
            rows.append({"system": name, **_mean([self._measured(*pair, test) for pair in pairs])})
            if family["name"] != "independent":
                plain = [
                    {**_aligned(replace(two, family=_without_order(one)), one.names, test), "deletion": "–"}
                    for one, two in pairs
                ]
                rows.append({"system": f"{name}, the order left out", **_mean(plain)})
        sentences = sum(len(one.labels) for one in test)
        note = f"{len(test)} test documents, {sentences} sentences; trained on {len(train)} documents; "
        return Report(
            title=f"Sections of documents: {self.test.file}",
            rows=rows,
            notes=(f"{note}seeds {', '.join(map(str, self.seeds))}, mean and each", NOTE),
        )

    def _trained(self, family: dict[str, Any], seed: int, rows: Sequence[Labelled]) -> SectionClassifier:
        made_of = hashlib.sha256(repr((family, self.settings, self.train)).encode()).hexdigest()[:8]
        place = None if self.models is None else Path(self.models) / f"{family['name']}-{seed}-{made_of}"
        if place is not None and place.is_dir():
            return SectionClassifier.load(folder=place)
        made = replace(self.settings, family=family, seed=seed).fit(rows)
        if place is not None:
            made.save(place)
        return made

    def _measured(
        self, classifier: SectionClassifier, alignment: LatentAlignment, test: Sequence[Labelled]
    ) -> dict[str, Cell]:
        some = [one.document for one in test][: self.deletions]
        effect = str(deletion(classifier, some).effect) if some else "–"
        return {**_aligned(alignment, classifier.names, test), "deletion": effect}


def _aligned(alignment: LatentAlignment, names: Sequence[str], test: Sequence[Labelled]) -> dict[str, Cell]:
    real = alignment.mask[:, :, 0]
    rows = alignment.expected[real] / (1 - alignment.null_query[real])[:, None].clamp_min(1e-9)
    turned = float((~alignment.best.any(dim=-1))[real].float().mean())
    return {**_figures(rows, names, test), "turned away": turned}


def deletion(
    classifier: SectionClassifier, documents: Sequence[SplitText], *, share: float = 0.2, seed: int = 0
) -> Deletion:
    """Return how much the score of a sentence's section falls without the words that carry it, and without random ones.

    Args:
        classifier: what is tested; each shortened document is read again as a whole.
        documents: the longest sentence of each is tested.
        share: of its words that are removed, one at least, never all.
        seed: of the random words.

    Cost: the classifier on ``DRAWS`` + 2 times as many documents.
    """
    chance = Random(seed)
    shortened: list[SplitText] = []
    places, sections, before = [], [], []
    for document in documents:
        place = max(range(len(document.words)), key=lambda one: len(document.words[one]))
        words = document.words[place]
        if len(words) < 2:
            continue
        answer = classifier.classify(document).sentences[place]
        order = sorted(range(len(words)), key=lambda one: -answer.words[one].carried)
        count = min(len(words) - 1, max(1, round(share * len(words))))
        drawn = [chance.sample(range(len(words)), count) for _ in range(DRAWS)]
        shortened += [_shortened(document, place, some) for some in (order[:count], *drawn)]
        top = next(one for one in answer.ranked if one.label == (answer.label or answer.ranked[0].label))
        places.append(place)
        sections.append(classifier.names.index(top.label))
        before.append(top.value)
    scores = classifier.align(shortened).scores
    linked, random = [], []
    for number, (place, section, value) in enumerate(zip(places, sections, before, strict=True)):
        left = scores[number * (DRAWS + 1) : (number + 1) * (DRAWS + 1), place, section].tolist()
        linked.append(value - left[0])
        random.append(value - sum(left[1:]) / DRAWS)
    return Deletion(linked=linked, random=random)


def _shortened(document: SplitText, place: int, words: Sequence[int]) -> SplitText:
    text = without(document.text, [document.words[place][one] for one in words])
    cut = len(document.text) - len(text)
    spans = [
        (start - cut * (number > place), end - cut * (number >= place))
        for number, (start, end) in enumerate(document.sentences)
    ]
    return SplitText(text=text, sentences=tuple(type(document.sentences[0])(*one) for one in spans))


def _without_order(classifier: SectionClassifier) -> AlignmentFamily:
    return Independent(temperature=float(classifier.family.temperature))


def _baseline(train: Sequence[Labelled], test: Sequence[Labelled]) -> dict[str, Cell]:
    rows = [pair for row in train for pair in zip(row.document.strings, row.labels, strict=True)]
    system = fitted("TF-IDF + SVM", TfidfSvm(), rows, [], held_out=0.1)
    chances = system.probabilities([one for row in test for one in row.document.strings])
    found = _figures(given_one(chances), system.names, test)
    return {**found, "each seed": "–", "turned away": "–", "deletion": "–"}


def _figures(rows: Tensor, names: Sequence[str], test: Sequence[Labelled]) -> dict[str, Cell]:
    told = [names.index(label) for one in test for label in one.labels]
    trust = [share for one in test for share in one.trust]
    given = rows.argmax(dim=1).tolist()
    right = [one == other for one, other in zip(given, told, strict=True)]
    return {
        "accuracy": sum(right) / len(right),
        "sure": _sure(right, trust),
        "macro F1": macro_f1(given, told),
        "ECE": calibration_error(rows.amax(dim=1).clamp(0, 1).tolist(), right),
        "Brier": brier((rows / rows.sum(dim=1, keepdim=True)).tolist(), told),
    }


def _sure(right: Sequence[bool], trust: Sequence[float]) -> Cell:
    chosen = [one for one, share in zip(right, trust, strict=True) if share >= SURE] if trust else []
    return sum(chosen) / len(chosen) if chosen else "–"


def _mean(runs: Sequence[dict[str, Cell]]) -> dict[str, Cell]:
    """Return the mean of each number over the runs, and each accuracy; the rest is that of the first run."""
    found: dict[str, Cell] = {}
    for key, first in runs[0].items():
        numbers = [one for run in runs if isinstance(one := run[key], int | float)]
        found[key] = sum(numbers) / len(numbers) if numbers else first
        if key == "Brier":
            found["each seed"] = ", ".join(f"{100 * float(run['accuracy']):.1f}" for run in runs)
    return found
