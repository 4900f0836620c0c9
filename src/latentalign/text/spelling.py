"""Misspelled words of a text, by the words that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

SHORTEST = 4
"""Letters of the shortest word that may be a misspelled one."""
REMEMBERED = 10_000
"""Different unknown words whose known ones are remembered."""
ALSO_KNOWN = frozenset(
    [
        "aint",
        "arent",
        "cant",
        "couldnt",
        "didnt",
        "doesnt",
        "dont",
        "hadnt",
        "hasnt",
        "havent",
        "heres",
        "hows",
        "isnt",
        "itll",
        "lets",
        "mustnt",
        "neednt",
        "shant",
        "shes",
        "shouldnt",
        "thats",
        "theres",
        "theyd",
        "theyll",
        "theyre",
        "theyve",
        "wasnt",
        "weve",
        "werent",
        "whats",
        "wheres",
        "whos",
        "wont",
        "wouldnt",
        "youd",
        "youll",
        "youre",
        "youve",
    ]
)
"""English words that are written without their apostrophe."""


@dataclass(frozen=True, eq=False)
class Spelling:
    """Finds the known word that an unknown one is a misspelled form of, one edit away.

    Args:
        counts: how often each known word occurs, in lower case.
        letters: what a word may be made of.
    """

    counts: Counter[str]
    letters: str
    _found: dict[str, str | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, words: Iterable[str]) -> Spelling:
        """Return the spelling of the words of some texts."""
        counts = Counter(word.lower() for word in words)
        return cls(counts, "".join(sorted({char for word in counts for char in word if char.isalpha()})))

    def corrected(self, word: str, *, is_word: Callable[[str], bool] = lambda _: False) -> str | None:
        """Return the known word that a word is a misspelled form of, or None where it may stay as it is.

        One letter is missing, one too many, another one, or two neighbours are swapped; of several known words, it is
        the most frequent one. Short words, what is not letters alone, and words that are known stay.

        Args:
            word: of a text.
            is_word: says of a word that is not known whether it is one all the same.

        Cost: for each different word that is none, a look-up of about 2 n L strings, of n letters of the word and L of
        all known ones.

        >>> spelling = Spelling.of("set an alarm for the morning alarm".split())
        >>> spelling.corrected("alrm"), spelling.corrected("Mornign"), spelling.corrected("evening")
        ('alarm', 'morning', None)

        Damerau 1964.
        """
        lower = word.lower()
        if not SHORTEST <= len(lower) <= self.longest + 1 or not lower.isalpha():
            return None
        if lower in self.counts or lower in ALSO_KNOWN or is_word(lower) or is_word(word):
            return None
        found = self._found.get(lower, lower)  # what is looked up is never its own correction
        if found == lower:
            near = [one for one in set(self._edits(lower)) if one in self.counts]
            found = max(near, key=lambda one: (self.counts[one], one), default=None)
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[lower] = found
        return found

    @cached_property
    def longest(self) -> int:
        """The letters of the longest known word."""
        return max(map(len, self.counts), default=0)

    def _edits(self, word: str) -> Iterator[str]:
        for place in range(len(word) + 1):
            before, here, after = word[:place], word[place : place + 1], word[place + 1 :]
            for letter in self.letters:
                yield before + letter + here + after
                if here:
                    yield before + letter + after
            if here and len(word) > SHORTEST:
                yield before + after
            if after:
                yield before + after[0] + here + after[1:]
