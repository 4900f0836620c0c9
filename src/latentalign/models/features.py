"""What two strings are compared by: folded words, stems, or character n-grams."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Literal
from unicodedata import normalize

from latentalign.errors import InputError, UnknownNameError
from latentalign.registry import nearest
from latentalign.text.words import words

Mode = Literal["exact", "stem", "ngram"]


def fold(string: str) -> str:
    """Return a string without differences of case or of compatibility form.

    >>> fold("ﬁne STRASSE") == fold("fine Straße")
    True
    """
    return normalize("NFKC", normalize("NFKC", string).casefold())


@dataclass(frozen=True, kw_only=True)
class Featurizer:
    """Turns strings into bags of features.

    Args:
        mode: ``exact``, the folded word; ``stem``, its stem; ``ngram``, its character n-grams with both ends marked.
        language: of the Snowball stemmer, in English: ``german``.
        sizes: lengths of the n-grams; a word shorter than that is one feature.

    Raises:
        UnknownNameError: Snowball has no stemmer for the language.
        InputError: no sizes, or one below 1.

    >>> Featurizer(mode="ngram", sizes=(3,)).of_word("Cat")
    ('<ca', 'cat', 'at>')
    >>> Featurizer(mode="stem").of_word("Aligned")
    ('align',)
    """

    mode: Mode = "exact"
    language: str = "english"
    sizes: tuple[int, ...] = (3, 4)

    def __post_init__(self) -> None:
        if self.mode == "stem":
            _stemmer(self.language)
        if not self.sizes or min(self.sizes) < 1:
            raise InputError(wanted="sizes of n-grams of at least 1", came=repr(self.sizes), where="lexical.sizes")

    def of_word(self, word: str) -> tuple[str, ...]:
        """Return the features of a word, one that occurs twice twice. They are remembered for 65,536 words."""
        return _features(self, word)

    def bag(self, string: str, *, whole: bool) -> Counter[str]:
        """Return the features of a unit: of the string as one word, or of all the words in it."""
        if whole:
            return Counter(_features(self, string))
        return Counter(chain.from_iterable(_features(self, string[start:end]) for start, end in words(string)))


@lru_cache(maxsize=1 << 16)
def _features(rule: Featurizer, word: str) -> tuple[str, ...]:
    folded = fold(word)
    if rule.mode == "exact":
        return (folded,)
    if rule.mode == "stem":
        return (_stemmer(rule.language).stemWord(folded),)
    marked = f"<{folded}>"
    return tuple(marked[start : start + size] for size in rule.sizes for start in range(max(1, len(marked) - size + 1)))


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    import snowballstemmer

    if language not in snowballstemmer.algorithms():
        raise UnknownNameError(
            wanted="a language that Snowball has a stemmer for",
            came=repr(language),
            where="lexical.language",
            fix=nearest(language, snowballstemmer.algorithms()),
        )
    return snowballstemmer.stemmer(language)
