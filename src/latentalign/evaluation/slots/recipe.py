"""Slots measured: spans right, calibrated, faithful and robust, beside a look-up and a machine that knows no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from latentalign.evaluation.moved_spans import perturbed_slots
from latentalign.evaluation.perturbations import PERTURBATIONS, SYNONYMS, Perturbations
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.remembering import RememberingEncoder
from latentalign.evaluation.report import Cell, Report, describe, mean_of_runs, picture_name
from latentalign.evaluation.slots.answers import Answer, SlotSystem, counted, gold_of
from latentalign.evaluation.slots.baselines import LookUp, WordByWord
from latentalign.evaluation.slots.deletion import deletion
from latentalign.evaluation.slots.second_slots import NOTE as SECOND_NOTE
from latentalign.evaluation.slots.second_slots import SecondSlots
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.risk_coverage import RiskCoverage
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.labelled_slots import LabelledSlots
from latentalign.tasks.slots.tagged_slots import TaggedUtterance
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.tasks.slots.train_slots import ReadUtterances, SlotsTraining

NOTE = (
    "F1, P, R: of spans with their label, as conlleval counts; each seed: its F1; ECE: of the probabilities of the "
    "spans that are given, in 15 bins; deletion: mean fall of the log-probability of a span without the words around "
    "it that carry most, less without random ones, and its 95% interval; names of perturbations: points of F1 lost, "
    "where word order and synonyms change the words around values alone"
)


@final
@dataclass(frozen=True, eq=False)
class Tagged(SlotSystem):
    """Our tagger as a system that is measured."""

    tagger: SlotTagger

    def find(self, rows: Sequence[AnnotatedText]) -> list[list[Answer]]:
        """Return the values of each text."""
        results = self.tagger.tag_many([one.text for one in rows], asked=[one.asked for one in rows])
        return [
            [Answer(one.span, one.slot, one.probability) for one in result.slots]
            if isinstance(result, TaggedUtterance)
            else []
            for result in results
        ]


@dataclass(frozen=True, kw_only=True)
class SlotsEvaluation(Recipe):
    """A tagger of slots under several families, beside a look-up of values and a logistic regression of single words.

    Args:
        train, test: utterances with their values.
        settings: of our training.
        families: tables of families; one training for each and each seed.
        seeds: one training each; they are those of the logistic regression as well.
        perturbations: names; the loss of F1 under each is told.
        synonyms: WordNet's ``index.sense``, below the data folder; the loss where words around values are replaced by
            synonyms is told as well. None leaves it out.
        deletions: values of the deletion test; 0 leaves it out.
        second: utterances of other sources; what is lost on them is a table of its own.
    """

    train: LabelledSlots
    test: LabelledSlots
    settings: SlotsTraining = field(default_factory=SlotsTraining)
    families: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "chain"}, {"name": "independent"}])
    seeds: tuple[int, ...] = (0,)
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    synonyms: str | None = None
    deletions: int = 100
    second: tuple[SecondSlots, ...] = ()

    def measure(self, data: Path) -> Report:
        """Train every system, and measure it."""
        test = self.test.read(data)
        ways = Perturbations.of(self.perturbations, data, synonyms=self.synonyms)
        changed = {name: perturbed_slots(test, ways, name) for name in ways.names}
        read = self.settings.read(self.train.read(data))
        read = replace(read, encoder=RememberingEncoder(read.encoder, kept="states"))
        systems: dict[str, list[SlotSystem]] = {
            "look-up of values": [LookUp.of(read.rows)],
            "logistic regression, word by word": [
                WordByWord.of(read, rows=self.settings.slots.rows, seed=seed) for seed in self.seeds
            ],
        }
        for family in self.families:
            systems[f"ours, {describe(family)}"] = [Tagged(self._trained(family, seed, read)) for seed in self.seeds]
        rows = [
            {"system": name, **mean_of_runs([self._measured(one, test, changed) for one in some], each="F1")}
            for name, some in systems.items()
        ]
        values = sum(len(one.slots) for one in test)
        counts = f"{len(test)} test utterances with {values} values; trained on {len(read.rows)}; "
        return Report(
            title=f"Slots: {self.test.file}",
            rows=rows,
            notes=(
                f"{counts}seeds {', '.join(map(str, self.seeds))}, mean",
                NOTE,
                *ways.notes([one.text for one in test], [one.text for one in changed.get(SYNONYMS, ())]),
            ),
            pictures={
                picture_name("risk-coverage", name): drawing
                for name, some in systems.items()
                if (drawing := _risk(name, some[0], test))
            },
            further=[self._further(data, read, test, systems)] if self.second else (),
        )

    def _further(
        self, data: Path, read: ReadUtterances, test: list[AnnotatedText], systems: dict[str, list[SlotSystem]]
    ) -> Report:
        """Return the table of the utterances of other sources."""
        known = {name for row in read.rows for _, name in row.slots}
        second = [one.read(data, known=known) for one in self.second]
        return Report(
            title=f"Second sets of slots, trained on {self.train.file}",
            rows=[
                {"second set": one.name, "system": name, **mean_of_runs([one.row(system, test) for system in some])}
                for one in second
                for name, some in systems.items()
            ],
            notes=[one.counts for one in second] + [SECOND_NOTE],
        )

    def _trained(self, family: dict[str, Any], seed: int, read: ReadUtterances) -> SlotTagger:
        return replace(self.settings, family=family, seed=seed).fit(read.rows, read=read)

    def _measured(
        self, system: SlotSystem, test: list[AnnotatedText], changed: dict[str, list[AnnotatedText]]
    ) -> dict[str, Cell]:
        answers = system.find(test)
        counts = counted(answers, test)
        stated, right = _stated(answers, test)
        row: dict[str, Cell] = {
            "F1": counts.f1,
            "P": counts.precision,
            "R": counts.recall,
            "each seed": "–",
            "ECE": calibration_error(stated, right) if stated else "–",
            "deletion": "–",
        }
        if isinstance(system, Tagged) and self.deletions:
            tested = deletion(system.tagger, test, most=self.deletions)
            row["deletion"] = str(tested.effect) if tested.linked else "–"
        for name, rows in changed.items():
            row[name] = round(100 * (counts.f1 - counted(system.find(rows), rows).f1), 2)
        return row


def _stated(answers: Sequence[Sequence[Answer]], rows: Sequence[AnnotatedText]) -> tuple[list[float], list[bool]]:
    """Return the probability of each span that is given, and whether it is right."""
    gold = [set(gold_of(one)) for one in rows]
    right = [one.key in some for given, some in zip(answers, gold, strict=True) for one in given]
    return [min(1.0, max(0.0, one.probability)) for some in answers for one in some], right


def _risk(name: str, system: SlotSystem, rows: list[AnnotatedText]) -> str:
    """Return the risk-coverage curve of the spans that a system gives; nothing where it gives none."""
    stated, right = _stated(system.find(rows), rows)
    return RiskCoverage.of(stated, right).to_svg(name=name) if stated else ""
