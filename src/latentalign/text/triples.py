"""A text with the triples that it may express."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank
from latentalign.text.records import TextRecord


class Triple(NamedTuple):
    """Two things, and the relation between them, by their names or IRIs."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True, kw_only=True)
class TripledText(TextRecord):
    """A text with triples.

    Args:
        triples: at least one.

    Raises:
        InputError: a blank text, no triple, or a blank name in one.

    >>> airport = Triple("Aarhus_Airport", "city", "Aarhus")
    >>> TripledText(text="Aarhus has an airport.", triples=(airport,)).triples[0].object
    'Aarhus'
    """

    triples: tuple[Triple, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.triples:
            raise InputError(wanted="at least one triple", came="none", where=self.where or "triples")
        for number, triple in enumerate(self.triples):
            where = f"{self.where} triple {number}".lstrip()
            if any(is_blank(check_text(name, where=where)) for name in triple):
                raise InputError(wanted="a subject, a relation and an object", came=repr(tuple(triple)), where=where)
