"""A text that is split into its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank
from latentalign.text.sentences import sentences
from latentalign.text.spans import Span, check_spans
from latentalign.text.words import words


@dataclass(frozen=True, kw_only=True)
class SplitText:
    """A text with its sentences.

    Args:
        text: the whole.
        sentences: its sentences, in order, disjoint; at least one, none blank.
        id: the name of the record, given back with its result.
        where: the file and line it came from, for messages.

    Raises:
        InputError: a text or sentences that cannot be used.

    >>> SplitText.of_text("It works. We show how.").strings
    ('It works.', 'We show how.')
    """

    text: str
    sentences: tuple[Span, ...]
    id: str | None = None
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        place = self.where or "document"
        check_spans(check_text(self.text, where=place), self.sentences, where=place)
        if not self.sentences or any(is_blank(one) for one in self.strings):
            raise InputError(
                wanted="a document with sentences, none of them blank", came=repr(self.strings), where=place
            )

    @classmethod
    def of_text(cls, text: str, *, id: str | None = None, where: str = "", locale: str = "en") -> SplitText:
        """Return a text with the sentences that Unicode's rules find; a single line break is a space."""
        check_text(text, where=where or "document")
        return cls(text=text, sentences=sentences(text, wrapped=True, locale=locale), id=id, where=where)

    @classmethod
    def of_sentences(cls, strings: Sequence[str], *, id: str | None = None, where: str = "") -> SplitText:
        """Return sentences that are split already, joined by spaces."""
        spans, reached = [], 0
        for one in strings:
            spans.append(Span(reached, reached + len(one)))
            reached += len(one) + 1
        return cls(text=" ".join(strings), sentences=tuple(spans), id=id, where=where)

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """The text of each sentence."""
        return tuple(one.of(self.text) for one in self.sentences)

    @cached_property
    def words(self) -> tuple[tuple[Span, ...], ...]:
        """The words of each sentence; one without a word is a word itself."""
        return tuple(
            tuple(Span(start + one.start, start + one.end) for one in words(self.text[start:end]))
            or (Span(start, end),)
            for start, end in self.sentences
        )
