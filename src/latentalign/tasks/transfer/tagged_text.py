"""A plain text written with tags between its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from latentalign.tasks.transfer.intervals import Interval
from latentalign.text.markup import Markup, Tag, escaped
from latentalign.text.spans import Span


@dataclass(kw_only=True)
class TaggedText:
    """Writes tags at their intervals.

    A pair begins at the first character of its first unit and ends after the last of its last. A tag without words
    follows the unit before it, or precedes the next one where it did so in the source. A placeholder keeps the spaces
    that it had around it.

    Args:
        text: the plain text.
        units: its words.
        source: the plain source text with its tags.
        intervals: one a tag, nested as the tags are, disjoint on each level.
    """

    text: str
    units: Sequence[Span]
    source: Markup
    intervals: Sequence[Interval]
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    children: dict[int | None, list[int]] = field(default_factory=dict)

    def written(self) -> str:
        """Return the text with its tags; ``places`` then has the position of each in the plain text."""
        for index, tag in enumerate(self.source.tags):
            self.children.setdefault(tag.parent, []).append(index)
        return "".join(self._level(None, 0, len(self.text)))

    def _level(self, parent: int | None, low: int, high: int) -> list[str]:
        """Return the parts of a stretch of the text with the tags that stand in it."""
        parts, reached = [], low
        order = sorted(self.children.get(parent, []), key=lambda index: (*self.intervals[index][:2], index))
        for index in order:
            tag = self.source.tags[index]
            start, end = (min(max(place, reached), high) for place in self._ends(tag, self.intervals[index]))
            self.places[index] = start, end
            parts.append(escaped(self.text[reached:start]))
            parts.append(self._spaced(tag, start) if tag.placeholder else tag.opening)
            parts += self._level(index, start, end)
            parts.append(tag.closing)
            reached = end
        parts.append(escaped(self.text[reached:high]))
        return parts

    def _ends(self, tag: Tag, interval: Interval) -> tuple[int, int]:
        """Return where a tag starts and ends in the text."""
        first, last = interval.start, interval.end
        if first < last:
            return self.units[first].start, self.units[last - 1].end
        if not first:
            return 0, 0
        before, behind = self._around(tag)
        precedes = first < len(self.units) and not before.strip() and behind.strip()
        place = self.units[first].start if precedes else self.units[first - 1].end
        return place, place

    def _around(self, tag: Tag) -> tuple[str, str]:
        """Return the characters around a tag in the source, empty at its ends."""
        return self.source.text[: tag.start][-1:], self.source.text[tag.end :][:1]

    def _spaced(self, tag: Tag, place: int) -> str:
        """Return a placeholder with the spaces that are missing around it."""
        before, behind = self._around(tag)
        here = self.text[place - 1 : place] if place else ""
        there = self.text[place : place + 1]
        left = " " if before.isspace() and here and not here.isspace() else ""
        right = " " if behind.isspace() and there and not there.isspace() else ""
        return left + tag.opening + right
