"""Classification measured: right, calibrated, able to abstain, faithful and robust, with the baselines beside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch

from latentalign.errors import InputError
from latentalign.evaluation.baselines import Baseline, FineTunedHead, LogisticHead, TfidfSvm
from latentalign.evaluation.calibrated_system import System, fitted
from latentalign.evaluation.classification.second_set import NOTE as SECOND_NOTE
from latentalign.evaluation.classification.second_set import SecondSet, SecondTexts
from latentalign.evaluation.deletion_test import deletion_test
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.probability_figures import ProbabilityFigures
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report, mean_of_runs, picture_name
from latentalign.formats.catalogue.catalogue_file import CatalogueFile
from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.tasks.classification.classifier_recipe import with_catalogue
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts, few, texts_of
from latentalign.tasks.classification.train_classifier import ClassifierTraining

Rows = list[tuple[str, str]]
NOTE = (
    "accuracy, macro F1, ECE and Brier: of texts in scope, given that a label fits; ECE in 15 bins; AUROC and FPR95: "
    "in scope against out of scope; in set, set size: conformal sets of error rate {:g}; deletion: mean fall of the "
    "value without the words that carry most, less without random ones, and its 95% interval; names of "
    "perturbations: points of accuracy lost"
)


@dataclass(frozen=True, kw_only=True)
class ClassificationRecipe(Recipe):
    """A classifier beside TF-IDF with a linear machine, and beside a logistic head on the same frozen encoder.

    Every system's probabilities are fitted in the same way on the same texts. Which labels a text out of scope has is
    never read.

    Args:
        train, test: texts with labels. Texts of the test set whose label is not in train are left out, and counted.
        outside_train, outside_test: texts out of scope.
        settings: of our training.
        catalogue: whose concepts ``settings.concepts`` are then; the linear machine is measured with them as well.
        left_out: whether ours is measured without the concepts too, where there are any.
        model: the folder of a classifier that was trained on ``train`` before; None trains one.
        per_label: train on so many texts of each label; None on all.
        seeds: one run each; they choose the texts where ``per_label`` is set, and are the seed of the training.
        perturbations: names; the loss of accuracy under each is told.
        synonyms: WordNet's ``index.sense``, below the data folder; the loss where words are replaced by synonyms is
            told as well (``evaluation.synonyms``). None leaves it out.
        deletions: texts of the deletion test.
        most: test texts, evenly spread; None is all. Second sets are compared with all.
        heads: the logistic heads that are measured beside: ``frozen``, and ``fine-tuned`` with the encoder under it.
        second: test sets of other sources; what is lost on them is a table of its own.
    """

    train: LabelledTexts
    test: LabelledTexts
    outside_train: LabelledTexts | None = None
    outside_test: LabelledTexts | None = None
    settings: ClassifierTraining = field(default_factory=ClassifierTraining)
    catalogue: CatalogueFile | None = None
    left_out: bool = True
    model: str | None = None
    per_label: int | None = None
    seeds: tuple[int, ...] = (0,)
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    synonyms: str | None = None
    deletions: int = 100
    most: int | None = None
    heads: tuple[Literal["frozen", "fine-tuned"], ...] = ("frozen",)
    second: tuple[SecondSet, ...] = ()

    def measure(self, data: Path) -> Report:
        """Train where needed, and measure every system."""
        if self.catalogue is not None:
            settings = with_catalogue(self.settings, self.catalogue, data)
            return replace(self, settings=settings, catalogue=None).measure(data)
        test = self.test.read(data)
        outside = [texts_of(one, data) for one in (self.outside_train, self.outside_test)]
        known = {label for _, label in self.train.read(data)}
        every = [row for row in test if row[1] in known]
        kept = every[:: max(1, -(-len(every) // self.most))] if self.most else every
        second = [one.read(data, known=sorted(known)) for one in self.second]
        texts = [text for text, _ in kept]
        ways = Perturbations.of(self.perturbations, data, synonyms=self.synonyms)
        changed = {name: ways.changed(texts, name) for name in ways.names}
        tables: dict[str, list[dict[str, Cell]]] = {}
        further: list[dict[str, list[dict[str, Cell]]]] = [{} for _ in second]
        pictures: dict[str, str] = {}
        for seed in self.seeds:
            for system in self._systems(self._train(data, seed), outside[0], seed):
                row, picture = self._row(system, kept, outside[1], changed)
                tables.setdefault(system.name, []).append(row)
                for one, rows in zip(second, further, strict=True):
                    found = one.row(every, names=system.names, probabilities=system.probabilities)
                    rows.setdefault(system.name, []).append(found)
                pictures[picture_name("risk-coverage", len(pictures), system.name)] = picture
        return Report(
            title=f"Classification: {self.train.file}" + (f", {self.per_label} a label" if self.per_label else ""),
            rows=[{"system": name, **mean_of_runs(rows)} for name, rows in tables.items()],
            notes=(
                self._counts(len(kept), len(test), len(known), len(outside[1])),
                NOTE.format(self.settings.error_rate),
                *ways.notes(texts),
            ),
            pictures=pictures,
            further=[self._further(further, second, every)] if second else (),
        )

    def _further(
        self, tables: list[dict[str, list[dict[str, Cell]]]], second: list[SecondTexts], first: Rows
    ) -> Report:
        """Return the table of the second sets."""
        return Report(
            title=f"Second sets, trained on {self.train.file}",
            rows=[
                {"second set": one.name, "system": name, **mean_of_runs(rows)}
                for one, table in zip(second, tables, strict=True)
                for name, rows in table.items()
            ],
            notes=[one.counts(first) for one in second] + [SECOND_NOTE],
        )

    def _counts(self, kept: int, all_of_them: int, labels: int, outside: int) -> str:
        return (
            f"{kept} test texts of {labels} labels, {all_of_them - kept} with a label not in train or left out, "
            f"{outside} out of scope; {len(self.seeds)} seed(s)"
        )

    def _train(self, data: Path, seed: int) -> Rows:
        rows = self.train.read(data)
        return rows if self.per_label is None else few(rows, self.per_label, seed=seed)

    def _systems(self, rows: Rows, outside: list[str], seed: int) -> list[System]:
        ours, concepts = {"ours": self._ours(rows, outside, seed)}, self.settings.concepts
        baselines: dict[str, Baseline] = {"TF-IDF + SVM": TfidfSvm()}
        if concepts:
            baselines["TF-IDF + SVM, with concepts"] = TfidfSvm(names=ConceptNames.of(concepts))
        if concepts and self.left_out and self.model is None:
            alone = replace(self, settings=replace(self.settings, concepts=()))
            ours = {"ours, without concepts": alone._ours(rows, outside, seed), **ours}
        if "frozen" in self.heads:
            baselines["logistic head, frozen"] = LogisticHead(scorer=self.settings.matcher.build().scorer)
        if "fine-tuned" in self.heads:
            settings = self.settings
            baselines["logistic head, fine-tuned"] = FineTunedHead(
                matcher=settings.matcher, training=settings.training, seed=seed
            )
        return [
            *(fitted(name, one, rows, outside, held_out=self.settings.held_out) for name, one in baselines.items()),
            *(
                System(name=name, names=one.labels, model=one, calibration=one.calibration, counts=one.memory.counts)
                for name, one in ours.items()
            ),
        ]

    def _ours(self, rows: Rows, outside: list[str], seed: int) -> Classifier:
        if self.model is not None:
            made, told = Classifier.load(folder=self.model), {label for _, label in rows}
            if not told <= set(made.labels):
                raise InputError(
                    wanted="a classifier that was trained on all labels of train",
                    came=f"one without {', '.join(map(repr, sorted(told - set(made.labels))))}",
                    where=f"model = {self.model!r}",
                    fix="train it on the same texts, or leave model out",
                )
            return made
        return replace(self.settings, seed=seed).fit(rows, out_of_scope=outside)

    def _row(
        self, system: System, test: Rows, outside: list[str], changed: dict[str, list[str]]
    ) -> tuple[dict[str, Cell], str]:
        numbers = {name: number for number, name in enumerate(system.names)}
        texts, labels = [text for text, _ in test], [numbers[label] for _, label in test]
        none = torch.zeros(0, len(numbers) + 1)
        figures = ProbabilityFigures(
            inside=system.probabilities(texts),
            labels=labels,
            outside=system.probabilities(outside) if outside else none,
            calibration=system.calibration,
        )
        row = figures.row() | {"deletion": "–"}
        if isinstance(system.model, Classifier) and self.deletions:
            some = texts[:: max(1, len(texts) // self.deletions)][: self.deletions]
            row["deletion"] = str(deletion_test(system.model, some).effect)
        for name, others in changed.items():
            found = replace(figures, inside=system.probabilities(others))
            row[name] = round(100 * (figures.accuracy - found.accuracy), 2)
        return row, figures.risk.to_svg(name=system.name)
