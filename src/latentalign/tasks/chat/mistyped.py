"""What people mistype to a bot: read as the words that it knows, and shown as it was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latentalign.text.spelling import Spelling

if TYPE_CHECKING:
    from latentalign.models.encoder import Encoder
    from latentalign.models.matcher.memory import Memory
    from latentalign.models.matcher.respelling import Respelled
    from latentalign.models.units import Units
    from latentalign.tasks.chat.bot_file import BotConfig, SlotConfig
    from latentalign.tasks.chat.slot_filling import SlotValue
    from latentalign.tasks.chat.turn_intent import TurnIntent


@dataclass(frozen=True, kw_only=True, eq=False)
class MistypedReader:
    """Reads what is typed to a bot with each misspelled word as the word of its file that is a letter away.

    Args:
        spelling: of all words of the file; None reads texts as they are.
        encoder: that tells words.
    """

    spelling: Spelling | None
    encoder: Encoder | None

    @classmethod
    def of(cls, content: BotConfig, memories: Iterable[Memory], encoder: Encoder | None) -> MistypedReader:
        """Return the reader of a bot.

        Args:
            content: of its file; ``spelling`` there says whether anything is read otherwise than it is typed.
            memories: the texts that the bot knows.
            encoder: of the bot.
        """
        from latentalign.models.matcher.memory import units_of

        if not content.spelling:
            return cls(spelling=None, encoder=encoder)
        values = (word for slot in content.slots.values() for way in slot.ways for word in units_of(way).strings)
        known = (word for memory in memories for one in memory.units for word in one.strings)
        return cls(spelling=Spelling.of([*known, *values]), encoder=encoder)

    def read(self, said: Units) -> Respelled:
        """Return a text as it is read, beside what was said."""
        from latentalign.models.matcher.respelling import Respelled, respelled

        read = said if self.spelling is None else respelled(said, self.spelling, self.encoder)
        return Respelled(said=said, read=read)


def value_as_said(value: SlotValue, text: Respelled, slot: SlotConfig) -> SlotValue:
    """Return a value with the words that were said.

    Where they were read as others, these are the value only of a slot that takes no other words than it knows, and only
    if what was said is no value of it. A name or a code stays as it was typed.
    """
    span = text.back(value.span)
    words = span.of(text.said.text)
    found = replace(value, span=span, text=words)
    return found if words == value.text or not slot.takes(words) else replace(found, value=slot.value_of(words))


def turn_as_said(turn: TurnIntent, text: Respelled) -> TurnIntent:
    """Return what a text wants, its evidence in the words that were said."""
    found = turn.classification
    evidence = replace(
        found.evidence,
        source=text.said.text,
        source_spans=text.said.spans,
        links=tuple(link._replace(source=text.back(link.source)) for link in found.evidence.links),
    )
    return replace(turn, classification=replace(found, text=text.said.text, evidence=evidence))
