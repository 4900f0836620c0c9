"""Sections of documents measured: with the order and without it, beside single sentences and a linear machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import torch

from latentalign.evaluation.baselines import TfidfSvm
from latentalign.evaluation.calibrated_system import fitted
from latentalign.evaluation.deletion_test import DRAWS, fallen, removals, without
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report, describe, mean_of_runs, picture_name
from latentalign.evaluation.sections.bench import SectionsBench, SentenceAnswers
from latentalign.evaluation.sections.second_sections import NOTE as SECOND_NOTE
from latentalign.evaluation.sections.second_sections import SecondDocuments, SecondSections
from latentalign.families import AlignmentFamily, Independent, LatentAlignment
from latentalign.metrics.deletion import Deletion
from latentalign.models.matcher.calibration import given_one
from latentalign.tasks.classification.labelled_texts import LabelledTexts, texts_of
from latentalign.tasks.sections.labelled_documents import Labelled, LabelledDocuments
from latentalign.tasks.sections.sectioner import SectionClassifier
from latentalign.tasks.sections.train_sections import SectionsTraining
from latentalign.text.split_texts import SplitText

NOTE = (
    "accuracy, macro F1, ECE and Brier: of sentences, given that a section fits; sure: accuracy of those whose label "
    "two thirds of the annotators gave, where that is known; ECE in 15 bins; risk area: mean risk over all coverages, "
    "by the probability of the answer; turned away: sentences that NULL takes; AUROC, FPR95: of the sentences of the "
    "documents against a stranger in each, by the mass that NULL leaves; deletion: mean fall of the score of a "
    "sentence's section without the words that carry most, less without random ones, and its 95% interval; names of "
    "perturbations: points of accuracy lost"
)


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
        perturbations: names; the loss of accuracy under each is told.
        synonyms: WordNet's ``index.sense``, below the data folder; the loss where words are replaced by synonyms is
            told as well. None leaves it out.
        outside_train: texts that are of no section, for NULL; their labels are not read.
        strangers: texts of another kind; one of them is put into each test document, where no section should take it.
            None leaves that out.
        second: structured abstracts of other sources; what is lost on them is a table of its own.
    """

    train: LabelledDocuments
    test: LabelledDocuments
    settings: SectionsTraining = field(default_factory=SectionsTraining)
    families: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "chain"}, {"name": "independent"}])
    seeds: tuple[int, ...] = (0,)
    models: str | None = None
    deletions: int = 60
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    synonyms: str | None = None
    outside_train: LabelledTexts | None = None
    strangers: LabelledTexts | None = None
    second: tuple[SecondSections, ...] = ()

    def measure(self, data: Path) -> Report:
        """Train every system, and measure it."""
        train, outside = self.train.read(data), texts_of(self.outside_train, data)
        known = {label for row in train for label in row.labels}
        second = [one.read(data, known=known) for one in self.second]
        bench = self._bench(data, second)
        further: list[list[dict[str, Cell]]] = [[] for _ in second]
        pictures: dict[str, str] = {}
        rows: list[dict[str, Cell]] = []

        def add(name: str, runs: Sequence[dict[str, SentenceAnswers]], deletions: Sequence[Cell] = ("–",)) -> None:
            told = [bench.row(run) | {"deletion": fell} for run, fell in zip(runs, deletions, strict=True)]
            rows.append({"system": name, **mean_of_runs(told, each="accuracy")})
            for one, table in zip(second, further, strict=True):
                table.append({"second set": one.name, "system": name, **one.row(bench.test, runs)})
            pictures[picture_name("risk-coverage", name)] = bench.risk(runs[0]).to_svg(name=name)

        add("TF-IDF + SVM, single sentences", [_baseline(train, bench, outside)])
        for family in self.families:
            made = [self._trained(family, seed, train, outside) for seed in self.seeds]
            found = [{name: one.align(some) for name, some in bench.versions.items()} for one in made]
            some = [row.document for row in bench.test][: self.deletions]
            fell = [str(deletion(one, some).effect) if some else "–" for one in made]
            name, names = f"ours, {describe(family)}", [one.names for one in made]
            add(name, [_answers(*pair) for pair in zip(found, names, strict=True)], fell)
            if family["name"] != "independent":
                loose = [
                    {name: replace(alignment, family=_without_order(one)) for name, alignment in run.items()}
                    for one, run in zip(made, found, strict=True)
                ]
                plain = [_answers(*pair) for pair in zip(loose, names, strict=True)]
                add(f"{name}, the order left out", plain, ["–"] * len(made))
        note = f"{len(bench.test)} test documents, {len(bench.strings)} sentences; trained on {len(train)} documents; "
        return Report(
            title=f"Sections of documents: {self.test.file}",
            rows=rows,
            notes=(
                f"{note}seeds {', '.join(map(str, self.seeds))}, mean and each",
                NOTE,
                *bench.perturbations.notes(bench.strings),
            ),
            pictures=pictures,
            further=[self._further(further, second, bench.test)] if second else (),
        )

    def _further(
        self, tables: list[list[dict[str, Cell]]], second: Sequence[SecondDocuments], first: Sequence[Labelled]
    ) -> Report:
        """Return the table of the documents of other sources."""
        return Report(
            title=f"Second sets of sections, trained on {self.train.file}",
            rows=[row for table in tables for row in table],
            notes=[one.counts(first) for one in second] + [SECOND_NOTE],
        )

    def _bench(self, data: Path, second: Sequence[SecondDocuments]) -> SectionsBench:
        return SectionsBench(
            test=self.test.read(data),
            perturbations=Perturbations.of(self.perturbations, data, synonyms=self.synonyms),
            strangers=texts_of(self.strangers, data),
            others={one.version: one.documents for one in second},
        )

    def _trained(
        self, family: dict[str, Any], seed: int, rows: Sequence[Labelled], outside: Sequence[str]
    ) -> SectionClassifier:
        told = repr((family, self.settings, self.train, self.outside_train))
        made_of = hashlib.sha256(told.encode()).hexdigest()[:8]
        place = None if self.models is None else Path(self.models) / f"{family['name']}-{seed}-{made_of}"
        if place is not None and place.is_dir():
            return SectionClassifier.load(folder=place)
        made = replace(self.settings, family=family, seed=seed).fit(rows, out_of_scope=outside)
        if place is not None:
            made.save(place)
        return made


def _answers(alignments: Mapping[str, LatentAlignment], names: Sequence[str]) -> dict[str, SentenceAnswers]:
    return {name: SentenceAnswers.of(alignment, names) for name, alignment in alignments.items()}


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
        removed = removals([one.carried for one in answer.words], chance, share=share)
        shortened += [_shortened(document, place, some) for some in removed]
        top = next(one for one in answer.ranked if one.label == (answer.label or answer.ranked[0].label))
        places.append(place)
        sections.append(classifier.names.index(top.label))
        before.append(top.value)
    scores = classifier.align(shortened).scores
    runs = torch.split(scores, DRAWS + 1)
    return fallen(
        before, [run[:, place, section].tolist() for run, place, section in zip(runs, places, sections, strict=True)]
    )


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


def _baseline(train: Sequence[Labelled], bench: SectionsBench, outside: Sequence[str]) -> dict[str, SentenceAnswers]:
    rows = [pair for row in train for pair in zip(row.document.strings, row.labels, strict=True)]
    system = fitted("TF-IDF + SVM", TfidfSvm(), rows, list(outside), held_out=0.1)
    found = {}
    for name, documents in bench.versions.items():
        chances = system.probabilities([one for document in documents for one in document.strings])
        found[name] = SentenceAnswers(names=system.names, given=given_one(chances), fits=1 - chances[:, -1])
    return found
