"""The names of things in a graph as a text may write them: underscores, numbers, dates, initials."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from latentalign.text.names import local_name

_LITERAL = re.compile(r'^"(.*?)"(?:@[A-Za-z-]+|\^\^.+)?$', re.DOTALL)
_NUMBER = re.compile(r"^(-?\d+)(?:\.(\d+))?$")
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
_ASIDE = re.compile(r"\s*\(([^()]*)\)\s*$")


def written_forms(name: str) -> tuple[str, ...]:
    """Return the ways in which an English text may write the name of a thing or a value of a graph, the plainest first.

    >>> written_forms("Olympic_Stadium_(Athens)")
    ('Olympic Stadium (Athens)', 'Olympic Stadium')
    >>> written_forms('"2702.0"')
    ('2702.0', '2702', '2,702')
    >>> written_forms("United_States")
    ('United States', 'US', 'U.S.')
    >>> written_forms("1981-11-02")[1:]
    ('November 2, 1981', '2 November 1981', 'November 2nd, 1981', '2nd November 1981', 'November 1981')
    """
    found = list(_forms(_plain(name)))
    return tuple(dict.fromkeys(one for one in found if one.strip())) or (name,)


def _plain(name: str) -> str:
    literal = _LITERAL.match(name)
    if literal:
        name = literal[1]
    elif "://" in name:
        name = local_name(name)
    return " ".join(name.replace("_", " ").split())


def _forms(plain: str) -> Iterator[str]:
    yield plain
    yield from _numbers(plain)
    yield from _dates(plain)
    aside = _ASIDE.search(plain)
    if aside and aside.start():
        yield plain[: aside.start()]
        if plain[0].isdigit():
            yield f"{plain[: aside.start()]} {aside[1]}"
            yield from _numbers(plain[: aside.start()])
    letters = [one[0] for one in plain.split() if one[0].isupper()]
    if 2 <= len(letters) <= 4 and len(letters) == len(plain.split()):
        yield "".join(letters)
        yield ".".join(letters) + "."
    if ", " in plain and not any(one.isdigit() for one in plain):
        yield plain.partition(", ")[0]


def _numbers(plain: str) -> Iterator[str]:
    number = _NUMBER.match(plain)
    if number:
        whole, fraction = number[1], (number[2] or "").rstrip("0")
        rest = f".{fraction}" if fraction else ""
        yield whole + rest
        if len(whole.lstrip("-")) > 3:
            yield f"{int(whole):,}{rest}"


def _dates(plain: str) -> Iterator[str]:
    match = _DATE.match(plain)
    if not match:
        return
    try:
        day = datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return
    month, number = day.strftime("%B"), str(day.day)
    for one in (number, number + _ordinal(day.day)):
        yield f"{month} {one}, {day.year}"
        yield f"{one} {month} {day.year}"
    yield f"{month} {day.year}"


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
