"""A bot that holds a conversation: intents and slots by alignment, with evidence, and able to abstain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.errors import LatentAlignError, UnknownNameError
from latentalign.registry import nearest
from latentalign.tasks.chat.bot_file import BotConfig, IntentConfig, bot_of, places, read_bot
from latentalign.tasks.chat.conversation import Reply, State
from latentalign.tasks.chat.learned_slots import LearnedSlots
from latentalign.tasks.chat.slot_filling import SlotFinder, SlotValue, Taught
from latentalign.tasks.chat.turn_intent import IntentReader, TurnIntent, intent_texts, ongoing_texts
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.text.pairs import Failure
from latentalign.text.records import TextRecord

if TYPE_CHECKING:
    from latentalign.models.matcher.matcher import Matcher
    from latentalign.models.units import Encoded, Units

EXPECTED = {"asked": 3.0, "latest": 1.0, "continued": 1.5}
"""Log-odds added for a slot that was asked for, for the one filled last if none was, for the one a text is about."""
SURE = 0.5
"""A learned value of more than this is enough for a text to go on with what runs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bot:
    """Answers texts, one after the other; all that it knows of a conversation is in the state it is given.

    Args:
        content: of its file.
        intents: says what a text wants.
        finder: says which words are values.
        taught: the examples of the intents, with their values.
    """

    content: BotConfig
    intents: IntentReader
    finder: SlotFinder | LearnedSlots
    taught: Taught

    @classmethod
    def load(
        cls,
        folder: str | Path | Mapping[str, object],
        *,
        classifier: str | Path | None = None,
        slots: str | Path | SlotTagger | None = None,
    ) -> Bot:
        """Return the bot of a folder.

        Args:
            folder: with a file ``bot.toml``; or what such a file holds, as a table.
            classifier: the folder of a trained classifier, whose encoder and calibration are used; None takes the
                default encoder, and probabilities fitted to the examples of the intents.
            slots: a trained tagger, or its folder, for the slots that it knows; None takes the one that the bot names
                under ``learned``, or finds all values by alignment.

        Raises:
            InputError: no such file, a value of the wrong type, or something that is needed and missing.
            UnknownNameError: a key or a slot that does not exist, or a tagger that knows none of the slots; the message
                names the nearest one and the file.
            ModelError: the encoder, or the tagger, cannot be found or read.

        Cost: one pass of the encoder over all examples, values and ways to go on.
        """
        from latentalign.tasks.classification.classify import Classifier
        from latentalign.tasks.slots.described_slots import load_tagger

        content = bot_of(folder) if isinstance(folder, Mapping) else read_bot(Path(folder))
        texts = intent_texts(content)
        labels = {name: [one.text for one in some] for name, some in texts.items()}
        if slots is None and content.learned:
            slots = (Path() if isinstance(folder, Mapping) else Path(folder)) / content.learned
        found = Classifier.load(labels, folder=classifier, **(content.matcher if classifier is None else {}))
        finder = SlotFinder(matcher=found.matcher, slots=content.slots)
        tagger = slots if slots is None or isinstance(slots, SlotTagger) else load_tagger(slots, _told(content))
        return cls(
            content=content,
            intents=IntentReader(
                classifier=found,
                ongoing=_taught(ongoing_texts(content), found.matcher) if content.slots else None,
                slots={name: intent.slots for name, intent in content.intents.items()},
            ),
            finder=finder if tagger is None else LearnedSlots(tagger=tagger, finder=finder),
            taught=Taught(memory=found.memory, texts=tuple(one for some in texts.values() for one in some)),
        )

    def reply(self, text: str | TextRecord, state: State | None = None) -> tuple[Reply, State]:
        """Return the reply to a text, and the state of the conversation after it.

        Args:
            text: what the person says.
            state: what was returned before; None begins a conversation.

        Raises:
            InputError: a text without a word, or with a lone surrogate.
            UnknownNameError: the state of another bot.

        Cost: one pass of the encoder over the text, and one small alignment for each text with a value.
        """
        from latentalign.models.matcher.memory import read, units_of

        record = TextRecord(text=text) if isinstance(text, str) else text
        before = self._checked(state or State())
        units = units_of(record.text)
        known = read([units], self.intents.classifier.matcher.scorer)
        turn = self.intents.read(units, before, known)
        if turn.label is None:
            turn = self._gone_on(turn, units, before)
        if turn.label is None:
            reply = self._fallback(turn, before)
            return replace(reply, id=record.id), replace(before, turns=before.turns + 1)
        slots = self._slots(units, turn, before, known)
        reply, after = self._answer(turn, slots, before)
        return replace(reply, id=record.id), after

    def replies(
        self, texts: Iterable[str | TextRecord | Failure], state: State | None = None
    ) -> Iterator[tuple[Reply | Failure, State]]:
        """Yield the reply to each text of one conversation and the state after it; a bad text changes no state."""
        now = state or State()
        for text in texts:
            reply: Reply | Failure
            try:
                reply, now = (text, now) if isinstance(text, Failure) else self.reply(text, now)
            except LatentAlignError as error:
                reply = Failure(error=error)
            yield reply, now

    def _checked(self, state: State) -> State:
        for kind, names, known in (
            ("an intent", [state.intent], self.content.intents),
            ("a slot", [state.asked, state.latest, *state.values], self.content.slots),
        ):
            for name in names:
                if name is not None and name not in known:
                    raise UnknownNameError(
                        wanted=f"{kind} of this bot", came=repr(name), where="state", fix=nearest(name, known)
                    )
        return state

    def _gone_on(self, turn: TurnIntent, units: Units, state: State) -> TurnIntent:
        """Return a text that nothing explains as one that goes on, where a tagger finds a value for what runs."""
        if state.intent is None or not isinstance(self.finder, LearnedSlots):
            return turn
        names = self.content.intents[state.intent].slots
        asked = () if state.asked is None else (state.asked,)
        found = [one for one in self.finder.learned(units, names, asked=asked) if one.score > SURE]
        return replace(turn, label=state.intent, continues=found[0].slot) if found else turn

    def _slots(
        self, units: Units, turn: TurnIntent, state: State, known: dict[Units, Encoded]
    ) -> tuple[SlotValue, ...]:
        """Return the values of a text, one a slot: the last one that was said."""
        assert turn.label is not None
        names = self.content.intents[turn.label].slots
        taught = [self.taught, *([self.intents.ongoing] if self.intents.ongoing else [])]
        expected: dict[str, float] = {}
        if turn.continues is not None:
            expected[turn.continues] = EXPECTED["continued"]
            for kind, name in (("asked", state.asked), ("latest", None if state.asked else state.latest)):
                if name is not None:
                    expected[name] = expected.get(name, 0.0) + EXPECTED[kind]
        asked = () if state.asked is None else (state.asked,)
        found = self.finder.find(units, names, taught, expected=expected, asked=asked, read=known)
        return tuple({one.slot: one for one in found}.values())

    def _answer(self, turn: TurnIntent, slots: tuple[SlotValue, ...], before: State) -> tuple[Reply, State]:
        assert turn.label is not None
        intent = self.content.intents[turn.label]
        values = before.values | {one.slot: one.value for one in slots}
        corrected = [one.slot for one in slots if before.values.get(one.slot, one.value) != one.value]
        missing = next((name for name in intent.required if name not in values), None)
        text = best_reply(intent, values) if missing is None else self.content.slots[missing].question
        after = State(
            intent=turn.label,
            values={} if intent.forget else values,
            asked=missing,
            latest=slots[-1].slot if slots else before.latest,
            turns=before.turns + 1,
        )
        if missing is None and self._aside(turn.label, before) and before.asked is not None:
            text = f"{text} {self.content.slots[before.asked].question}"
            after = replace(after, intent=before.intent, asked=before.asked)
        if intent.forget:
            after = State(turns=after.turns)
        reply = self._said(turn, text, slots=slots, corrected=tuple(corrected), values=values, asked=after.asked)
        return reply, after

    def _aside(self, label: str, before: State) -> bool:
        """Return whether an intent only interrupts one that waits for an answer."""
        return before.asked is not None and label != before.intent and not self.content.intents[label].forget

    def _fallback(self, turn: TurnIntent, state: State) -> Reply:
        return self._said(turn, self.content.fallback, values=state.values, asked=state.asked)

    @staticmethod
    def _said(
        turn: TurnIntent,
        text: str,
        *,
        values: dict[str, str],
        asked: str | None,
        slots: tuple[SlotValue, ...] = (),
        corrected: tuple[str, ...] = (),
    ) -> Reply:
        return Reply(
            text=text,
            said=turn.classification.text,
            intent=turn.label,
            follows=turn.continues is not None,
            slots=slots,
            corrected=corrected,
            values=values,
            asked=asked,
            reason=reason_of(turn),
            classification=turn.classification,
        )


def best_reply(intent: IntentConfig, values: Mapping[str, str]) -> str:
    """Return the reply that uses most of the values that are known, the first of equals, with the values in it.

    >>> best_reply(IntentConfig(replies=("Booked.", "Booked for {day}.")), {"day": "Friday"})
    'Booked for Friday.'
    """
    usable = [one for one in intent.replies if set(places([one])) <= set(values)]
    return fill(max(usable, key=lambda one: len(places([one]))), values)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return a template with the values in their places; braces inside a value stay as they are."""
    from latentalign.tasks.chat.filled_examples import filled

    return filled(template, values).text


def reason_of(turn: TurnIntent) -> str:
    """Return why a text is taken to want something, or nothing that the bot knows, in a sentence."""
    found = turn.classification
    first = found.ranked[0]
    if turn.label is not None and found.label is None:
        return f"goes on with {turn.label!r}, for it has a value of {turn.continues!r}"
    if turn.label is None:
        return f"nothing explains it ({found.nothing:.2f}); the nearest is {first.label!r} ({first.probability:.2f})"
    how = f"goes on with {turn.label!r}" if turn.continues else f"means {turn.label!r}"
    return f"{how} ({first.probability:.2f}), as in {found.evidence.target!r}"


def _taught(texts: Mapping[str, list[AnnotatedText]], matcher: Matcher) -> Taught:
    from latentalign.models.matcher.candidate import candidates_of

    memory = matcher.remember(candidates_of({name: [one.text for one in some] for name, some in texts.items()}))
    return Taught(memory=memory, texts=tuple(one for some in texts.values() for one in some))


def _told(content: BotConfig) -> dict[str, str]:
    """Return what each slot is, in words: its description, and the values it can be where they are few."""
    listed = {name: ", ".join(dict.fromkeys(one.ways.values())) for name, one in content.slots.items()}
    return {
        name: f"{one.description or name} ({listed[name]})" if listed[name] else one.description or name
        for name, one in content.slots.items()
    }
