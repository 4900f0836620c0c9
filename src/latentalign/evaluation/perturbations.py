"""Texts as people write them in a hurry: with typos, in capitals, without punctuation, in another word order."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random
from string import ascii_lowercase

Perturbation = Callable[[str, Random], str]


def typos(text: str, chance: Random) -> str:
    """Return the text with a character changed, lost, doubled or swapped in a fifth of its longer words, at least one.

    >>> typos("renew passport", Random(0)) != "renew passport"
    True
    """
    words = text.split(" ")
    long = [number for number, word in enumerate(words) if len(word) > 3]
    for number in chance.sample(long, max(1, round(len(long) / 5)) if long else 0):
        words[number] = _mistyped(words[number], chance)
    return " ".join(words)


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
    "typos": typos,
    "casing": casing,
    "punctuation": punctuation,
    "word order": word_order,
}


def perturbed(texts: list[str], name: str, *, seed: int = 0) -> list[str]:
    """Return all texts perturbed in one way; the same seed gives the same texts."""
    chance = Random(f"{name} {seed}")
    return [PERTURBATIONS[name](text, chance) for text in texts]


def _mistyped(word: str, chance: Random) -> str:
    place = chance.randrange(len(word) - 1)
    before, here, after = word[:place], word[place], word[place + 1 :]
    kind = chance.randrange(4)
    if kind == 0:
        return before + after
    if kind == 1:
        return before + here + here + after
    if kind == 2:
        return before + chance.choice(ascii_lowercase) + after
    return before + after[0] + here + after[1:]
