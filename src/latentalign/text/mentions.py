"""A text with the stretches of it that name something, perhaps with what they name."""

from __future__ import annotations

from dataclasses import dataclass

from latentalign.errors import InputError
from latentalign.text.records import TextRecord
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class GivenMention:
    """A stretch of a text that names something.

    Args:
        span: of the text.
        types: what it may be; empty is anything.
        concepts: ids of what it means, any of which is right; empty where that is not known or in no catalogue.
    """

    span: Span
    types: frozenset[str] = frozenset()
    concepts: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class MentionedText(TextRecord):
    """A text with its mentions.

    Args:
        mentions: None where they are to be found.

    Raises:
        InputError: a blank text, or a mention that is not inside it.

    >>> MentionedText(text="a cold", mentions=(GivenMention(span=Span(2, 6)),)).mentions[0].span.of("a cold")
    'cold'
    """

    mentions: tuple[GivenMention, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for number, (start, end) in enumerate(one.span for one in self.mentions or ()):
            if not 0 <= start < end <= len(self.text):
                raise InputError(
                    wanted=f"0 <= start < end <= {len(self.text)}",
                    came=f"({start}, {end})",
                    where=f"{self.where} mention {number}".lstrip(),
                    fix="offsets count Unicode code points from 0, the end is not part of the mention",
                )
