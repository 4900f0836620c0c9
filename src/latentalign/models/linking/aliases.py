"""The names of the concepts of a catalogue, and which of them a mention may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.linking.keys import exact_key, initials_of, loose_key
from latentalign.models.linking.ngrams import NgramIndex

Kind = Literal["label", "synonym", "near", "taught"]
MOST_OF_A_KEY = 30
"""Aliases with one key that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Alias:
    """One name of one concept.

    Args:
        name: as it is written.
        concept: the number of the concept.
        kind: ``label``, ``synonym``, ``near`` (of something broader or narrower), or ``taught`` by a mention.
        texts: for a taught one, the texts whose mentions taught it, one for each mention.
    """

    name: str
    concept: int
    kind: Kind
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class AliasTable:
    """All names of all concepts.

    Args:
        concepts: in the order of their numbers.
        aliases: in the order of their numbers.
        vectors: (alias, features) of length 1, float16, to find names by meaning; None is not to.

    Raises:
        InputError: no concept.
    """

    concepts: tuple[Concept, ...]
    aliases: tuple[Alias, ...]
    vectors: Tensor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.concepts:
            raise InputError(wanted="a catalogue with at least one concept", came="none", where="catalogue")

    @classmethod
    def of(cls, concepts: Iterable[Concept], *, taught: Iterable[tuple[str, str, str]] = ()) -> AliasTable:
        """Return the table of some concepts.

        Args:
            concepts: of a catalogue.
            taught: mentions whose concept is known, as (words, id, name of the text); one that is not in the catalogue
                is left out.

        Cost: linear in the characters of the names.
        """
        chosen = tuple(concepts)
        aliases = [alias for number, one in enumerate(chosen) for alias in _of_concept(number, one)]
        aliases += _taught(_numbers(chosen), taught)
        return cls(concepts=chosen, aliases=tuple(aliases))

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of a concept by its id, or by an alternative one."""
        return _numbers(self.concepts)

    @cached_property
    def ngrams(self) -> NgramIndex:
        """The names by their spelling."""
        return NgramIndex.of([one.name for one in self.aliases])

    @cached_property
    def exact(self) -> Mapping[str, list[int]]:
        """The aliases of each exact key."""
        return _grouped((exact_key(one.name), number) for number, one in enumerate(self.aliases))

    @cached_property
    def loose(self) -> Mapping[str, list[int]]:
        """The aliases of each loose key."""
        return _grouped((loose_key(one.name), number) for number, one in enumerate(self.aliases))

    @cached_property
    def initials(self) -> Mapping[str, list[int]]:
        """The aliases of two words or more, by their initials."""
        found = ((initials_of(one.name), number) for number, one in enumerate(self.aliases))
        return _grouped((letters, number) for letters, number in found if len(letters) > 1)

    @cached_property
    def _by_concept(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number, one in enumerate(self.aliases):
            found.setdefault(one.concept, []).append(number)
        return found

    def of_concept(self, number: int) -> Sequence[int]:
        """Return the aliases of a concept."""
        return self._by_concept.get(number, [])

    def candidates(self, forms: Sequence[str], *, nearest: int, vectors: Tensor | None = None) -> list[int]:
        """Return the aliases that one of the forms of a mention may be, those that are nearest in spelling first.

        Args:
            forms: ways to write the mention: as it stands, and its abbreviations written out.
            nearest: so many by spelling, and as many by meaning, for each form.
            vectors: (form, features) of length 1, to find names by meaning.
        """
        found: dict[int, None] = {}
        for form in forms:
            for table, key in ((self.exact, exact_key(form)), (self.loose, loose_key(form))):
                found |= dict.fromkeys(table.get(key, ())[:MOST_OF_A_KEY] if key else ())
            if nearest:
                found |= dict.fromkeys(number for number, _ in self.ngrams.nearest(form, nearest))
            letters = form.replace(".", "").lower()
            if 2 <= len(letters) <= 6 and letters.isalpha():
                found |= dict.fromkeys(self.initials.get(letters, ())[:MOST_OF_A_KEY])
        if vectors is not None and self.vectors is not None and nearest:
            cosines = vectors.float() @ self.vectors.T.float()
            found |= dict.fromkeys(cosines.topk(min(nearest, len(self.aliases)), dim=1).indices.flatten().tolist())
        return list(found)

    def with_vectors(self, vectors: Tensor) -> AliasTable:
        """Return the table with vectors of all names."""
        made = AliasTable(concepts=self.concepts, aliases=self.aliases, vectors=vectors.to(torch.float16))
        made.__dict__.update({key: one for key, one in self.__dict__.items() if key in ("ngrams", "exact", "loose")})
        return made


def _of_concept(number: int, one: Concept) -> Iterator[Alias]:
    yield Alias(name=one.label, concept=number, kind="label")
    seen = {exact_key(one.label)}
    for kind, names in (("synonym", one.synonyms), ("near", one.near)):
        for name in names:
            key = exact_key(name)
            if key and key not in seen:
                seen.add(key)
                yield Alias(name=name, concept=number, kind="synonym" if kind == "synonym" else "near")


def _taught(numbers: Mapping[str, int], taught: Iterable[tuple[str, str, str]]) -> list[Alias]:
    """Return one alias for each different name and concept that mentions teach, with its texts."""
    found: dict[tuple[str, int], tuple[str, list[str]]] = {}
    for words, concept, text in taught:
        if concept in numbers and exact_key(words):
            found.setdefault((exact_key(words), numbers[concept]), (words, []))[1].append(text)
    return [
        Alias(name=words, concept=number, kind="taught", texts=tuple(texts))
        for (_, number), (words, texts) in found.items()
    ]


def _numbers(concepts: Sequence[Concept]) -> dict[str, int]:
    alternatives = {other: number for number, one in enumerate(concepts) for other in one.alternatives}
    return alternatives | {one.id: number for number, one in enumerate(concepts)}


def _grouped(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, number in pairs:
        if key:
            found.setdefault(key, []).append(number)
    return found
