"""Words of English that say nothing of what a text is about."""

from __future__ import annotations

_WORDS = """
a about above after again all also although am among an and another any are as at be because been before being below
between both but by can could did do does doing down during each either et few for from further had has have having he
hence her here hers him his how however i if in into is it its itself just may me might more moreover most much must my
neither no nor not of off often on once one only onto or other our ours out over own per rather same she should since
so some such than that the their theirs them then there therefore these they this those though through thus to too
toward towards two under until up upon us very via was we were what when where whether which while who whose why will
with within without would yet you your eg ie al etc use used uses using based show shown shows
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
"""In lower case, without apostrophes."""

SMALL_WORDS = frozenset(("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"))
"""Those that join the words of a name, which no name is told apart by."""


def is_content(word: str) -> bool:
    """Return whether a word has a letter or a digit, is longer than one character and is no function word.

    >>> [is_content(word) for word in ("The", "aligner", "!", "x", "42")]
    [False, True, False, False, True]
    """
    return len(word) > 1 and word[0].isalnum() and word.casefold().replace("'", "") not in FUNCTION_WORDS
