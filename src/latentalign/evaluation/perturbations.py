"""Texts as people write them in a hurry: with typos, in capitals, without punctuation, in another word order."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from latentalign.errors import UnknownNameError
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
    """Return the text with two neighbouring words swapped, in a fifth of its places, one at least.

    >>> word_order("one two", Random(0))
    'two one'
    """
    words = text.split(" ")
    for _ in range(max(1, len(words) // 5) if len(words) > 1 else 0):
        place = chance.randrange(len(words) - 1)
        words[place : place + 2] = words[place + 1], words[place]
    return " ".join(words)


PERTURBATIONS: dict[str, Perturbation] = {
    "typos": misspelled,
    "casing": casing,
    "punctuation": punctuation,
    "word order": word_order,
}


def perturbed(texts: list[str], name: str, *, seed: int = 0) -> list[str]:
    """Return all texts perturbed in one way; the same seed gives the same texts.

    Raises:
        UnknownNameError: no perturbation has that name.
    """
    if name not in PERTURBATIONS:
        raise UnknownNameError(
            wanted="a perturbation", came=repr(name), where="perturbations", fix=nearest(name, PERTURBATIONS)
        )
    chance = Random(f"{name} {seed}")
    return [PERTURBATIONS[name](text, chance) for text in texts]
