"""What a conversation has settled, measured: the goal of a user after each turn, for services nobody has trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.span_f1 import SpanCounts
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.chat.service_bot import bot_table, value_of
from latentalign.tasks.slots.dialogues import Service, read_dialogues, read_services
from latentalign.tasks.slots.service_utterances import AGREES, ServiceUtterance, service_utterances, ways
from latentalign.tasks.slots.train_described_slots import DescribedSlotsTraining
from latentalign.text.pairs import Failure

if TYPE_CHECKING:
    from latentalign.tasks.chat.bot import Bot
    from latentalign.tasks.slots.described_slots import DescribedSlotTagger
    from latentalign.tasks.slots.tagger import SlotTagger

Values = dict[str, str]
"""Slot to value."""
Said = list[ServiceUtterance]
"""What one dialogue says to one service, in order."""
NOTE = (
    "told F1: of (slot, value) that the user tells in a turn; ECE: of the probabilities of these, in 15 bins; goal: "
    "share of turns after which all slots of the service have a right value, and none more; average: share of the "
    "slots of the goal that have a right value, a mean over turns that have a goal; a value is right if it is one of "
    "those given, in any case (stricter than the fuzzy match of the official script)"
)


@dataclass(frozen=True, kw_only=True)
class ServiceStates(Recipe):
    """The goals of users of services that are not in the training schema, with and without the turns before.

    What the system has asked for and offered is known, for it is the system's own. Whether the user agrees to an offer
    is said by a classifier of a few training utterances; a bot has its own ways to say it, and learns none.

    Args:
        train_schema, test_schema: files of services, below the data folder.
        train, test: files of dialogues.
        settings: of our training.
        dialogues: of the test, evenly spread; None for all.
        bot_dialogues: of those, on which the whole bot is measured, which reads each turn by itself.
        agreements: training utterances of each kind that the classifier of agreement knows.
    """

    train_schema: str
    test_schema: str
    train: str
    test: str
    settings: DescribedSlotsTraining = field(default_factory=DescribedSlotsTraining)
    dialogues: int | None = None
    bot_dialogues: int = 100
    agreements: int = 60

    def measure(self, data: Path) -> Report:
        """Train, and measure every system."""
        known = read_services(data / self.train_schema)
        new = {name: one for name, one in read_services(data / self.test_schema).items() if name not in known}
        trained = [one for some in service_utterances(read_dialogues(data / self.train), known) for one in some]
        dialogues = list(service_utterances(read_dialogues(data / self.test), new))
        dialogues = dialogues[:: max(1, -(-len(dialogues) // self.dialogues))] if self.dialogues else dialogues
        said = [some for one in dialogues for some in by_service(one)]
        learned = self.settings.fit(trained, known)
        taggers = {
            name: learned.tagger({key: slot.told for key, slot in one.asked.items()}) for name, one in new.items()
        }
        told, chances = tagged(said, taggers, new)
        turns = f"{sum(map(len, said))} user turns of {len(dialogues)} dialogues with {', '.join(sorted(new))}; "
        notes = (
            f"{turns}temperature fitted on {learned.fitted_on}, none of them these",
            f"told F1 of the learned tagger by slot, and how often it is told: {'; '.join(_per_slot(said, told, new))}",
            NOTE,
        )
        agrees = agreement(trained, [one.annotated.text for some in said for one in some], self.agreements)
        listed = [[_listed(one, new[one.service]) for one in some] for some in said]
        rows = [
            _row("values of a list, this turn alone", said, listed, goals(said, listed, carried=False), new),
            _row("values of a list", said, listed, goals(said, listed), new),
            _row("learned, this turn alone", said, told, goals(said, told, carried=False), new, chances=chances),
            _row("learned", said, told, goals(said, told), new),
            _row("learned, offers agreed to", said, told, goals(said, told, agrees=agrees), new),
        ]
        if self.bot_dialogues:
            step = max(1, -(-len(said) // self.bot_dialogues))
            rows += _bot_rows(said[::step], told[::step], _apart(said, agrees)[::step], new, learned)
        return Report(title=f"Goals of users of new services: {self.test}", rows=rows, notes=notes)


def _bot_rows(
    said: Sequence[Said],
    told: Sequence[Sequence[Values]],
    agrees: Sequence[Sequence[bool]],
    services: Mapping[str, Service],
    learned: DescribedSlotTagger,
) -> Iterator[dict[str, Cell]]:
    """Yield the rows of bots, with those of plain carrying over on the same turns."""
    count = f"({sum(map(len, said))} turns)"
    flat = [one for some in agrees for one in some]
    yield _row(f"learned {count}", said, told, goals(said, told), services)
    yield _row(f"learned, offers agreed to {count}", said, told, goals(said, told, agrees=flat), services)
    for name, tagger, offers in (
        ("bot of descriptions", None, False),
        ("bot with the learned tagger", learned, False),
        ("bot with the learned tagger, offers agreed to", learned, True),
    ):
        yield _row(f"{name} {count}", said, *bot_goals(said, services, tagger, offers=offers), services)


def _apart(said: Sequence[Said], agrees: Sequence[bool]) -> list[list[bool]]:
    """Return what is known of each turn, in lists as long as what each dialogue says to a service."""
    known = iter(agrees)
    return [[next(known) for _ in some] for some in said]


def by_service(utterances: Sequence[ServiceUtterance]) -> list[Said]:
    """Return what a dialogue says to each service, in order."""
    found: dict[str, Said] = {}
    for one in utterances:
        found.setdefault(one.service, []).append(one)
    return list(found.values())


def tagged(
    said: Sequence[Said], taggers: Mapping[str, SlotTagger], services: Mapping[str, Service]
) -> tuple[list[list[Values]], list[list[float]]]:
    """Return the values that taggers find in each turn, of two of one slot the last, and their probabilities."""
    found: dict[str, Iterator[Any]] = {}
    for name, tagger in taggers.items():
        mine = [one.annotated for some in said for one in some if one.service == name]
        found[name] = tagger.tag_many([one.text for one in mine], asked=[one.asked for one in mine])
    answers = [[next(found[one.service]) for one in some] for some in said]
    kept = [
        [{} if isinstance(one, Failure) else {slot.slot: slot for slot in one.slots} for one in row] for row in answers
    ]
    told = [
        [
            {name: value_of(services[one.service].slots[name], slot.text) for name, slot in row.items()}
            for one, row in zip(some, rows, strict=True)
        ]
        for some, rows in zip(said, kept, strict=True)
    ]
    return told, [[slot.probability for slot in row.values()] for rows in kept for row in rows]


def goals(
    said: Sequence[Said],
    told: Sequence[Sequence[Values]],
    *,
    carried: bool = True,
    agrees: Sequence[bool] | None = None,
) -> list[list[Values]]:
    """Return the goal after each turn: what was told replaces what was known, and offers that are agreed to add to it.

    Args:
        said: what each dialogue says to a service.
        told: the values of each turn.
        carried: whether what was known before a turn stays.
        agrees: for each turn of all dialogues, whether the user agrees; None takes no offers.
    """
    agreed, found = iter(agrees or ()), []
    for some, row in zip(said, told, strict=True):
        state, states = State(), []
        for one, values in zip(some, row, strict=True):
            offered = dict(one.offered) if agrees is not None and next(agreed) else {}
            before = state.values if carried else {}
            state = replace(state, values={**before, **offered, **values}, turns=state.turns + 1)
            states.append(state.values)
        found.append(states)
    return found


def agreement(trained: Sequence[ServiceUtterance], texts: Sequence[str], most: int) -> list[bool]:
    """Return whether each text agrees to what was offered, by a classifier that knows some training utterances."""
    from latentalign.tasks.classification.classify import Classifier

    kinds: dict[str, list[str]] = {"agrees": [], "does not": []}
    for one in trained:
        kinds["agrees" if any(act.kind in AGREES for act in one.frame.acts) else "does not"].append(one.annotated.text)
    found = Classifier.load(
        {name: list(dict.fromkeys(some[:: max(1, len(some) // most)]))[:most] for name, some in kinds.items()}
    )
    place = found.labels.index("agrees")
    return [int(row) == place for row in found.values(texts).argmax(dim=1)]


def bot_goals(
    said: Sequence[Said], services: Mapping[str, Service], learned: DescribedSlotTagger | None, *, offers: bool = False
) -> tuple[list[list[Values]], list[list[Values]]]:
    """Return what the bot of each service finds in each turn, and its state after it.

    Args:
        said: what each dialogue says to a service.
        services: by name.
        learned: a tagger of described slots; None takes a bot without one.
        offers: whether the bot knows what the system has offered.
    """
    from latentalign.tasks.chat.bot import Bot

    bots: dict[str, Bot] = {}
    for name in dict.fromkeys(one.service for some in said for one in some):
        slots = {key: one.told for key, one in services[name].asked.items()}
        tagger = None if learned is None else learned.tagger(slots)
        bots[name] = Bot.load(bot_table(services[name]), slots=tagger)
    pairs = [_bot_goals(some, bots[some[0].service], offers=offers) for some in said]
    return [found for found, _ in pairs], [states for _, states in pairs]


def _bot_goals(some: Said, bot: Bot, *, offers: bool) -> tuple[list[Values], list[Values]]:
    state, found, states = State(), [], []
    for one in some:
        asked = tuple(name for name in one.annotated.asked if name in bot.content.slots)
        offered = dict(one.offered) if offers else {}
        reply, state = bot.reply(one.annotated.text, replace(state, asked=asked, offered=offered))
        found.append({slot.slot: slot.value for slot in reply.slots})
        states.append(state.values)
    return found, states


def _listed(one: ServiceUtterance, service: Service) -> Values:
    """Return the values of lists that stand in a text as they are."""
    text = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in one.annotated.text.casefold()).split())} "
    return {
        name: value
        for name, slot in service.asked.items()
        for value, others in ways(slot).items()
        if any(f" {way.casefold()} " in text for way in (value, *others))
    }


def _row(
    name: str,
    said: Sequence[Said],
    told: Sequence[Sequence[Values]],
    states: Sequence[Sequence[Values]],
    services: Mapping[str, Service],
    *,
    chances: Sequence[Sequence[float]] = (),
) -> dict[str, Cell]:
    turns = [one for some in said for one in some]
    given = [[(0, 0, f"{slot}={value.casefold()}") for slot, value in values.items()] for row in told for values in row]
    gold = [_told(one, services) for one in turns]
    counts = SpanCounts.of(given, gold)
    right = [value in some for row, some in zip(given, gold, strict=True) for value in row]
    stated = [chance for row in chances for chance in row]
    joint, average = [], []
    for one, values in zip(turns, (values for row in states for values in row), strict=True):
        met = sum(_is_one_of(values.get(name), wanted) for name, wanted in one.frame.state.items())
        joint.append(met == len(one.frame.state) == len(values))
        if one.frame.state:
            average.append(met / len(one.frame.state))
    return {
        "system": name,
        "told F1": counts.f1,
        "ECE": calibration_error(stated, right) if stated else "–",
        "goal": sum(joint) / len(joint),
        "average": sum(average) / max(1, len(average)),
    }


def _is_one_of(value: str | None, given: Sequence[str]) -> bool:
    return value is not None and value.casefold() in {one.casefold() for one in given}


def _told(one: ServiceUtterance, services: Mapping[str, Service]) -> list[tuple[int, int, str]]:
    slots = services[one.service].slots
    values = {name: value_of(slots[name], span.of(one.annotated.text)) for span, name in one.annotated.slots}
    return [(0, 0, f"{name}={value.casefold()}") for name, value in values.items()]


def _per_slot(said: Sequence[Said], told: Sequence[Sequence[Values]], services: Mapping[str, Service]) -> Iterator[str]:
    pairs = [(one, values) for some, row in zip(said, told, strict=True) for one, values in zip(some, row, strict=True)]
    for service in services.values():
        mine = [(one, values) for one, values in pairs if one.service == service.name]
        for name in service.asked:
            gold = [[one for one in _told(turn, services) if one[2].startswith(f"{name}=")] for turn, _ in mine]
            given = [
                [(0, 0, f"{name}={values[name].casefold()}")] if name in values else list[tuple[int, int, str]]()
                for _, values in mine
            ]
            counts = SpanCounts.of(given, gold)
            if counts.gold:
                yield f"{service.name} {name} {counts.f1:.2f} ({counts.gold})"
