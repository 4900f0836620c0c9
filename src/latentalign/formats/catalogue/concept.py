"""One entry of a catalogue: what it is called, what it means, and where it stands among the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank

Kind = Literal["class", "property", "individual"]


@dataclass(frozen=True, kw_only=True)
class Concept:
    """A concept.

    Args:
        id: as the catalogue writes it: an IRI, ``HP:0001250``, ``Q42``.
        label: its preferred name.
        synonyms: its other names; names of broader or narrower things are not among them.
        definition: what it means, in words; empty if nobody has said.
        parents: ids of broader concepts, the nearest only.
        types: what sort of thing it is (``Disease``, ``Person``), for constraints on an answer.
        near: names of something broader or narrower that are sometimes used for it.
        alternatives: other ids that mean it.
        relations: (name, id) pairs beside the parents: ``("part_of", ...)``; of a property ``domain`` and ``range``.
        kind: ``class`` (also a concept of a thesaurus), ``property`` or ``individual``.
        where: the file and line it came from, for messages; two concepts that differ only here are equal.

    Raises:
        InputError: a blank id or label, or a name with a lone surrogate.

    >>> Concept(id="HP:0001250", label="Seizure", synonyms=("Epileptic seizure",)).names
    ('Seizure', 'Epileptic seizure')
    """

    id: str
    label: str
    synonyms: tuple[str, ...] = ()
    definition: str = ""
    parents: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    relations: tuple[tuple[str, str], ...] = ()
    kind: Kind = "class"
    where: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        place = self.where or "concept"
        for name, value in (("an id", self.id), ("a label", self.label)):
            if is_blank(check_text(value, where=place)):
                raise InputError(wanted=name, came="a blank one", where=place)
        for text in (*self.synonyms, *self.near, self.definition):
            check_text(text, where=place)

    @property
    def names(self) -> tuple[str, ...]:
        """The label and the synonyms, each different one once."""
        return distinct((self.label, *self.synonyms))

    def related(self, name: str) -> tuple[str, ...]:
        """Return the ids that a relation leads to, such as ``part_of``."""
        return tuple(target for relation, target in self.relations if relation == name)


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the different texts that are not blank, without the whitespace around them, in their order.

    >>> distinct(["lip", " lip ", "", "mouth"])
    ('lip', 'mouth')
    """
    return tuple(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))
