"""Texts as other people write them, or in a hurry: typos, capitals, no punctuation, other words in another order."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from latentalign.errors import UnknownNameError
from latentalign.evaluation.synonyms import read_synonyms, with_synonyms
from latentalign.registry import nearest
from latentalign.text.misspelling import misspelled

Perturbation = Callable[[str, Random], str]


def casing(text: str, chance: Random) -> str:
    """Return the text in capitals, or with each word capitalised.

    >>> casing("the cat", Random(1)) in ("THE CAT", "The Cat")
    True
    """
    return text.upper() if chance.random() < 0.5 else " ".join(word.capitalize() for word in text.split(" "))


def punctuation(text: str, chance: Random) -> str:  # noqa: ARG001 - one signature for all
    """Return the text without punctuation marks; where nothing else is left, as it was.

    >>> punctuation("what's up, doc?", Random(0))
    'whats up doc'
    """
    kept = "".join(char for char in text if not unicodedata.category(char).startswith("P"))
    return kept if kept.strip() else text


def word_order(text: str, chance: Random) -> str:
    """Return the text with two neighbouring words swapped, as often as a fifth of its words, once at least.

    The places are drawn with replacement, so two swaps of one place leave it as it was.

    >>> word_order("one two", Random(0))
    'two one'
    """
    words = text.split(" ")
    for _ in range(max(1, len(words) // 5) if len(words) > 1 else 0):
        place = chance.randrange(len(words) - 1)
        words[place : place + 2] = words[place + 1], words[place]
    return " ".join(words)


WORD_ORDER, SYNONYMS = "word order", "synonyms"
"""Names of perturbations; only WordNet's file brings the second one."""
PERTURBATIONS: dict[str, Perturbation] = {
    "typos": misspelled,
    "casing": casing,
    "punctuation": punctuation,
    WORD_ORDER: word_order,
}


@dataclass(frozen=True, eq=False)
class Perturbations:
    """Ways in which texts are changed, by their names.

    Args:
        ways: each takes a text and the chance.
    """

    ways: Mapping[str, Perturbation]

    @classmethod
    def of(cls, names: Sequence[str], data: Path, *, synonyms: str | None = None) -> Perturbations:
        """Return those of some names.

        Args:
            names: of ``PERTURBATIONS``.
            data: the data folder.
            synonyms: WordNet's ``index.sense`` below it; each word that has a synonym is replaced by one then, as one
                more way.

        Raises:
            UnknownNameError: no perturbation has that name.
            InputError: the file cannot be read, or is none of WordNet.
        """
        for name in names:
            if name not in PERTURBATIONS:
                raise UnknownNameError(
                    wanted="a perturbation", came=repr(name), where="perturbations", fix=nearest(name, PERTURBATIONS)
                )
        ways = {name: PERTURBATIONS[name] for name in names}
        if synonyms is not None:
            ways[SYNONYMS] = partial(with_synonyms, known=read_synonyms(data / synonyms))
        return cls(ways)

    @property
    def names(self) -> tuple[str, ...]:
        """The names."""
        return tuple(self.ways)

    def changed(self, texts: Sequence[str], name: str, *, seed: int = 0) -> list[str]:
        """Return all texts changed in one way; the same seed gives the same texts."""
        chance = Random(f"{name} {seed}")
        return [self.ways[name](text, chance) for text in texts]

    def notes(self, texts: Sequence[str], changed: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return what has to be known of a table: how many of the texts have a word that is replaced by a synonym.

        Args:
            texts: as they are.
            changed: the same with synonyms; None changes all their words.
        """
        if SYNONYMS not in self.ways:
            return ()
        others = self.changed(texts, SYNONYMS) if changed is None else changed
        count = sum(one != text for one, text in zip(others, texts, strict=True))
        return (f"synonyms: {count} of {len(texts)} texts have a word that is replaced",)


NOTHING_CHANGED = Perturbations({})
"""No perturbation."""
