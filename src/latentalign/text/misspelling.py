"""Words as people misspell them in a hurry."""

from __future__ import annotations

from random import Random
from string import ascii_lowercase


def misspelled(text: str, chance: Random) -> str:
    """Return the text with a character changed, lost, doubled or swapped in a fifth of its longer words, at least one.

    >>> misspelled("renew passport", Random(0)) != "renew passport"
    True
    """
    words = text.split(" ")
    long = [number for number, word in enumerate(words) if len(word) > 3]
    for number in chance.sample(long, max(1, round(len(long) / 5)) if long else 0):
        words[number] = _one(words[number], chance)
    return " ".join(words)


def _one(word: str, chance: Random) -> str:
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
