"""Intents of services that are only described, measured: which one a user turn wants, without any training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from latentalign import registry
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.evaluation.services.goals import Said, by_service
from latentalign.evaluation.services.second_intents import NOTE as SECOND_NOTE
from latentalign.evaluation.services.second_intents import SecondIntents
from latentalign.evaluation.services.turns import IntentAnswers, IntentScores, ServiceTurns, System
from latentalign.models.matcher.calibration import given_one
from latentalign.models.matcher.memory import read, units_of, vectors
from latentalign.tasks.chat.bot import Bot
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.chat.service_bot import bot_table, words_of
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.slots.dialogues import Service, read_dialogues, read_services
from latentalign.tasks.slots.service_utterances import ServiceUtterance, service_utterances

NOTE = (
    "accuracy among the intents of the service, of turns that say what is wanted, and of all turns while something "
    "is wanted (most of these only make sense after the turns before); ECE in 15 bins, Brier, risk area: of the "
    "probabilities given that an intent of the service is wanted, on turns that say what is wanted; AUROC, FPR95: of "
    "those turns against as many at most that say what they want of another service, by the probability that an "
    "intent fits, by the largest score for baselines; deletion: mean fall of the value without the words that carry "
    "most, less without random ones, and its 95% interval; names of perturbations: points of accuracy lost on turns "
    "that say what is wanted; majority: the intent that is the most frequent one of the service in the measured "
    "turns themselves"
)


@dataclass(frozen=True, kw_only=True)
class ServiceIntents(Recipe):
    """Intents by their descriptions, for services that are not in the training schema; nothing is trained.

    Args:
        train_schema, test_schema: files of services, below the data folder.
        test: a file of dialogues.
        dialogues: of them, evenly spread; None for all.
        bot_dialogues: of those, for the whole bot, which reads each turn by itself; 0 leaves it out.
        perturbations: names; the loss of accuracy under each is told.
        synonyms: WordNet's ``index.sense``, below the data folder; the loss where words are replaced by synonyms is
            told as well. None leaves it out.
        deletions: texts of the deletion test; 0 leaves it out.
        second: texts of other sources, whose intents are described too; what is lost on them is a table of its own.
    """

    train_schema: str
    test_schema: str
    test: str
    dialogues: int | None = None
    bot_dialogues: int = 100
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    synonyms: str | None = None
    deletions: int = 100
    second: tuple[SecondIntents, ...] = ()

    def measure(self, data: Path) -> Report:
        """Measure every system."""
        known = read_services(data / self.train_schema)
        new = {name: one for name, one in read_services(data / self.test_schema).items() if name not in known}
        dialogues = list(service_utterances(read_dialogues(data / self.test), new))
        dialogues = dialogues[:: max(1, -(-len(dialogues) // self.dialogues))] if self.dialogues else dialogues
        said = [some for one in dialogues for some in by_service(one)]
        turns = _wanting(said, new)
        changes = Perturbations.of(self.perturbations, data, synonyms=self.synonyms)
        measured = ServiceTurns(turns=turns, services=new, perturbations=changes)
        rows = [measured.row("majority", _majority)]
        rows += [measured.row(name, measured.by_service(one), stated=one is _matched) for name, one in SYSTEMS.items()]
        further, ours = self._further(data, rows[1:]), rows.pop()
        tested = measured.deletion(lambda one: Classifier.load(_texts(one)), most=self.deletions)
        rows.append(ours | {"deletion": str(tested.effect) if tested.linked else "–"})
        few = said[:: max(1, -(-len(said) // self.bot_dialogues))] if self.bot_dialogues else []
        if few:
            some = ServiceTurns(turns=_wanting(few, new), services=new)
            count = f"{len(some.turns)} turns"
            rows.append(some.row(f"ours, descriptions ({count})", some.by_service(_matched), stated=True))
            rows.append(some.row(f"ours, the bot with its state ({count})", lambda _: _bot(few, new)))
        intents = sum(len(one.intents) for one in new.values())
        counts = f"{len(turns)} user turns of {len(dialogues)} dialogues, {intents} intents of {', '.join(sorted(new))}"
        return Report(
            title=f"Intents of new services: {self.test}",
            rows=[dict.fromkeys(ours, "–") | row for row in rows],
            notes=(counts, NOTE, *changes.notes([one.annotated.text for one in measured.saying])),
            pictures={"risk-coverage-ours": measured.risk(measured.by_service(_matched)).to_svg(name="ours")},
            further=[further] if self.second else (),
        )

    def _further(self, data: Path, rows: Sequence[Mapping[str, Cell]]) -> Report:
        """Return the table of the texts of other sources."""
        first = {row["system"]: row["says what is wanted"] for row in rows}
        second = [one.read(data) for one in self.second]
        return Report(
            title="Second sets of described intents",
            rows=[
                {"second set": one.service.name, "system": name, **one.row(system, first[name])}
                for one in second
                for name, system in SYSTEMS.items()
            ],
            notes=[one.counts for one in second] + [SECOND_NOTE],
        )


def _wanting(said: Sequence[Said], services: Mapping[str, Service]) -> list[ServiceUtterance]:
    """Return the turns while an intent of the service is wanted."""
    return [one for some in said for one in some if one.frame.intent in services[one.service].intents]


def _majority(turns: Sequence[ServiceUtterance]) -> IntentAnswers:
    counts: dict[str, Counter[str]] = {}
    for one in turns:
        counts.setdefault(one.service, Counter())[one.frame.intent] += 1
    return IntentAnswers([counts[one.service].most_common(1)[0][0] for one in turns])


def _texts(service: Service) -> dict[str, list[str]]:
    return {name: [words_of(name), one.description] for name, one in service.intents.items()}


def _tfidf(texts: list[str], service: Service) -> IntentScores:
    text = registry.require("sklearn.feature_extraction.text", extra="sklearn")
    machine = text.TfidfVectorizer(sublinear_tf=True)
    described = machine.fit_transform([". ".join(one) for one in _texts(service).values()])
    return IntentScores.of(torch.from_numpy((machine.transform(texts) @ described.T).toarray()))


def _cosines(texts: list[str], service: Service) -> IntentScores:
    scorer = Classifier.load(_texts(service)).matcher.scorer
    units = [units_of(one) for one in texts]
    described = [units_of(". ".join(one)) for one in _texts(service).values()]
    known = read([*units, *described], scorer)
    return IntentScores.of(vectors(units, known) @ vectors(described, known).T)


def _matched(texts: list[str], service: Service) -> IntentScores:
    found = Classifier.load(_texts(service)).probabilities(texts)
    return IntentScores(given_one(found), (1 - found[:, -1]).tolist())


SYSTEMS: dict[str, System] = {"TF-IDF cosine": _tfidf, "MiniLM cosine": _cosines, "ours, descriptions": _matched}
"""What is measured of what the descriptions alone say; the last one is ours."""


def _bot(said: Sequence[Said], services: Mapping[str, Service]) -> IntentAnswers:
    """Return what the bot takes each turn to want; where nothing explains it, what runs, or the nearest intent."""
    bots = {name: Bot.load(bot_table(services[name])) for name in {some[0].service for some in said}}
    names = []
    for some in said:
        bot, state = bots[some[0].service], State()
        for one in some:
            asked = tuple(name for name in one.annotated.asked if name in bot.content.slots)
            reply, state = bot.reply(one.annotated.text, replace(state, asked=asked))
            first = reply.classification.ranked[0]
            if one.frame.intent in services[one.service].intents:
                names.append(reply.intent or state.intent or first.label)
    return IntentAnswers(names)
