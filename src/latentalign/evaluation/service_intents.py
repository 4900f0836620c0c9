"""Intents of services that are only described, measured: which one a user turn wants, without any training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from latentalign import registry
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.evaluation.service_goals import Said, by_service
from latentalign.metrics.calibration_error import calibration_error
from latentalign.models.matcher.memory import read, units_of, vectors
from latentalign.tasks.chat.bot import Bot
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.chat.service_bot import bot_table, words_of
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.slots.dialogues import Service, read_dialogues, read_services
from latentalign.tasks.slots.service_utterances import ServiceUtterance, service_utterances

NOTE = (
    "accuracy among the intents of the service, of turns that say what is wanted, and of all turns while something is "
    "wanted (most of these only make sense after the turns before); ECE: of the probability of the answer, given that "
    "an intent of the service is wanted, in 15 bins, on turns that say what is wanted; majority: the intent that is "
    "the most frequent one of the service in the measured turns themselves"
)


@dataclass(frozen=True, kw_only=True)
class ServiceIntents(Recipe):
    """Intents by their descriptions, for services that are not in the training schema; nothing is trained.

    Args:
        train_schema, test_schema: files of services, below the data folder.
        test: a file of dialogues.
        dialogues: of them, evenly spread; None for all.
        bot_dialogues: of those, for the whole bot, which reads each turn by itself; 0 leaves it out.
    """

    train_schema: str
    test_schema: str
    test: str
    dialogues: int | None = None
    bot_dialogues: int = 100

    def measure(self, data: Path) -> Report:
        """Measure every system."""
        known = read_services(data / self.train_schema)
        new = {name: one for name, one in read_services(data / self.test_schema).items() if name not in known}
        dialogues = list(service_utterances(read_dialogues(data / self.test), new))
        dialogues = dialogues[:: max(1, -(-len(dialogues) // self.dialogues))] if self.dialogues else dialogues
        said = [some for one in dialogues for some in by_service(one)]
        turns = [one for some in said for one in some if one.frame.intent in new[one.service].intents]
        rows = [_row("majority", turns, _majority(turns))]
        rows.append(_row("TF-IDF cosine", turns, _by_service(turns, new, _tfidf)))
        rows.append(_row("MiniLM cosine", turns, _by_service(turns, new, _cosines)))
        rows.append(_row("ours, descriptions", turns, _by_service(turns, new, _matched), stated=True))
        few = said[:: max(1, -(-len(said) // self.bot_dialogues))] if self.bot_dialogues else []
        if few:
            mine = [one for some in few for one in some if one.frame.intent in new[one.service].intents]
            count = f"{len(mine)} turns"
            rows.append(_row(f"ours, descriptions ({count})", mine, _by_service(mine, new, _matched), stated=True))
            rows.append(_row(f"ours, the bot with its state ({count})", mine, _bot(few, new)))
        intents = sum(len(one.intents) for one in new.values())
        counts = f"{len(turns)} user turns of {len(dialogues)} dialogues, {intents} intents of {', '.join(sorted(new))}"
        return Report(title=f"Intents of new services: {self.test}", rows=rows, notes=(counts, NOTE))


Answers = tuple[list[str], list[float]]
"""The intent of each turn, and its probability."""
System = Callable[[list[str], Service], Tensor]
"""From texts to (text, intent) scores."""


def _row(name: str, turns: Sequence[ServiceUtterance], answers: Answers, *, stated: bool = False) -> dict[str, Cell]:
    right = [given == one.frame.intent for given, one in zip(answers[0], turns, strict=True)]
    says = [any(act.kind == "INFORM_INTENT" for act in one.frame.acts) for one in turns]
    some = [(chance, hit) for chance, hit, one in zip(answers[1], right, says, strict=True) if one]
    chances, hits = [chance for chance, _ in some], [hit for _, hit in some]
    return {
        "system": name,
        "says what is wanted": sum(hits) / max(1, len(hits)),
        "all turns": sum(right) / len(right),
        "ECE": calibration_error(chances, hits) if stated and hits else "–",
    }


def _majority(turns: Sequence[ServiceUtterance]) -> Answers:
    counts: dict[str, Counter[str]] = {}
    for one in turns:
        counts.setdefault(one.service, Counter())[one.frame.intent] += 1
    return [counts[one.service].most_common(1)[0][0] for one in turns], [1.0] * len(turns)


def _by_service(turns: Sequence[ServiceUtterance], services: dict[str, Service], system: System) -> Answers:
    """Return what a system answers, which is asked once for each service."""
    names, chances = [""] * len(turns), [0.0] * len(turns)
    for service in services.values():
        places = [place for place, one in enumerate(turns) if one.service == service.name]
        if not places:
            continue
        rows = system([turns[one].annotated.text for one in places], service)
        labels = list(service.intents)
        for place, row in zip(places, rows, strict=True):
            names[place], chances[place] = labels[int(row.argmax())], float(row.max())
    return names, chances


def _texts(service: Service) -> dict[str, list[str]]:
    return {name: [words_of(name), one.description] for name, one in service.intents.items()}


def _tfidf(texts: list[str], service: Service) -> Tensor:
    text = registry.require("sklearn.feature_extraction.text", extra="sklearn")
    machine = text.TfidfVectorizer(sublinear_tf=True)
    described = machine.fit_transform([". ".join(one) for one in _texts(service).values()])
    return torch.from_numpy((machine.transform(texts) @ described.T).toarray())


def _cosines(texts: list[str], service: Service) -> Tensor:
    scorer = Classifier.load(_texts(service)).matcher.scorer
    units = [units_of(one) for one in texts]
    described = [units_of(". ".join(one)) for one in _texts(service).values()]
    known = read([*units, *described], scorer)
    return vectors(units, known) @ vectors(described, known).T


def _matched(texts: list[str], service: Service) -> Tensor:
    found = Classifier.load(_texts(service)).probabilities(texts)[:, :-1]
    return found / found.sum(dim=1, keepdim=True).clamp_min(1e-9)


def _bot(said: Sequence[Said], services: dict[str, Service]) -> Answers:
    """Return what the bot takes each turn to want; where nothing explains it, what runs, or the nearest intent."""
    bots = {name: Bot.load(bot_table(services[name])) for name in {some[0].service for some in said}}
    names, chances = [], []
    for some in said:
        bot, state = bots[some[0].service], State()
        for one in some:
            asked = tuple(name for name in one.annotated.asked if name in bot.content.slots)
            reply, state = bot.reply(one.annotated.text, replace(state, asked=asked))
            first = reply.classification.ranked[0]
            if one.frame.intent in services[one.service].intents:
                names.append(reply.intent or state.intent or first.label)
                chances.append(first.probability)
    return names, chances
