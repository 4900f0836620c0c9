"""Turns of users to services: figures of answers by hand, and who is a stranger to which service."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from latentalign.evaluation.perturbations import Perturbations
from latentalign.evaluation.services.turns import IntentAnswers, IntentScores, ServiceTurns
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.dialogues import Act, Frame, Service, ServiceIntent
from latentalign.tasks.slots.service_utterances import ServiceUtterance


def turn(text: str, service: str, intent: str, *, says: bool = True) -> ServiceUtterance:
    acts = (Act(kind="INFORM_INTENT", slot="intent", values=(intent,)),) if says else ()
    frame = Frame(service=service, spans=(), acts=acts, intent=intent, state={})
    return ServiceUtterance(AnnotatedText(text=text), service, frame, {}, first=True)


def service(name: str, *intents: str) -> Service:
    return Service(name=name, slots={}, intents={one: ServiceIntent(one, (), ()) for one in intents})


SERVICES = {"banks": service("banks", "pay", "check"), "buses": service("buses", "ride", "return")}
TURNS = [
    turn("pay it", "banks", "pay"),
    turn("check, please", "banks", "check"),
    turn("yes", "banks", "pay", says=False),
    turn("ride", "buses", "ride"),
    turn("return", "buses", "return"),
]


def by_first_word(texts: list[str], service: Service) -> IntentScores:
    """Sure of an intent whose name is in the text as it is written, and of nothing else."""
    found = [[float(name in text) for name in service.intents] for text in texts]
    return IntentScores(torch.tensor(found) * 0.8 + 0.1, [0.9 if any(row) else 0.2 for row in found])


def test_the_figures_are_those_counted_by_hand() -> None:
    turns = ServiceTurns(turns=TURNS, services=SERVICES, perturbations=Perturbations.of(("casing",), Path()))
    assert [one.annotated.text for one in turns.saying] == ["pay it", "check, please", "ride", "return"]
    row = turns.row("x", turns.by_service(by_first_word), stated=True)
    assert (row["says what is wanted"], row["all turns"]) == (1.0, 1.0)  # "yes" ties, and the first intent is right
    assert row["AUROC"] == 1.0
    assert row["FPR95"] == 0.0
    assert row["ECE"] == pytest.approx(0.1)
    assert row["Brier"] == pytest.approx(2 * 0.1**2)
    assert row["risk area"] == 0.0
    assert row["casing"] > 0  # capitals are not found
    assert turns.risk(turns.by_service(by_first_word)).area == 0.0


def test_strangers_are_what_was_said_to_the_other_services() -> None:
    seen: dict[str, list[str]] = {}

    def system(texts: list[str], service: Service) -> IntentScores:
        seen[service.name] = texts
        return by_first_word(texts, service)

    turns = ServiceTurns(turns=TURNS, services=SERVICES)
    answers = turns.by_service(system)(turns.saying)
    assert seen == {
        "banks": ["pay it", "check, please", "ride", "return"],
        "buses": ["ride", "return", "pay it", "check, please"],
    }
    assert list(answers.names) == ["pay", "check", "ride", "return"]
    assert answers.fits == [0.9] * 4
    assert answers.strange == [0.2] * 4


def test_a_system_without_scores_has_no_figures_of_them() -> None:
    def answer(turns: Sequence[ServiceUtterance]) -> IntentAnswers:
        return IntentAnswers(["pay"] * len(turns))

    row = ServiceTurns(turns=TURNS, services=SERVICES, perturbations=Perturbations.of(("typos",), Path())).row(
        "x", answer
    )
    assert (row["says what is wanted"], row["all turns"]) == (0.25, 0.4)
    assert [row[key] for key in ("ECE", "Brier", "risk area", "AUROC", "FPR95", "deletion")] == ["–"] * 6
    assert "typos" not in row


def test_the_deletion_test_has_one_classifier_a_service() -> None:
    made: list[str] = []

    def classifier(one: Service) -> Classifier:
        made.append(one.name)
        return Classifier.load({name: [name, f"{name} now"] for name in one.intents})

    turns = ServiceTurns(turns=TURNS, services=SERVICES)
    found = turns.deletion(classifier, most=2)
    assert made == ["banks", "buses"]
    assert len(found.linked) == len(found.random) == 1  # of "pay it" and "ride"; one word has nothing beside it
    assert turns.deletion(classifier, most=0).linked == []
