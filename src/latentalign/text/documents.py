"""A document: what a search finds, with its name and what else is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank

Value = str | int | float | bool
"""What a field of a document may hold."""
"""A text with its sentences in order."""
from collections.abc import Sequence
from functools import cached_property
from latentalign.text.sentences import sentences
from latentalign.text.spans import Span, check_spans
from latentalign.text.words import words


@dataclass(frozen=True, kw_only=True)
class Document:
    r"""A text that can be found.

    Args:
        id: its name, which it keeps for good; not blank.
        text: its title and body as they were given; spans count in it.
        title: the first line of the text, or nothing.
        fields: what else is known, by name, for filters.
        where: the file and line it came from, for messages; two documents that differ only here are equal.

    Raises:
        InputError: a blank name, a text that cannot be used, or a field that is neither string, number nor bool.

    >>> Document.of(id="7", title="Cats", body="They sleep.").text
    'Cats\nThey sleep.'
    """

    id: str
    text: str
    title: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if is_blank(check_text(self.id, where=f"{self.where} id".lstrip())):
            raise InputError(wanted="a document with a name", came="a blank one", where=self.where or "id")
        if is_blank(check_text(self.text, where=self.where or self.id)):
            raise InputError(wanted="a document with a word in it", came="a blank one", where=self.where or self.id)
        for name, value in self.fields.items():
            if not isinstance(value, str | int | float | bool):
                raise InputError(
                    wanted=f"a string, a number, true or false as {name!r}",
                    came=type(value).__name__,
                    where=self.where or self.id,
                )

    @classmethod
    def of(
        cls, *, id: str, title: str = "", body: str = "", fields: Mapping[str, Value] | None = None, where: str = ""
    ) -> Document:
        """Return a document of a title and a body; a body that begins with the title is left as it is."""
        check_text(title, where=where or id)
        check_text(body, where=where or id)
        whole = body if body.startswith(title) else f"{title}\n{body}"
        return cls(id=id, text=whole, title=title, fields=fields or {}, where=where)
    """A text with its sentences.
        text: the whole.
        sentences: its sentences, in order, disjoint; at least one, none blank.
        id: the name of the record, given back with its result.
        where: the file and line it came from, for messages.
        InputError: a text or sentences that cannot be used.
    >>> Document.of_text("It works. We show how.").strings
    ('It works.', 'We show how.')
    sentences: tuple[Span, ...]
    id: str | None = None
        place = self.where or "document"
        check_spans(check_text(self.text, where=place), self.sentences, where=place)
        if not self.sentences or any(is_blank(one) for one in self.strings):
            raise InputError(
                wanted="a document with sentences, none of them blank", came=repr(self.strings), where=place
            )
    def of_text(cls, text: str, *, id: str | None = None, where: str = "", locale: str = "en") -> Document:
        """Return a text with the sentences that Unicode's rules find; a single line break is a space."""
        check_text(text, where=where or "document")
        return cls(text=text, sentences=sentences(text, wrapped=True, locale=locale), id=id, where=where)
    def of_sentences(cls, strings: Sequence[str], *, id: str | None = None, where: str = "") -> Document:
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
