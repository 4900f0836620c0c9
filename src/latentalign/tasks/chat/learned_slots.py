"""Values of slots found by a tagger that was trained, for the slots that it knows, and by alignment for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentalign.errors import UnknownNameError
from latentalign.registry import nearest
from latentalign.tasks.chat.slot_filling import SlotFinder, SlotValue, Taught
from latentalign.tasks.slots.tagged_slots import FoundSlot
from latentalign.tasks.slots.tagger import SlotTagger

if TYPE_CHECKING:
    from latentalign.models.units import Encoded, Units


@dataclass(frozen=True, kw_only=True, eq=False)
class LearnedSlots:
    """Finds values as a ``SlotFinder`` does; those of the slots that a tagger knows are the tagger's alone.

    Args:
        tagger: knows one slot of the bot at least.
        finder: of the bot; where it would take a word that the tagger has taken, the tagger is right.

    Raises:
        UnknownNameError: the tagger knows none of the slots.
    """

    tagger: SlotTagger
    finder: SlotFinder

    def __post_init__(self) -> None:
        if not set(self.tagger.slots) & set(self.finder.slots):
            raise UnknownNameError(
                wanted=f"a tagger that knows one of the slots {', '.join(self.finder.slots) or '(none)'}",
                came=f"one of {', '.join(self.tagger.slots)}",
                where="slots",
                fix=nearest(next(iter(self.finder.slots), ""), self.tagger.slots),
            )

    def find(
        self,
        text: Units,
        names: Sequence[str],
        taught: Sequence[Taught],
        *,
        expected: Mapping[str, float] | None = None,
        asked: Sequence[str] = (),
        read: dict[Units, Encoded] | None = None,
    ) -> tuple[SlotValue, ...]:
        """Return the values of an utterance, in its order; see ``Finder.find``.

        Those of the slots that the tagger knows are found whether they are looked for or not: it has compared them all.
        Where it finds none for a slot that was asked for, a listed way to say one is enough, and so is the pattern: a
        "yes" or "I don't care" looks like no value to it.

        Cost: one pass of the encoder over the text, and that of a ``SlotFinder`` for the slots that are unknown to it.
        """
        learned = [self._value(one, text.text) for one in self._tagged(text, asked)]
        found = {one.slot for one in learned}
        rest = [name for name in names if name not in self.tagger.slots]
        missed = [name for name in asked if name in self.tagger.slots and name not in found]
        sought = tuple(dict.fromkeys([*rest, *missed]))
        others = self.finder.find(text, sought, taught, expected=expected, read=read) if sought else ()
        others = tuple(one for one in others if one.slot in rest or one.because != "alignment")
        free = [one for one in others if not any(_meet(one, mine) for mine in learned)]
        return tuple(sorted([*learned, *free], key=lambda one: one.span))

    def _tagged(self, text: Units, asked: Sequence[str]) -> list[FoundSlot]:
        return [one for one in self.tagger.tag(text.text, asked=asked).slots if one.slot in self.finder.slots]

    def _value(self, one: FoundSlot, text: str) -> SlotValue:
        return SlotValue(
            slot=one.slot,
            value=self.finder.slots[one.slot].nearest(one.text),
            span=one.span,
            text=one.text,
            score=one.probability,
            like=" ".join(span.of(text) for span in sorted(one.because)),
            because="learned",
        )


def _meet(one: SlotValue, other: SlotValue) -> bool:
    return one.span.start < other.span.end and other.span.start < one.span.end
