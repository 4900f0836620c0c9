"""Abbreviations that a text explains: short forms with their long forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from latentalign.text.spans import Span

_PARENTHESES = re.compile(r"\(([^()]{2,100})\)")
_WORD = re.compile(r"\S+")
_LONGEST = 10


class Abbreviation(NamedTuple):
    """A short form, where it is explained, and its long form."""

    short: Span
    long: Span


def abbreviations(text: str) -> tuple[Abbreviation, ...]:
    """Return the abbreviations that a text explains in parentheses, in either order.

    A short form has 2 to 10 characters with a letter among them, in two words at most, and begins with a letter or a
    digit. Its characters stand in the long form in this order; the first one begins a word there. The long form has at
    most min(n + 5, 2 n) words for n characters. The shortest such stretch is taken.

    Unlike the paper, a final plural s of a short form may be absent from the long form.

    References:
        Schwartz and Hearst 2003, A simple algorithm for identifying abbreviation definitions in biomedical text.

    >>> text = "familial adenomatous polyposis (FAP) and PWS (Prader-Willi syndrome)"
    >>> [(short.of(text), long.of(text)) for short, long in abbreviations(text)]
    [('FAP', 'familial adenomatous polyposis'), ('PWS', 'Prader-Willi syndrome')]
    """
    return tuple(_pairs(text))


def _pairs(text: str) -> Iterator[Abbreviation]:
    for match in _PARENTHESES.finditer(text):
        inside = _first_part(text, Span(*match.span(1)))
        before = _words_before(text, match.start())
        if is_short(inside.of(text)):
            found = _long_form(text, inside, before)
            if found is not None:
                yield Abbreviation(inside, found)
        elif before and is_short(before[-1].of(text)):
            found = _inside(text, before[-1], Span(*match.span(1)))
            if found is not None:
                yield Abbreviation(before[-1], found)


def is_short(string: str) -> bool:
    """Return whether a string may be a short form.

    >>> is_short("FAP"), is_short("p16"), is_short("see below"), is_short("2003")
    (True, True, False, False)
    """
    return (
        2 <= len(string) <= _LONGEST
        and len(string.split()) <= 2
        and string[0].isalnum()
        and any(one.isalpha() for one in string)
        and any(one.isupper() or one.isdigit() for one in string)
    )


def _first_part(text: str, inside: Span) -> Span:
    """Return what stands before a comma or a semicolon."""
    cut = re.search(r"[;,]", inside.of(text))
    end = inside.start + cut.start() if cut else inside.end
    start, trimmed = inside.start, text[inside.start : end]
    start += len(trimmed) - len(trimmed.lstrip())
    return Span(start, max(start + 1, start + len(trimmed.strip())))


def _words_before(text: str, end: int) -> list[Span]:
    """Return the last words before a place, those of its sentence."""
    start = max(text.rfind(". ", 0, end) + 1, text.rfind("\n", 0, end) + 1, end - 200, 0)
    return [Span(start + one.start(), start + one.end()) for one in _WORD.finditer(text[start:end])]


def _long_form(text: str, short: Span, before: list[Span]) -> Span | None:
    size = sum(one.isalnum() for one in short.of(text))
    window = before[-min(size + 5, 2 * size) :]
    if not window:
        return None
    area = Span(window[0].start, window[-1].end)
    for form in _variants(short.of(text)):
        start = _matched(form, area.of(text))
        if start is not None and area.end - area.start - start > len(form):
            return Span(area.start + start, area.end)
    return None


def _inside(text: str, short: Span, area: Span) -> Span | None:
    """Return the long form that stands in the parentheses after its short form."""
    form, long = short.of(text), area.of(text)
    start = _matched(form, long)
    fits = start == 0 and len(long) > len(form) and len(long.split()) <= min(len(form) + 5, 2 * len(form))
    return area if fits else None


def _variants(form: str) -> Iterator[str]:
    yield form
    if len(form) > 2 and form.endswith("s") and form[:-1].isupper():
        yield form[:-1]


def _matched(short: str, long: str) -> int | None:
    """Return where in the long form the short form begins, all its characters found from the right."""
    place = len(long)
    folded = long.lower()
    letters = [one for one in short.lower() if one.isalnum()]
    for number in range(len(letters) - 1, -1, -1):
        place = folded.rfind(letters[number], 0, place)
        while number == 0 and place > 0 and folded[place - 1].isalnum():
            place = folded.rfind(letters[0], 0, place)
        if place < 0:
            return None
    return place
