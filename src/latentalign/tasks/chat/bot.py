"""A bot that holds a conversation: intents and slots by alignment, with evidence, and able to abstain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.errors import LatentAlignError, UnknownNameError
from latentalign.registry import nearest
from latentalign.tasks.chat.agreement import AgreementReader
from latentalign.tasks.chat.bot_file import BotConfig, bot_of, read_bot
from latentalign.tasks.chat.conversation import Reply, State
from latentalign.tasks.chat.finder import Finder
from latentalign.tasks.chat.learned_slots import LearnedSlots
from latentalign.tasks.chat.mistyped import MistypedReader, turn_as_said, value_as_said
from latentalign.tasks.chat.replies import best_reply, reason_of
from latentalign.tasks.chat.slot_filling import SlotFinder, SlotValue, Taught, one_a_slot
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
SURE = 0.9
"""Values that a tagger gives more than this say what a text wants, if nothing else does."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bot:
    """Answers texts, one after the other; all that it knows of a conversation is in the state it is given.

    Args:
        content: of its file.
        intents: says what a text wants.
        finder: says which words are values.
        taught: the examples of the intents, with their values.
        agreement: says whether a text agrees to what was offered.
        mistyped: reads misspelled words.
    """

    content: BotConfig
    intents: IntentReader
    finder: Finder
    taught: Taught
    agreement: AgreementReader
    mistyped: MistypedReader

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
        ongoing = _taught(ongoing_texts(content), found.matcher) if content.slots else None
        agreement = AgreementReader.of(content, found.matcher)
        memories = [found.memory, agreement.memory, *([] if ongoing is None else [ongoing.memory])]
        return cls(
            content=content,
            intents=IntentReader(
                classifier=found,
                ongoing=ongoing,
                slots={name: intent.slots for name, intent in content.intents.items()},
            ),
            finder=finder if tagger is None else LearnedSlots(tagger=tagger, finder=finder),
            taught=Taught(memory=found.memory, texts=tuple(one for some in texts.values() for one in some)),
            agreement=agreement,
            mistyped=MistypedReader.of(content, memories, found.matcher.scorer.encoder),
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
        both = self.mistyped.read(units_of(record.text))
        units = both.read
        known = read([units], self.intents.classifier.matcher.scorer)
        turn = self.intents.read(units, before, known)
        values = self._slots(units, turn, before, known)
        found = tuple(value_as_said(one, both, self.content.slots[one.slot]) for one in values)
        agreed = self._agreed(units.text, found, before)
        turn = self._meant(self._gone_on(turn_as_said(turn, both), found, agreed, before), found)
        reply, after = self._answer(turn, found, agreed, before)
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
            ("a slot", [*state.asked, state.latest, *state.values, *state.offered], self.content.slots),
        ):
            for name in names:
                if name is not None and name not in known:
                    raise UnknownNameError(
                        wanted=f"{kind} of this bot", came=repr(name), where="state", fix=nearest(name, known)
                    )
        return state

    def _slots(
        self, units: Units, turn: TurnIntent, state: State, known: dict[Units, Encoded]
    ) -> tuple[SlotValue, ...]:
        """Return the values of a text, one a slot: of what it wants and of what runs, and all that a tagger finds."""
        intents = () if turn.label is None else dict.fromkeys(one for one in (turn.label, state.intent) if one)
        names = tuple(dict.fromkeys(name for one in intents for name in self.content.intents[one].slots))
        taught = [self.taught, *([self.intents.ongoing] if self.intents.ongoing else [])]
        expected: dict[str, float] = {}
        if turn.continues is not None:
            expected[turn.continues] = EXPECTED["continued"]
            likely = [("asked", name) for name in state.asked] or [("latest", name) for name in (state.latest,) if name]
            for kind, name in likely:
                expected[name] = expected.get(name, 0.0) + EXPECTED[kind]
        found = self.finder.find(units, names, taught, expected=expected, asked=state.asked, read=known)
        return one_a_slot(found, units.text)

    def _agreed(self, text: str, found: tuple[SlotValue, ...], state: State) -> dict[str, str]:
        """Return the values that were offered and are agreed to; a value that the text tells itself is worth more."""
        told = {one.slot for one in found}
        slots = self.content.slots
        offered = {name: slots[name].value_of(value) for name, value in state.offered.items() if name not in told}
        return offered if offered and self.agreement.agrees(text) else {}

    def _gone_on(
        self, turn: TurnIntent, found: tuple[SlotValue, ...], agreed: Mapping[str, str], state: State
    ) -> TurnIntent:
        """Return a text as one that goes on, if it only agrees to what was asked, or tells of what runs and no more."""
        if state.intent is None:
            return turn
        answered = next((name for name in state.asked if name in agreed), None)
        if answered is not None:
            return replace(turn, label=state.intent, continues=answered)
        if turn.label is None:
            slots = self.content.intents[state.intent].slots
            about = next((name for name in (*(one.slot for one in found), *agreed) if name in slots), None)
            return turn if about is None else replace(turn, label=state.intent, continues=about)
        return turn

    def _meant(self, turn: TurnIntent, found: tuple[SlotValue, ...]) -> TurnIntent:
        """Return a text that nothing explains as the likeliest of what wants the most of its sure values."""
        sure = {one.slot for one in found if one.score > SURE}
        if turn.label is not None or not sure:
            return turn
        likeliest = dict.fromkeys((*(one.label for one in turn.classification.ranked), *self.content.intents))
        wanting = {name: len(sure & set(self.content.intents[name].slots)) for name in likeliest}
        best = max(wanting, key=wanting.__getitem__)
        return replace(turn, label=best) if wanting[best] else turn

    def _answer(
        self, turn: TurnIntent, slots: tuple[SlotValue, ...], agreed: Mapping[str, str], before: State
    ) -> tuple[Reply, State]:
        told = {**agreed, **{one.slot: one.value for one in slots}}
        values = {**before.values, **told}
        after = replace(
            before,
            values=values,
            offered={name: value for name, value in before.offered.items() if name not in told},
            latest=([before.latest, *told])[-1],
            turns=before.turns + 1,
        )
        if turn.label is None:
            text = self.content.fallback
        else:
            text, missing = self._said(turn.label, values)
            after = replace(after, intent=turn.label, asked=missing)
            if not missing and self._aside(turn.label, before):
                more, missing = self._said(before.intent or turn.label, values)
                text = f"{text} {more}"
                after = replace(after, intent=before.intent, asked=missing)
            after = replace(after, offered=self._offers(missing))
            if self.content.intents[turn.label].forget:
                after = State(turns=after.turns)
        reply = Reply(
            text=text,
            said=turn.classification.text,
            intent=turn.label,
            follows=turn.continues is not None,
            slots=slots,
            corrected=tuple(name for name, value in values.items() if before.values.get(name, value) != value),
            agreed=tuple(agreed),
            values=values,
            asked=after.asked,
            offered=after.offered,
            reason=reason_of(turn, told=[one.slot for one in slots], agreed=tuple(agreed)),
            classification=turn.classification,
        )
        return reply, after

    def _said(self, label: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
        """Return what is said of an intent, and the slot that it asks for, if one is missing."""
        intent = self.content.intents[label]
        missing = [name for name in intent.required if name not in values][:1]
        return self.content.slots[missing[0]].question if missing else best_reply(intent, values), tuple(missing)

    def _offers(self, asked: Sequence[str]) -> dict[str, str]:
        return {name: offer for name in asked if (offer := self.content.slots[name].offer)}

    def _aside(self, label: str, before: State) -> bool:
        """Return whether an intent only interrupts one that waits for an answer."""
        return bool(before.asked) and label != before.intent and not self.content.intents[label].forget


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
