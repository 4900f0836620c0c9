"""Long documents in passages: runs of whole sentences that an encoder reads at once."""

from __future__ import annotations

from bisect import bisect_left

from latentalign.text.sentences import sentences
from latentalign.text.spans import Span
from latentalign.text.words import words


def passages(text: str, *, most: int) -> tuple[tuple[Span, tuple[Span, ...]], ...]:
    """Return the passages of a text, each with the words in it that have a letter or a digit.

    Every such word is in exactly one passage. Passages end between sentences and are about equally long; a sentence
    that is longer than a passage is cut between words.

    Args:
        text: any text.
        most: words of a passage, at most.

    >>> text = "One two. Three four. Five six."
    >>> [span.of(text) for span, _ in passages(text, most=4)]
    ['One two.', 'Three four. Five six.']
    """
    units = tuple(span for span in words(text) if any(map(str.isalnum, span.of(text))))
    if len(units) <= most:
        return ((Span(0, len(text)), units),) if units else ()
    starts = [span.start for span in units]
    cuts = [bisect_left(starts, span.start) for span in sentences(text)]
    found, begin = [], 0
    room = _even(len(units), most)
    while begin < len(units):
        end = _end(begin, cuts, len(units), room=room, most=most)
        found.append((Span(units[begin].start, _reach(text, units, end)), units[begin:end]))
        begin = end
    return tuple(found)


def _even(count: int, most: int) -> int:
    """Return how many words each passage has if all are equally long."""
    parts = -(-count // most)
    return -(-count // parts)


def _end(begin: int, cuts: list[int], count: int, *, room: int, most: int) -> int:
    """Return the number of the first word of the next passage: at the beginning of a sentence where there is one."""
    if count - begin <= most:
        return count
    inside = [cut for cut in cuts if begin < cut <= begin + most]
    return min(inside, key=lambda cut: abs(cut - begin - room)) if inside else begin + most


def _reach(text: str, units: tuple[Span, ...], end: int) -> int:
    """Return where a passage ends: with the punctuation after its last word, before the next word."""
    limit = units[end].start if end < len(units) else len(text)
    return units[end - 1].end + len(text[units[end - 1].end : limit].rstrip().split("\n")[0].rstrip())
