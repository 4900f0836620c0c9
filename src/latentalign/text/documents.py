"""A document: what a search finds, with its name and what else is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank

Value = str | int | float | bool
"""What a field of a document may hold."""


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
