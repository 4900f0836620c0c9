"""Slots measured: spans right, calibrated, faithful and robust, beside a look-up and a machine that knows no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, final

from latentalign.evaluation.deletion_test import DRAWS, fallen, removals, without
from latentalign.evaluation.moved_spans import KEPT_ORDER, perturbed_slots
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.remembering import RememberingEncoder
from latentalign.evaluation.report import Cell, Report, describe, mean_of_runs, picture_name
from latentalign.evaluation.slot_baselines import Answer, LookUp, SlotSystem, WordByWord
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion
from latentalign.metrics.risk_coverage import RiskCoverage
from latentalign.metrics.span_f1 import SpanCounts
from latentalign.models.matcher.memory import units_of
from latentalign.models.slots import Utterance
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.labelled_slots import LabelledSlots
from latentalign.tasks.slots.tagged_slots import FoundSlot, TaggedUtterance
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.tasks.slots.train_slots import ReadUtterances, SlotsTraining
from latentalign.text.labels import LabelSpan

NOTE = (
    "F1, P, R: of spans with their label, as conlleval counts; each seed: its F1; ECE: of the probabilities of the "
    "spans that are given, in 15 bins; deletion: mean fall of the log-probability of a span without the words around "
    "it that carry most, less without random ones, and its 95% interval; typos, casing, punctuation: points of F1 lost"
)
RELATIVE = 0.2
"""The share of the words around a value that the deletion test removes, one at least."""


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
        perturbations: the loss of F1 under each is told.
        deletions: values of the deletion test; 0 leaves it out.
    """

    train: LabelledSlots
    test: LabelledSlots
    settings: SlotsTraining = field(default_factory=SlotsTraining)
    families: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "chain"}, {"name": "independent"}])
    seeds: tuple[int, ...] = (0,)
    perturbations: tuple[str, ...] = KEPT_ORDER
    deletions: int = 100

    def measure(self, data: Path) -> Report:
        """Train every system, and measure it."""
        test = self.test.read(data)
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
            {"system": name, **mean_of_runs([self._measured(one, test) for one in some], each="F1")}
            for name, some in systems.items()
        ]
        values = sum(len(one.slots) for one in test)
        counts = f"{len(test)} test utterances with {values} values; trained on {len(read.rows)}; "
        return Report(
            title=f"Slots: {self.test.file}",
            rows=rows,
            notes=(f"{counts}seeds {', '.join(map(str, self.seeds))}, mean", NOTE),
            pictures={
                picture_name("risk-coverage", name): drawing
                for name, some in systems.items()
                if (drawing := _risk(name, some[0], test))
            },
        )

    def _trained(self, family: dict[str, Any], seed: int, read: ReadUtterances) -> SlotTagger:
        return replace(self.settings, family=family, seed=seed).fit(read.rows, read=read)

    def _measured(self, system: SlotSystem, test: list[AnnotatedText]) -> dict[str, Cell]:
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
        for name in self.perturbations:
            changed = perturbed_slots(test, name)
            row[name] = round(100 * (counts.f1 - counted(system.find(changed), changed).f1), 2)
        return row


def _stated(answers: Sequence[Sequence[Answer]], rows: Sequence[AnnotatedText]) -> tuple[list[float], list[bool]]:
    """Return the probability of each span that is given, and whether it is right."""
    gold = [_gold(one) for one in rows]
    right = [_key(one) in some for given, some in zip(answers, gold, strict=True) for one in given]
    return [min(1.0, max(0.0, one.probability)) for some in answers for one in some], right


def _risk(name: str, system: SlotSystem, rows: list[AnnotatedText]) -> str:
    """Return the risk-coverage curve of the spans that a system gives; nothing where it gives none."""
    stated, right = _stated(system.find(rows), rows)
    return RiskCoverage.of(stated, right).to_svg(name=name) if stated else ""


def counted(answers: Sequence[Sequence[Answer]], rows: Sequence[AnnotatedText]) -> SpanCounts:
    """Return how many values are right, by their characters and their slot."""
    return SpanCounts.of([[_key(one) for one in some] for some in answers], [sorted(_gold(one)) for one in rows])


def deletion(tagger: SlotTagger, rows: Sequence[AnnotatedText], *, most: int = 100, seed: int = 0) -> Deletion:
    """Return how much the log-probability of a value falls without the words around it that carry it.

    Args:
        tagger: what is tested; each shortened text is read again.
        rows: texts; of each, the value of which it is least sure, where there are two words around it at least.
        most: values that are tested, of the first texts that have one.
        seed: of the random words.

    Cost: the tagger on ``DRAWS`` + 2 times as many texts.
    """
    chance = Random(seed)
    shortened: list[Utterance] = []
    places: list[LabelSpan] = []
    before: list[float] = []
    for result in tagger.tag_many([one.text for one in rows]):
        if len(before) == most:
            break
        if not isinstance(result, TaggedUtterance) or not result.slots:
            continue
        one = min(result.slots, key=lambda slot: slot.probability)
        around = [word for word in one.words if word.span.end <= one.span.start or word.span.start >= one.span.end]
        if len(around) < 2:
            continue
        chosen = removals([word.carried for word in around], chance, share=RELATIVE)
        choices = [[around[place].span for place in some] for some in chosen]
        texts = [Utterance(units_of(without(result.text, removed))) for removed in choices]
        left = len(one.words) - len(chosen[0])
        if any(len(text.units.spans) != left for text in texts):  # words that have grown together
            continue
        shortened += texts
        places += [_words_of(one, removed) for removed in choices]
        before.append(one.probability)
    after = _log_probabilities(tagger, shortened, places)
    rows_after = [after[start : start + DRAWS + 1] for start in range(0, len(after), DRAWS + 1)]
    return fallen([_log(one) for one in before], rows_after)


def _words_of(one: FoundSlot, removed: Sequence[Any]) -> LabelSpan:
    """Return the places of the words of a value once some words are no longer there."""
    kept = [word.span for word in one.words if word.span not in removed]
    inside = [place for place, span in enumerate(kept) if one.span.start <= span.start and span.end <= one.span.end]
    return LabelSpan(inside[0], inside[-1] + 1, one.slot)


def _log_probabilities(tagger: SlotTagger, utterances: Sequence[Utterance], places: Sequence[LabelSpan]) -> list[float]:
    found: list[float] = []
    for start in range(0, len(utterances), 64):
        alignment = tagger.align(utterances[start : start + 64])
        some = list(enumerate(places[start : start + 64]))
        found += [_log(one) for one in tagger.probabilities(alignment, some)]
    return found


def _log(chance: float) -> float:
    import math

    return math.log(max(chance, 1e-9))


def _gold(row: AnnotatedText) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, name) for span, name in row.slots}


def _key(one: Answer) -> tuple[int, int, str]:
    return (one.span.start, one.span.end, one.slot)
