"""A bot as its folder holds it: ``bot.toml`` with intents, slots and a fallback, each key checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentalign import config
from latentalign.errors import InputError, UnknownNameError
from latentalign.registry import nearest
from latentalign.text.characters import is_blank
from latentalign.text.words import spaced

FILE = "bot.toml"
PLACE = re.compile(r"\{([^{}]*)\}")
"""Where a value stands in an example or a reply: the name of the slot in braces."""
FOLLOW_UPS = ("{}", "and {}", "and {}?", "what about {}?", "{}, please")
CORRECTIONS = ("no, {}", "I meant {}", "sorry, {}", "make it {}", "{} instead", "rather {}")
AGREEMENTS = (
    "yes", "yes, please", "yeah, that is right", "yes, that's correct", "sure", "okay", "ok, that's fine",
    "sounds good", "that works for me", "that sounds good", "perfect", "great", "I like that one", "I'll take it",
    "that would be great", "go ahead", "let's do that",
)  # fmt: skip
NO_AGREEMENTS = (
    "no", "no, thanks", "not that one", "something else", "is there another one?", "do you have any others?",
    "I don't want that", "I don't like it", "no, that's wrong", "not right now", "thank you", "thanks, that's all",
    "that is all I need", "nothing else, thanks", "bye", "what is it?", "how much is it?", "where is it?",
    "can you tell me more about it?", "is there a phone number?", "which one?",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SlotConfig:
    """What a conversation has to find out.

    Args:
        description: what it is, in words.
        question: what the bot asks when it is required and missing.
        values: all it can be; or a table of each value with other ways to say it.
        examples: some of what it can be; other words may be a value too.
        pattern: a regular expression that the whole of a value matches, in any case.
        phrases: how people say a value of this slot, ``{}`` standing for it: ``my name is {}``.
        offer: a value that the question proposes, and has when the person agrees; none if empty.
    """

    description: str = ""
    question: str = ""
    values: tuple[str, ...] | dict[str, tuple[str, ...]] = ()
    examples: tuple[str, ...] = ()
    pattern: str | None = None
    phrases: tuple[str, ...] = ()
    offer: str = ""

    @property
    def ways(self) -> dict[str, str]:
        """Each known way to say a value, as it is written, with the value that it stands for."""
        given = self.values if isinstance(self.values, dict) else dict.fromkeys(self.values, ())
        listed = {way: value for value, ways in given.items() for way in (value, *ways)}
        return {one: one for one in self.examples} | listed

    def value_of(self, said: str) -> str:
        """Return the value that some words stand for, in any case; the words themselves where it is not listed.

        >>> SlotConfig(values={"2": ("two",)}).value_of("Two")
        '2'
        """
        return {way.casefold(): value for way, value in self.ways.items()}.get(said.casefold(), said)

    def nearest(self, said: str) -> str:
        """Return the value that some words stand for, also where they are a part of a listed one, or more than it.

        >>> slot = SlotConfig(values={"2": ("two",), "Hatchback": ()})
        >>> slot.nearest("two people"), slot.nearest("hatchbacks"), slot.nearest("twofold")
        ('2', 'Hatchback', 'twofold')
        """
        found = self.value_of(said)
        if self.open or found in self.ways.values():
            return found
        words = spaced(said)
        near = [way for way in self.ways if _begun(way) in words or words.rstrip() in spaced(way)]
        return self.ways[max(near, key=len)] if near else said

    def takes(self, said: str) -> bool:
        """Whether some words can be a value."""
        listed = said.casefold() in {way.casefold() for way in self.ways}
        return listed or self.open or bool(re.fullmatch(self.pattern or "(?!)", said, re.IGNORECASE))

    @property
    def open(self) -> bool:
        """Whether it takes words that are neither listed nor match the pattern."""
        return bool(self.examples) or not (self.values or self.pattern)


@dataclass(frozen=True, kw_only=True)
class IntentConfig:
    """What a person may want.

    Args:
        examples: what people say, with slots in braces: ``book a table for {people}``.
        description: what it is, in words.
        replies: templates; the one that uses most of the values that are known is taken.
        required: slots that are asked for before there is a reply.
        forget: whether all that was said before is forgotten afterwards.
    """

    replies: tuple[str, ...]
    examples: tuple[str, ...] = ()
    description: str = ""
    required: tuple[str, ...] = ()
    forget: bool = False

    @property
    def slots(self) -> tuple[str, ...]:
        """All slots that it speaks of, the required ones first."""
        return tuple(dict.fromkeys([*self.required, *places(self.examples), *places(self.replies)]))


@dataclass(frozen=True, kw_only=True)
class BotConfig:
    """The content of ``bot.toml``.

    Args:
        fallback: the reply to what nothing explains.
        intents: by name.
        slots: by name.
        follow_ups: how people add a value to what they said before; ``{}`` stands for the value.
        corrections: how people replace one.
        agreements: how people agree to what was offered.
        no_agreements: what they say instead: that they do not, a question, or thanks.
        matcher: settings of ``MatcherConfig``.
        learned: the folder of a trained tagger of slots, below that of the bot; none if empty.
        spelling: whether a misspelled word is read as the word of this file that is a letter away.
    """

    fallback: str
    intents: dict[str, IntentConfig]
    slots: dict[str, SlotConfig] = field(default_factory=dict)
    follow_ups: tuple[str, ...] = FOLLOW_UPS
    corrections: tuple[str, ...] = CORRECTIONS
    agreements: tuple[str, ...] = AGREEMENTS
    no_agreements: tuple[str, ...] = NO_AGREEMENTS
    matcher: dict[str, Any] = field(default_factory=dict)
    learned: str = ""
    spelling: bool = True


def places(templates: Iterable[str]) -> tuple[str, ...]:
    """Return the slots that templates have a place for, each once.

    >>> places(["a table for {people}", "{people} on {day}"])
    ('people', 'day')
    """
    return tuple(dict.fromkeys(name for one in templates for name in PLACE.findall(one)))


def read_bot(folder: Path) -> BotConfig:
    """Return the bot of a folder.

    Raises:
        InputError: no such file, a value of the wrong type, or something that is needed and missing.
        UnknownNameError: a key or a slot that does not exist; the message names the nearest one and the file.
    """
    path = folder / FILE
    if not path.is_file():
        raise InputError(
            wanted=f"the folder of a bot, with a file {FILE}",
            came="no such file",
            where=str(path),
            fix="docs/guides/chat.md shows one",
        )
    return bot_of(config.read_toml(path), where=str(path))


def bot_of(table: Mapping[str, Any], *, where: str = FILE) -> BotConfig:
    """Return the bot that a table describes, checked as a whole.

    Raises:
        InputError, UnknownNameError: see ``read_bot``.
    """
    kinds: dict[str, type] = {"intents": IntentConfig, "slots": SlotConfig}
    inner = {
        key: _each(kinds[key], value, where=f"{where}: {key}") if key in kinds else value
        for key, value in table.items()
    }
    made = config.parse(BotConfig, inner, where=where)
    _check(made, where)
    return made


def _each(kind: type, tables: Any, *, where: str) -> dict[str, Any]:
    if not isinstance(tables, Mapping) or not tables:
        raise InputError(wanted="a table for each name", came=repr(tables)[:60], where=where)
    found: dict[str, Any] = {}
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise InputError(
                wanted=f"a table [{where.rsplit(maxsplit=1)[-1]}.{name}]", came=repr(table)[:60], where=where
            )
        found[name] = config.parse(kind, table, where=f"{where}.{name}")
    return found


def _check(bot: BotConfig, where: str) -> None:
    _need(not is_blank(bot.fallback), "a reply to what nothing explains", f"{where}: fallback")
    _need(bool(bot.intents), "at least one intent", f"{where}: intents")
    for name, slot in bot.slots.items():
        _check_slot(slot, f"{where}: slots.{name}")
    for name, intent in bot.intents.items():
        _check_intent(intent, bot.slots, f"{where}: intents.{name}")
    _check_phrases(bot.follow_ups, f"{where}: follow_ups")
    _check_phrases(bot.corrections, f"{where}: corrections")
    for key, texts in (("agreements", bot.agreements), ("no_agreements", bot.no_agreements)):
        _need(bool(texts), "at least one text", f"{where}: {key}")
        for text in texts:
            _need(not is_blank(text), "words", f"{where}: {key}", came=repr(text))


def _check_phrases(phrases: Iterable[str], where: str) -> None:
    for one in phrases:
        _need(PLACE.findall(one) == [""], "one {} where the value stands", where, came=repr(one))


def _check_slot(slot: SlotConfig, where: str) -> None:
    known = bool(slot.description or slot.ways or slot.pattern)
    _need(known, "a description, values, examples or a pattern", where)
    for way in slot.ways:
        _need(not is_blank(way), "words", where, came=repr(way))
    _check_phrases(slot.phrases, f"{where}.phrases")
    try:
        re.compile(slot.pattern or "")
    except re.error as error:
        raise InputError(wanted="a regular expression", came=str(error), where=f"{where}.pattern") from error
    if slot.offer:
        named = slot.offer.casefold() in slot.question.casefold()
        _need(named, f"a question that names the offer {slot.offer!r}", f"{where}.question", came=repr(slot.question))
        _need(slot.takes(slot.offer), "an offer that is a value of the slot", f"{where}.offer", came=repr(slot.offer))


def _check_intent(intent: IntentConfig, slots: Mapping[str, SlotConfig], where: str) -> None:
    _need(bool(intent.examples or intent.description), "examples or a description", where)
    _need(bool(intent.replies), "at least one reply", f"{where}.replies")
    for key, names in (
        ("required", intent.required),
        ("examples", places(intent.examples)),
        ("replies", places(intent.replies)),
    ):
        for name in names:
            if name not in slots:
                raise UnknownNameError(
                    wanted="the name of a slot", came=repr(name), where=f"{where}.{key}", fix=nearest(name, slots)
                )
    for text in (*intent.examples, *intent.replies):
        _need(not is_blank(text), "words", where, came=repr(text))
    for name in intent.required:
        _need(bool(slots[name].question), "a question, since it is required", f"{where}.required: slot {name}")
    sayable = any(set(places([one])) <= set(intent.required) for one in intent.replies)
    _need(sayable, "a reply that uses required slots alone", f"{where}.replies", came=repr(list(intent.replies)))


def _begun(way: str) -> str:
    """Return a way to say a value as a text may have it: where a word begins, and a short one as a whole word."""
    return spaced(way) if len(way) < 4 else spaced(way).rstrip()


def _need(holds: bool, wanted: str, where: str, *, came: str = "none") -> None:  # noqa: FBT001 (a condition, said first)
    if not holds:
        raise InputError(wanted=wanted, came=came, where=where)
