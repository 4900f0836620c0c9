"""Names as keys: two names with the same key are taken for one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from latentalign.models.features import Featurizer, fold
from latentalign.text.function_words import SMALL_WORDS

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
SMALL = SMALL_WORDS | {"nos"}
"""Words that no name is told apart by, and no mention begins or ends with."""


def tokens_of(name: str) -> tuple[str, ...]:
    """Return the folded letters and digits of a name, word by word; a final 's is left out.

    >>> tokens_of("Alzheimer's disease (type-2)")
    ('alzheimer', 'disease', 'type', '2')
    """
    return tuple(one.partition("'")[0].partition("’")[0] for one in _TOKEN.findall(fold(name)))


def exact_key(name: str) -> str:
    """Return a name without case, punctuation and possessives.

    >>> exact_key("Non-Hodgkin’s Lymphoma") == exact_key("non hodgkin lymphoma")
    True
    """
    return " ".join(tokens_of(name))


@lru_cache(maxsize=1 << 16)
def stems_of(name: str, language: str = "english") -> tuple[str, ...]:
    """Return the stems of the words of a name, those of small words left out.

    >>> stems_of("Cancers of the breast")
    ('cancer', 'breast')
    """
    stems = Featurizer(mode="stem", language=language)
    return tuple(stems.of_word(one)[0] for one in tokens_of(name) if one not in SMALL)


def loose_key(name: str, language: str = "english") -> str:
    """Return a name as its different stems in order of the alphabet, without small words.

    >>> loose_key("Cancers of the breast") == loose_key("breast cancer")
    True
    """
    return key_of(stems_of(name, language))


def key_of(stems: Iterable[str]) -> str:
    """Return the loose key of a name of some stems."""
    return " ".join(sorted(set(stems)))


def initials_of(name: str) -> str:
    """Return the first letters of the words of a name, those of small words left out.

    >>> initials_of("United States of America")
    'usa'
    """
    return "".join(one[0] for one in tokens_of(name) if one not in SMALL)
