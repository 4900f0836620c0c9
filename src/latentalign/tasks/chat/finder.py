"""What finds the values in an utterance, however it does so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from latentalign.tasks.chat.slot_filling import SlotValue, Taught

if TYPE_CHECKING:
    from latentalign.models.units import Encoded, Units


class Finder(Protocol):
    """Finds the values in an utterance: ``SlotFinder`` by alignment, ``LearnedSlots`` by a tagger that was trained."""

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
        """Return the values of an utterance, in its order.

        Args:
            text: with a word.
            names: slots that are looked for; a tagger says what it finds of all that it knows.
            taught: texts whose values are known.
            expected: what is added for slots that the conversation makes likely, in log-odds.
            asked: the slots that were asked for.
            read: what the encoder said of the text, where that is known.
        """
