"""Texts whose words are known to be values of slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class AnnotatedText:
    """A text with the spans that are values.

    Args:
        text: as somebody may say it.
        slots: the span of each value, and the name of its slot.
        asked: the slots that had been asked for, where that is known.
    """

    text: str
    slots: tuple[tuple[Span, str], ...] = ()
    asked: tuple[str, ...] = ()

    def labels(self, spans: Sequence[Span]) -> tuple[str | None, ...]:
        """Return, for each word, the slot that it is part of a value of."""
        return tuple(
            next((name for place, name in self.slots if place.start <= one.start and one.end <= place.end), None)
            for one in spans
        )
