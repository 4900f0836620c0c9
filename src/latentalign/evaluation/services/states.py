"""What a conversation has settled, measured: the goal of a user after each turn, for services nobody has trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Report
from latentalign.evaluation.services.bots import bot_rows
from latentalign.evaluation.services.changed_goals import Told, lost
from latentalign.evaluation.services.goals import Said, Values, by_service, goal_row, goals, per_slot
from latentalign.tasks.chat.service_bot import value_of
from latentalign.tasks.slots.dialogues import Service, read_dialogues, read_services
from latentalign.tasks.slots.service_utterances import AGREES, ServiceUtterance, service_utterances, ways
from latentalign.tasks.slots.train_described_slots import DescribedSlotsTraining
from latentalign.text.pairs import Failure
from latentalign.text.words import spaced

if TYPE_CHECKING:
    from latentalign.tasks.classification.classify import Classifier
    from latentalign.tasks.slots.tagger import SlotTagger

NOTE = (
    "told F1: of (slot, value) that the user tells in a turn; ECE: of the probabilities of these, in 15 bins; goal: "
    "share of turns after which all slots of the service have a right value, and none more; average: share of the "
    "slots of the goal that have a right value, a mean over turns that have a goal; a value is right if it is one of "
    "those given, in any case (stricter than the fuzzy match of the official script); intent: of a bot, share of the "
    "turns while something is wanted that it takes to want that; an abstention is wrong"
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
        perturbations: names; what is lost under each is a table of its own.
        synonyms: WordNet's ``index.sense``, below the data folder; what is lost where words are replaced by synonyms
            is told as well. None leaves it out.
    """

    train_schema: str
    test_schema: str
    train: str
    test: str
    settings: DescribedSlotsTraining = field(default_factory=DescribedSlotsTraining)
    dialogues: int | None = None
    bot_dialogues: int = 100
    agreements: int = 60
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    synonyms: str | None = None

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
            f"told F1 of the learned tagger by slot, and how often it is told: {'; '.join(per_slot(said, told, new))}",
            NOTE,
        )
        classifier = agreement(trained, self.agreements)
        agrees = agreed(classifier, said)
        listed = _listed(said, new)
        rows = [
            goal_row("values of a list, this turn alone", said, listed, goals(said, listed, carried=False), new),
            goal_row("values of a list", said, listed, goals(said, listed), new),
            goal_row("learned, this turn alone", said, told, goals(said, told, carried=False), new, chances=chances),
            goal_row("learned", said, told, goals(said, told), new),
            goal_row("learned, offers agreed to", said, told, goals(said, told, agrees=agrees), new),
        ]

        def looked_up(some: Sequence[Said]) -> Told:
            found = _listed(some, new)
            return found, goals(some, found)

        def ours(some: Sequence[Said]) -> Told:
            found = tagged(some, taggers, new)[0]
            return found, goals(some, found, agrees=agreed(classifier, some))

        changes = Perturbations.of(self.perturbations, data, synonyms=self.synonyms)
        systems = {"values of a list": looked_up, "learned, offers agreed to": ours}
        if self.bot_dialogues:
            step = max(1, -(-len(said) // self.bot_dialogues))
            rows += bot_rows(said[::step], told[::step], _apart(said, agrees)[::step], new, learned)
        further = [lost(said, changes, systems, new)] if changes.names else []
        return Report(title=f"Goals of users of new services: {self.test}", rows=rows, notes=notes, further=further)


def _apart(said: Sequence[Said], agrees: Sequence[bool]) -> list[list[bool]]:
    """Return what is known of each turn, in lists as long as what each dialogue says to a service."""
    known = iter(agrees)
    return [[next(known) for _ in some] for some in said]


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


def agreement(trained: Sequence[ServiceUtterance], most: int) -> Classifier:
    """Return a classifier that knows some training utterances, and says whether a text agrees to what was offered."""
    from latentalign.tasks.classification.classify import Classifier

    kinds: dict[str, list[str]] = {"agrees": [], "does not": []}
    for one in trained:
        kinds["agrees" if any(act.kind in AGREES for act in one.frame.acts) else "does not"].append(one.annotated.text)
    return Classifier.load(
        {name: list(dict.fromkeys(some[:: max(1, len(some) // most)]))[:most] for name, some in kinds.items()}
    )


def agreed(classifier: Classifier, said: Sequence[Said]) -> list[bool]:
    """Return whether each turn agrees to what was offered."""
    place = classifier.labels.index("agrees")
    texts = [one.annotated.text for some in said for one in some]
    return [int(row) == place for row in classifier.values(texts).argmax(dim=1)]


def _listed(said: Sequence[Said], services: Mapping[str, Service]) -> list[list[Values]]:
    """Return the values of lists that stand in each turn as they are."""
    return [[_listed_in(one, services[one.service]) for one in some] for some in said]


def _listed_in(one: ServiceUtterance, service: Service) -> Values:
    text = spaced(one.annotated.text)
    return {
        name: value
        for name, slot in service.asked.items()
        for value, others in ways(slot).items()
        if any(f" {way.casefold()} " in text for way in (value, *others))
    }
