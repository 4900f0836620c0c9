"""What a text wants, given the conversation: an intent for itself, or a part of the one that runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latentalign.tasks.chat.bot_file import BotConfig
from latentalign.tasks.chat.filled_examples import fill_in_turn, filled, sayings
from latentalign.tasks.chat.slot_filling import Taught
from latentalign.tasks.classification.match_evidence import evidence_of
from latentalign.tasks.slots.annotated_text import AnnotatedText

if TYPE_CHECKING:
    from latentalign.models.units import Encoded, Units
    from latentalign.tasks.chat.conversation import State
    from latentalign.tasks.classification.classify import Classifier
    from latentalign.tasks.classification.result import Classification

SAYINGS = 40
"""Ways to say the values of a slot that are encoded, evenly spread; all of them are compared as words."""


@dataclass(frozen=True, kw_only=True)
class TurnIntent:
    """What a text wants.

    Args:
        label: the intent; None where nothing explains the text.
        continues: the slot that the text is about, where it goes on with the intent that runs.
        classification: of the text, in the conversation.
    """

    label: str | None
    continues: str | None
    classification: Classification


@dataclass(frozen=True, kw_only=True, eq=False)
class IntentReader:
    r"""Says what a text wants: the intent that runs is also explained by ways to go on with it.

    $$V'(x, r) = \max\big(V(x, r),\; \max_{k \in r} V(x, k) + c + e\,[k \text{ was asked for}]\big)$$

    $r$ is the intent that runs, $k$ one of its slots, and the texts of $k$ are its values said in every way of going on
    that the bot knows: "and Friday?", "no, at eight". All other values, and the calibration, are the classifier's.

    Args:
        classifier: of the intents.
        ongoing: the texts of every slot; the candidates of its memory are the slots.
        slots: of each intent.
        carry: $c$, in log-odds.
        asked, latest: $e$, in log-odds, and the same for the slot that was filled last, where none was asked for.
    """

    classifier: Classifier
    ongoing: Taught | None
    slots: Mapping[str, Sequence[str]]
    carry: float = 2.0
    asked: float = 2.0
    latest: float = 1.0

    def read(self, text: Units, state: State, known: dict[Units, Encoded]) -> TurnIntent:
        """Return what a text wants.

        Cost: the alignments of a classification, once with the intents and once with the slots.
        """
        matcher, memory = self.classifier.matcher, self.classifier.memory
        values = matcher.values([text], memory, known=known)[0]
        continues = None
        if state.intent is not None and self.ongoing is not None and self.slots[state.intent]:
            place = self.classifier.labels.index(state.intent)
            slot, value = self._continued(text, state.intent, state, known)
            if value > values[place]:
                continues, values = slot, values.index_fill(0, memory.owner.new_tensor([place]), value)
        chances = self.classifier.calibration.probabilities(values[None], memory.counts)[0]
        found = self.classifier.result(text, values, chances, known)
        if found.label != state.intent:
            continues = None
        if continues is not None and self.ongoing is not None:
            number = [one.name for one in self.ongoing.memory.candidates].index(continues)
            why = evidence_of(matcher, text, self.ongoing.memory, number, known=known)
            found = replace(found, evidence=why.evidence, shares=why.shares, carried=why.carried)
        return TurnIntent(label=found.label, continues=continues, classification=found)

    def _continued(self, text: Units, intent: str, state: State, known: dict[Units, Encoded]) -> tuple[str, float]:
        """Return the slot of an intent that a text is about most likely, and the value of that."""
        assert self.ongoing is not None
        memory = self.ongoing.memory
        row = self.classifier.matcher.values([text], memory, known=known)[0].tolist()
        values = dict(zip((one.name for one in memory.candidates), row, strict=True))
        likely = dict.fromkeys(state.asked, self.asked) if state.asked else {state.latest: self.latest}
        worth = {name: values[name] + self.carry + likely.get(name, 0.0) for name in self.slots[intent]}
        best = max(worth, key=worth.__getitem__)
        return best, worth[best]


def intent_texts(bot: BotConfig) -> dict[str, list[AnnotatedText]]:
    """Return the texts of each intent: its examples with values in their places, and its description."""
    found = {}
    templates = {name: list(intent.examples) for name, intent in bot.intents.items()}
    made = fill_in_turn([one for some in templates.values() for one in some], bot.slots)
    for name, intent in bot.intents.items():
        own = [next(made) for _ in templates[name]]
        found[name] = [*own, AnnotatedText(text=intent.description)] if intent.description else own
    return found


def ongoing_texts(bot: BotConfig) -> dict[str, list[AnnotatedText]]:
    """Return the texts of each slot: its values alone, and in every way of going on and of correcting."""
    return {name: list(_of_slot(bot, name)) for name in bot.slots}


def _of_slot(bot: BotConfig, name: str) -> Iterator[AnnotatedText]:
    ways = sayings(bot.slots[name], name)
    some = ways[:: max(1, -(-len(ways) // SAYINGS))]
    for way in some:
        yield filled(f"{{{name}}}", {name: way})
    place = f"{{{name}}}"
    said = [f"{word} {place}" for word in words_before(bot, name)]
    phrases = [one.replace("{}", place) for one in bot.slots[name].phrases]
    ongoing = [one.replace("{}", inner) for one in (*bot.follow_ups, *bot.corrections) for inner in (place, *said)]
    for number, template in enumerate((*phrases, *ongoing)):
        yield filled(template, {name: some[number % len(some)]})


def words_before(bot: BotConfig, name: str, *, most: int = 2) -> list[str]:
    """Return the words that stand before a slot in the examples most often, such as ``at`` before a time.

    >>> from latentalign.tasks.chat.bot_file import IntentConfig, SlotConfig
    >>> intent = IntentConfig(examples=("a table at {time}", "at {time}", "{time}"), replies=("yes",))
    >>> words_before(BotConfig(fallback="?", intents={"book": intent}, slots={"time": SlotConfig()}), "time")
    ['at']
    """
    found = Counter(
        before[-1]
        for intent in bot.intents.values()
        for example in intent.examples
        for start in example.split(f"{{{name}}}")[:-1]
        if (before := start.split()) and start[-1].isspace() and "}" not in before[-1]
    )
    return [word for word, _ in found.most_common(most)]
