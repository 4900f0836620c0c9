"""The words of a name in the form in which names are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from latentalign.models.features import Featurizer, fold
from latentalign.text.function_words import SMALL_WORDS
from latentalign.text.names import readable
from latentalign.text.spans import Span

_WORD = re.compile(r"[^\W\d_]+|\d+")
_POSSESSIVE = re.compile(r"['’]s\b")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
_ROMANS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv".split()  # noqa: SIM905
_NUMBERS = {word: str(place) for words in (_ORDINALS, _ROMANS) for place, word in enumerate(words, start=1)}
LONGEST = 12
"""Words of a name that are compared."""


@dataclass(frozen=True)
class Term:
    """One name of a concept.

    Args:
        text: the name as people read it.
        spans: the words in it that are compared.
        forms: of each of these words: a numeral, or the word without the ending of the plural.

    >>> Term.of("Third_Ventricle_of_the_Brain").forms
    ('3', 'ventricle', 'brain')
    >>> Term.of("C2 vertebra").forms, Term.of("hasAuthor").text
    (('c', '2', 'vertebra'), 'has author')
    """

    text: str
    spans: tuple[Span, ...]
    forms: tuple[str, ...]

    @classmethod
    def of(cls, name: str, *, language: str = "english") -> Term:
        """Return a name with its words.

        Function words are left out; ordinals and Roman numerals become numbers, and ``ae`` and ``oe`` become ``e``.

        Args:
            name: as the ontology writes it.
            language: of the name; in others than English, words are stemmed.
        """
        text = name.strip() if " " in name.strip() else readable(name)
        hidden = [found.span() for rule in (_POSSESSIVE, _ORDINAL) for found in rule.finditer(text)]
        spans, forms = [], []
        for found in _WORD.finditer(text):
            word = fold(found[0])
            if word in SMALL_WORDS or any(start <= found.start() < end for start, end in hidden):
                continue
            spans.append(Span(*found.span()))
            forms.append(_form(word, language))
        return cls(text, tuple(spans[:LONGEST]), tuple(forms[:LONGEST]))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that are compared, in lower case."""
        return tuple(fold(span.of(self.text)) for span in self.spans)

    @property
    def key(self) -> tuple[str, ...]:
        """What two names share that differ in the order of their words only."""
        return tuple(sorted(self.forms))

    @cached_property
    def head(self) -> int:
        """The place of the word that says what sort of thing it is: the last one before a preposition."""
        for place, (left, right) in enumerate(zip(self.spans, self.spans[1:], strict=False)):
            if re.search(r"\b(of|in|for|from|with|at|by|to)\b|,", self.text[left.end : right.start], re.IGNORECASE):
                return place
        return len(self.spans) - 1


@lru_cache(maxsize=1 << 16)
def _form(word: str, language: str) -> str:
    if word.isdigit():
        return str(int(word)) if len(word) < 9 else word
    if word in _NUMBERS:
        return _NUMBERS[word]
    plain = word.replace("ae", "e").replace("oe", "e") if len(word) > 3 else word
    if language == "english":
        return _singular(plain)
    stems: Any = Featurizer(mode="stem", language=language).of_word(plain)
    return str(stems[0]) if stems else plain


def _singular(word: str) -> str:
    """Return an English word without the ending of the plural, and no more: a reviewer is no review.

    Harman 1991, the S stemmer.
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("us", "ss", "is")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-2] if word.endswith(("ches", "shes", "xes", "sses", "zes")) else word[:-1]
    return word[:-1]
