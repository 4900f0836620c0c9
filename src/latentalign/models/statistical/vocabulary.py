"""The words of a corpus, their normal form, and the shorter views of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1
"""The number of a word that the training text did not have."""


@lru_cache(maxsize=1 << 16)
def normal(word: str) -> str:
    """Return the form in which a word is counted: composed accents, no case, one apostrophe, plain spaces.

    >>> normal("L’"), normal("E\u0301tat")
    ("l'", 'état')
    """
    return " ".join(unicodedata.normalize("NFC", word).casefold().replace("’", "'").split())


@lru_cache(maxsize=1 << 16)
def letters(word: str) -> tuple[int, ...]:
    """Return the code points of a word without its accents: what its spelling is compared by.

    >>> bytes(letters("état"))
    b'etat'
    """
    decomposed = unicodedata.normalize("NFKD", word)
    return tuple(ord(character) for character in decomposed if not unicodedata.combining(character))


def cut(word: str, size: int) -> str:
    """Return the first letters of a word, or all of it if the size is 0.

    >>> cut("travel", 4), cut("travel", 0)
    ('trav', 'travel')
    """
    return word[:size] if size else word


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Numbered word forms and how often each one came.

    Args:
        words: all different, in the order of their numbers.
        counts: (word,) occurrences in the training text.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """(word + 1,) the share of each word in the text; the last is that of an unknown word, as if it came once."""
        total = max(int(self.counts.sum()), 1)
        return np.append(np.maximum(self.counts, 1), 1) / total

    def find(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Return the numbers of words, ``UNKNOWN`` for those that are not here."""
        numbers = self.numbers
        return np.array([numbers.get(word, UNKNOWN) for word in words], dtype=np.int32)

    def view(self, size: int) -> tuple[Vocabulary, NDArray[np.int32]]:
        """Return the vocabulary of words cut to a size, and (word,) the number of each word in it.

        >>> whole = Vocabulary(words=("cats", "cat", "dog"), counts=np.array([1, 2, 3]))
        >>> short, places = whole.view(3)
        >>> short.words, short.counts.tolist(), places.tolist()
        (('cat', 'dog'), [3, 3], [0, 0, 1])
        """
        seen: dict[str, int] = {}
        places = np.array([seen.setdefault(cut(word, size), len(seen)) for word in self.words], dtype=np.int32)
        counts = np.bincount(places, weights=self.counts, minlength=len(seen)).astype(np.int64)
        return Vocabulary(words=tuple(seen), counts=counts), places


def spell(words: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the letters of words, one after another, and (word + 1,) where each word ends and the next begins."""
    codes = [letters(word) for word in words]
    ends = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(code) for code in codes], out=ends[1:])
    return np.array([point for code in codes for point in code], dtype=np.int32), ends
