"""The runs of words of a text that may name a concept."""

from __future__ import annotations

import re

from latentalign.text.function_words import is_content
from latentalign.text.spans import Span
from latentalign.text.words import words

_SAID = """
able accuracy achieve achieved achieves address addressed addresses aim aims amount analyse analysed application
applied applies apply approach approaches article available best better case cases comparable compare compared
compares conclude consider considerable considered consists corrects demonstrate demonstrated demonstrates denotes
describe described describes develop developed develops differ different differs difficult discuss discussed effect
effective evaluate evaluated evaluation examine examined example examples experiment experimental experiments explore
explored find finding findings finds first found give given gives good high higher highest improve improved
improvement improves include includes including information introduce introduced introduces investigate investigated
involves kind known large length lower main make makes many means method methods new novel number observe observed
obtain obtained obtains order outperform outperforms paper papers part perform performance performed performs possible
present presented presents previous problem problems propose proposed proposes provide provided provides reach reached
recent report reported reports require required requires restrict result results second see several significant
significantly similar small solution state studied studies study suggest suggested suggests system systems takes task
tasks technique techniques term terms test tested three time times type types various way ways well whereas whole work
works year years
"""
_COMMONPLACES = frozenset(_SAID.split())
_ENDS = re.compile(r"(ly|ing)$")


def phrases(text: str, *, longest: int = 4) -> tuple[Span, ...]:
    """Return the noun phrases of a text, as far as they are seen without a grammar.

    A phrase is a run of words that no function word, punctuation mark, number, adverb or word that every paper has
    (*propose*, *results*) breaks. Of a longer run the last words are kept: they say what it is.

    Args:
        text: any text in English.
        longest: words in a phrase.

    Returns:
        the spans in order, disjoint; the same phrase may come several times.

    Cost: linear.

    >>> text = "We propose a beam search decoder for statistical machine translation, and report results."
    >>> [span.of(text) for span in phrases(text)]
    ['beam search decoder', 'statistical machine translation']
    """
    found: list[Span] = []
    run: list[Span] = []
    for span in (*words(text), None):
        word = "" if span is None else span.of(text)
        hyphen = word == "-" and bool(run)
        if span is not None and (_counts(word) or hyphen):
            run.append(span)
            continue
        kept = _trimmed(run, text)[-_room(run, text, longest) :]
        if kept:
            found.append(Span(kept[0].start, kept[-1].end))
        run = []
    return tuple(found)


def _counts(word: str) -> bool:
    lower = word.casefold()
    return is_content(word) and not word.isdigit() and lower not in _COMMONPLACES and not lower.endswith("ly")


def _trimmed(run: list[Span], text: str) -> list[Span]:
    """Return a run without hyphens at its ends, and without a gerund before it."""
    kept = list(run)
    while kept and kept[-1].of(text) == "-":
        kept.pop()
    while kept and (kept[0].of(text) == "-" or (len(kept) > 1 and _ENDS.search(kept[0].of(text)))):
        kept.pop(0)
    return kept


def _room(run: list[Span], text: str, longest: int) -> int:
    return max(1, longest + 2 * sum(one.of(text) == "-" for one in run[-longest:]))
