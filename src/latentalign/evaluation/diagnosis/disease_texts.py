"""Texts on the diseases of a catalogue that other people wrote, with the names of the diseases taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latentalign.errors import InputError
from latentalign.evaluation.files import objects

INSTEAD = "it"
"""What stands where a name stood."""


@dataclass(frozen=True, kw_only=True)
class DiseaseText:
    """A text on one disease of the catalogue.

    Args:
        number: of the profile.
        text: without the names of the disease.
    """

    number: int
    text: str


@dataclass(frozen=True, kw_only=True)
class DiseaseTexts:
    """Answers on diseases, as those of MedQuAD.

    Args:
        name: of the source, for the table.
        answers: files below the data folder; rows with ``doc``, ``focus``, ``qtype`` and ``answer``.
        names: file of rows with ``doc`` and ``synonyms`` of the focus.
        source: how ``doc`` ends in the rows that are taken.
        kind: their ``qtype``.
    """

    name: str
    answers: tuple[str, ...]
    names: str
    source: str = ""
    kind: str = "information"

    def read(self, data: Path, *, known: Sequence[Sequence[str]]) -> list[DiseaseText]:
        """Return the texts whose disease is one of the catalogue, and one only, by its names.

        A name that may be an acronym, see ``tells``, is taken out of the texts and not looked for in the catalogue:
        two diseases may have the same one.

        Args:
            data: the data folder.
            known: the names of each profile.

        Raises:
            InputError: a file cannot be read, or no text is of a disease of the catalogue.
        """
        numbers: dict[str, set[int]] = {}
        for number, names in enumerate(known):
            for name in filter(tells, names):
                numbers.setdefault(name.casefold(), set()).add(number)
        others = {row["doc"]: row["synonyms"] for row in objects(data / self.names) if self._takes(row)}
        found = []
        for row in (one for file in self.answers for one in objects(data / file)):
            if row["qtype"] != self.kind or not self._takes(row):
                continue
            names = [row["focus"], *others.get(row["doc"], ())]
            meant = set[int]().union(*(numbers.get(name.casefold(), ()) for name in names if tells(name)))
            if len(meant) == 1:
                number = meant.pop()
                found.append(DiseaseText(number=number, text=without(row["answer"], [*names, *known[number]])))
        if not found:
            raise InputError(wanted="texts on diseases of the catalogue", came="none", where=f"second set {self.name}")
        return found

    def _takes(self, row: Mapping[str, str]) -> bool:
        return row["doc"].endswith(self.source)


def names_of(rows: Sequence[Mapping[str, object]]) -> dict[str, tuple[str, ...]]:
    """Return all names of each disease of a catalogue, by the one that its profile has."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        name, others = str(row["disease"]), row.get("synonyms") or ()
        assert isinstance(others, list | tuple)
        found[name] = (name, *map(str, others))
    return found


def tells(name: str) -> bool:
    """Return whether a name is one of a disease, and not perhaps an acronym of several.

    It has eight characters or more, and no word of it two capitals.

    >>> [tells(one) for one in ("Barraquer-Simons syndrome", "APL", "MCAD deficiency", "Gout")]
    [True, False, False, False]
    """
    return len(name) >= 8 and not any(sum(map(str.isupper, word)) > 1 for word in re.split(r"[\W_]+", name))


def without(text: str, names: Sequence[str]) -> str:
    """Return a text with a pronoun for each of some names, the longest first; short ones as they are written alone.

    >>> without("People with Gout and those without gouty arthritis (GA) ...", ["gout", "gouty arthritis", "GA"])
    'People with it and those without it (it) ...'
    """
    for name in sorted(dict.fromkeys(filter(None, names)), key=lambda one: (-len(one), one)):
        case = re.NOFLAG if name.isupper() else re.IGNORECASE
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", INSTEAD, text, flags=case)
    return text
