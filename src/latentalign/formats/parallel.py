"""Parallel text: two files line by line, or one with ``|||`` or a TAB between the sides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from latentalign.errors import InputError
from latentalign.formats.lines import Line, Source, one_line, read_lines, source_name
from latentalign.formats.policy import attempt
from latentalign.text.pairs import Failure, TextPair

BARS, TAB = "|||", "\t"
_NAMES = {BARS: "'|||'", TAB: "TAB", None: "TAB or '|||'"}


def read(
    source: Source, target: Source | None = None, *, separator: str | None = None, tokenized: bool = False
) -> Iterator[TextPair | Failure]:
    r"""Yield one pair a line, or a failure in its place.

    Args:
        source: the source side, or both sides if there is no ``target``: a path, ``-`` or an open binary stream.
        target: the target side.
        separator: ``|||`` or a TAB, between the sides of one source; None goes by the first line that has either:
            TAB if there is exactly one (``paste a.txt b.txt``), else ``|||`` if it is there (fast_align).
        tokenized: the words are what stands between whitespace.

    Yields:
        a pair, or a failure for a line that is not UTF-8, is blank on a side (or on both), or has not one separator.

    Raises:
        InputError: the sources differ in their number of lines, which makes every pair doubtful and so is no failure
            of one record; the message names both and counts both. A source that cannot be read or is empty.

    >>> import io
    >>> [(pair.source, pair.target) for pair in read(io.BytesIO(b"the cat ||| le chat\n"))]
    [('the cat', 'le chat')]
    """
    if separator not in (None, BARS, TAB):
        raise InputError(wanted="'|||' or a TAB between the sides", came=repr(separator), where="separator")
    if target is None:
        return _from_one(source, separator, tokenized=tokenized)
    if source == target == "-":
        raise InputError(
            wanted="two sources", came="'-' twice", fix="paste the files together and give one '-', or name one of them"
        )
    return _from_two(source, target, tokenized=tokenized)


def write(record: TextPair | Failure, *, separator: str = BARS) -> str:
    r"""Return a pair as one line without its line break; a failure is an empty line.

    A tab or line break inside a text becomes a space, as they would end the field.

    Raises:
        InputError: a text holds the separator ``|||``.

    >>> write(TextPair(source="the cat", target="le chat"))
    'the cat ||| le chat'
    """
    if isinstance(record, Failure):
        return ""
    sides = one_line(record.source), one_line(record.target)
    if separator == TAB:
        return TAB.join(sides)
    for text in sides:
        if BARS in text:
            raise InputError(
                wanted="texts without '|||'", came=repr(text[:80]), where=record.where, fix="write tsv or jsonl"
            )
    return f" {BARS} ".join(sides)


def _from_two(source: Source, target: Source, *, tokenized: bool) -> Iterator[TextPair | Failure]:
    def parse(sides: tuple[Line, Line]) -> TextPair:
        left, right = sides
        where = f"{left.where}, {right.where}"
        pair = _pair(left.text, right.text, where=where, tokenized=tokenized)
        return pair.check_not_blank(places=(left.where, right.where))

    left_lines, right_lines = read_lines(source, may_be_empty=True), read_lines(target, may_be_empty=True)
    count = -1
    for count, (left, right) in enumerate(itertools.zip_longest(left_lines, right_lines)):
        if left is None or right is None:
            longer = count + 1 + sum(1 for _ in (right_lines if left is None else left_lines))
            raise _unequal(source, target, (count, longer) if left is None else (longer, count))
        yield attempt(parse, (left, right))
    if count < 0:
        raise InputError(wanted="lines", came="two empty files", where=f"{source_name(source)}, {source_name(target)}")


def _unequal(source: Source, target: Source, counts: tuple[int, int]) -> InputError:
    names = source_name(source), source_name(target)
    return InputError(
        wanted="the same number of lines on both sides",
        came=f"{counts[0]} in {names[0]} and {counts[1]} in {names[1]}",
        fix="the sides must be parallel line by line; look for a line break or a blank line too many",
    )


def _from_one(source: Source, separator: str | None, *, tokenized: bool) -> Iterator[TextPair | Failure]:
    def parse(line: Line) -> TextPair:
        text = line.text
        fields = text.split(separator) if separator else [text]
        if len(fields) != 2:
            raise InputError(
                wanted=f"source and target with one {_NAMES[separator]} between",
                came=f"{len(fields)} column{'s' * (len(fields) != 1)}",
                where=line.where,
                fix="give two files, or another input format",
            )
        if separator == BARS:
            fields = [fields[0].removesuffix(" "), fields[1].removeprefix(" ")]
        return _pair(*fields, where=line.where, tokenized=tokenized).check_not_blank()

    for line in read_lines(source):
        separator = separator or _separator(line.raw)
        yield attempt(parse, line)


def _separator(line: bytes) -> str | None:
    """Return what separates the sides of a line, or None if nothing does."""
    tabs = line.count(b"\t")
    if BARS.encode() in line and tabs != 1:
        return BARS
    return TAB if tabs else None


def _pair(source: str, target: str, *, where: str, tokenized: bool) -> TextPair:
    make = TextPair.from_tokens if tokenized else TextPair
    return make(source=source, target=target, where=where)
