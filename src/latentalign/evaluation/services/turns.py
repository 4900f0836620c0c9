"""Turns of users to services, and how well a system tells what each wants: right, sure, able to abstain, robust."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from torch import Tensor

from latentalign.evaluation.deletion_test import deletion_test
from latentalign.evaluation.perturbations import NOTHING_CHANGED, Perturbations
from latentalign.evaluation.probability_figures import detection
from latentalign.evaluation.report import Cell
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion
from latentalign.metrics.risk_coverage import RiskCoverage
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.slots.dialogues import Service
from latentalign.tasks.slots.service_utterances import ServiceUtterance


class IntentScores(NamedTuple):
    """What a system says of texts to one service.

    Args:
        intents: (text, intent) scores; probabilities given that one is wanted, where a system states them.
        fits: of each text, how likely it is that any is wanted.
    """

    intents: Tensor
    fits: list[float]

    @classmethod
    def of(cls, scores: Tensor) -> IntentScores:
        """Return those of a system that knows no better than its largest score."""
        return cls(scores, scores.amax(dim=1).tolist())


class IntentAnswers(NamedTuple):
    """What a system answers to turns of several services.

    Args:
        names: the intent of each turn.
        chances: (intent,) of each turn, by the intents of its service; empty where a system has no scores.
        fits: of each turn, how likely it is that any intent is wanted.
        strange: the same of turns to other services.
    """

    names: Sequence[str]
    chances: Sequence[Sequence[float]] = ()
    fits: Sequence[float] = ()
    strange: Sequence[float] = ()


Answerer = Callable[[Sequence[ServiceUtterance]], IntentAnswers]
System = Callable[[list[str], Service], IntentScores]


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceTurns:
    """Turns to services that are measured.

    Args:
        turns: each while an intent of its service is wanted.
        services: by their names.
        perturbations: the loss of accuracy under each is told.
    """

    turns: Sequence[ServiceUtterance]
    services: Mapping[str, Service]
    perturbations: Perturbations = NOTHING_CHANGED

    @cached_property
    def saying(self) -> list[ServiceUtterance]:
        """The turns that say what is wanted, and not only go on with it."""
        return [self.turns[place] for place in self._places]

    @cached_property
    def _places(self) -> list[int]:
        says = [any(act.kind == "INFORM_INTENT" for act in one.frame.acts) for one in self.turns]
        return [place for place, one in enumerate(says) if one]

    def by_service(self, system: System) -> Answerer:
        """Return what a system answers, which is asked once for each service."""

        def answer(turns: Sequence[ServiceUtterance]) -> IntentAnswers:
            names, chances, fits = [""] * len(turns), [[0.0]] * len(turns), [0.0] * len(turns)
            strange: list[float] = []
            for service in self.services.values():
                places = [place for place, one in enumerate(turns) if one.service == service.name]
                if not places:
                    continue
                others = [one for one in turns if one.service != service.name]
                others = others[:: max(1, len(others) // len(places))][: len(places)]
                texts = [turns[place].annotated.text for place in places] + [one.annotated.text for one in others]
                scores, labels = system(texts, service), list(service.intents)
                for place, row, fit in zip(places, scores.intents.tolist(), scores.fits, strict=False):
                    names[place], chances[place], fits[place] = labels[row.index(max(row))], row, fit
                strange += scores.fits[len(places) :]
            return IntentAnswers(names, chances, fits, strange)

        return answer

    def row(self, name: str, answer: Answerer, *, stated: bool = False) -> dict[str, Cell]:
        """Return the figures of a system.

        Args:
            name: of the system.
            answer: what it says of turns.
            stated: whether its scores are probabilities.
        """
        every = answer(self.turns)
        right = [given == one.frame.intent for given, one in zip(every.names, self.turns, strict=True)]
        hits = [right[place] for place in self._places]
        share = sum(hits) / max(1, len(hits))
        row: dict[str, Cell] = {"system": name, "says what is wanted": share, "all turns": sum(right) / len(right)}
        row |= dict.fromkeys(("ECE", "Brier", "risk area", "AUROC", "FPR95", "deletion"), "–")
        if stated and hits:
            row |= self._stated([every.chances[place] for place in self._places], hits)
        if not every.fits:
            return row
        saying = answer(self.saying)
        row |= detection(saying.fits, saying.strange)
        for kind in self.perturbations.names:
            names = answer(self._changed(kind)).names
            kept = [given == one.frame.intent for given, one in zip(names, self.saying, strict=True)]
            row[kind] = round(100 * (share - sum(kept) / max(1, len(kept))), 2)
        return row

    def deletion(self, made: Callable[[Service], Classifier], *, most: int) -> Deletion:
        """Return the deletion test of a classifier for each service, on turns that say what is wanted, evenly spread.

        Args:
            made: the classifier of a service.
            most: turns.
        """
        some = self.saying[:: max(1, -(-len(self.saying) // most))] if most else []
        found = Deletion(linked=[], random=[])
        for service in self.services.values():
            texts = [one.annotated.text for one in some if one.service == service.name]
            if texts:
                one = deletion_test(made(service), texts)
                found = Deletion(linked=[*found.linked, *one.linked], random=[*found.random, *one.random])
        return found

    def risk(self, answer: Answerer) -> RiskCoverage:
        """Return the risk-coverage curve of a system that states probabilities, on turns that say what is wanted."""
        found = answer(self.saying)
        right = [given == one.frame.intent for given, one in zip(found.names, self.saying, strict=True)]
        return RiskCoverage.of([max(one) for one in found.chances], right)

    def _stated(self, chances: Sequence[Sequence[float]], hits: list[bool]) -> dict[str, Cell]:
        first = [max(one) for one in chances]
        told = [list(self.services[one.service].intents).index(one.frame.intent) for one in self.saying]
        width = max(map(len, chances))
        padded = [[*one, *[0.0] * (width - len(one))] for one in chances]
        return {
            "ECE": calibration_error(first, hits),
            "Brier": brier(padded, told),
            "risk area": RiskCoverage.of(first, hits).area,
        }

    def _changed(self, kind: str) -> list[ServiceUtterance]:
        texts = self.perturbations.changed([one.annotated.text for one in self.saying], kind)
        return [
            one._replace(annotated=replace(one.annotated, text=text, slots=()))
            for one, text in zip(self.saying, texts, strict=True)
        ]
