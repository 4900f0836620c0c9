"""Pharaoh links: one line a pair, ``i-j`` for a link from source unit i to target unit j."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from latentalign.errors import InputError
from latentalign.formats.lines import Line, Source, read_lines, source_name
from latentalign.formats.policy import attempt
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence

_LINK = re.compile(r"([0-9]{1,9})([-?p])([0-9]{1,9})(?::([0-9.eE+-]+))?")


class IndexedLink(NamedTuple):
    """A link by the indices of its units, counted from 0.

    Args:
        source, target: index of the unit.
        weight: probability of the link; 1 where none was written.
        possible: whether annotators called it possible (``i?j`` or ``ipj``) and not sure (``i-j``).
    """

    source: int
    target: int
    weight: float = 1.0
    possible: bool = False


def parse_links(
    text: str, *, base: int = 0, size: tuple[int, int] | None = None, where: str = ""
) -> tuple[IndexedLink, ...]:
    """Return the links of one line, in its order.

    Sure links are ``i-j``; possible ones ``i?j`` or ``ipj``, as in the gold files of simalign and awesome-align. No
    tool has set a form for probabilities; here it is ``i-j:0.87``.

    Args:
        text: the line; an empty one has no links.
        base: 0 or 1, what the line counts from.
        size: the number of source and target units; a link outside is an error.
        where: the file and line, for messages.

    Raises:
        InputError: something that is no link, or a link outside the sentences; the message quotes it.

    >>> parse_links("1-1 2?3:0.5", base=1)
    (IndexedLink(source=0, target=0, weight=1.0, possible=False),
     IndexedLink(source=1, target=2, weight=0.5, possible=True))
    """
    _check_base(base)
    return tuple(_link(word, base, size, where) for word in text.split())


def read(
    source: Source, *, base: int = 0, sizes: Iterable[tuple[int, int]] | None = None
) -> Iterator[tuple[IndexedLink, ...] | Failure]:
    r"""Yield the links of each line, or a failure in its place.

    Args:
        source: a path, ``-`` or an open binary stream.
        base: 0 or 1, what the file counts from.
        sizes: the number of source and target units of each line, to find links outside.

    Raises:
        InputError: a source that cannot be read, or one with more or fewer lines than ``sizes``.

    >>> import io
    >>> [len(links) for links in read(io.BytesIO(b"0-0 1-2\n\n"))]
    [2, 0]
    """
    _check_base(base)
    return _read(source, base, sizes)


def write(record: Evidence | Failure, *, base: int = 0, probabilities: bool = False) -> str:
    """Return the links as one line, sorted, without its line break; a failure is an empty line.

    The indices count the units of the evidence: for whitespace tokens, align with ``tokenized``.

    Args:
        record: the result or failure.
        base: 0 or 1, what to count from.
        probabilities: write ``i-j:0.87``, with four significant digits.

    >>> from latentalign.testing.examples import evidence
    >>> write(evidence("the cat", "le chat", {("the", "le"): 0.9, ("cat", "chat"): 0.8}), probabilities=True)
    '0-0:0.9 1-1:0.8'
    """
    _check_base(base)
    if isinstance(record, Failure):
        return ""
    links = sorted(record.indexed_links())
    return " ".join(f"{i + base}-{j + base}" + (f":{weight:.4g}" if probabilities else "") for i, j, weight in links)


def _read(
    source: Source, base: int, sizes: Iterable[tuple[int, int]] | None
) -> Iterator[tuple[IndexedLink, ...] | Failure]:
    def parse(numbered: tuple[Line, tuple[int, int] | None]) -> tuple[IndexedLink, ...]:
        line, size = numbered
        return parse_links(line.text, base=base, size=size, where=line.where)

    if sizes is None:
        yield from (attempt(parse, (line, None)) for line in read_lines(source))
        return
    for count, (line, size) in enumerate(itertools.zip_longest(read_lines(source), sizes)):
        if line is None or size is None:
            came = f"{count} lines" if line is None else f"more than {count} lines"
            raise InputError(wanted="one line of links a pair", came=came, where=source_name(source))
        yield attempt(parse, (line, size))


def _link(word: str, base: int, size: tuple[int, int] | None, where: str) -> IndexedLink:
    match = _LINK.fullmatch(word)
    if match is None:
        raise InputError(wanted="links as 'i-j', 'i?j' or 'i-j:0.87'", came=repr(word[:40]), where=where)
    source, target = int(match[1]) - base, int(match[3]) - base
    if source < 0 or target < 0:
        raise InputError(wanted="links that count from 1", came=repr(word), where=where, fix="read it with base 0")
    if size is not None and (source >= size[0] or target >= size[1]):
        raise InputError(
            wanted=f"a link between {size[0]} source and {size[1]} target units, counted from {base}",
            came=repr(word),
            where=where,
            fix="check that the files belong together, the base, and the order of source and target",
        )
    return IndexedLink(source, target, _weight(match[4], word, where), match[2] != "-")


def _weight(written: str | None, word: str, where: str) -> float:
    if written is None:
        return 1.0
    try:
        weight = float(written)
    except ValueError:
        weight = math.nan
    if not 0.0 <= weight < math.inf:
        raise InputError(wanted="a probability after ':'", came=repr(word[:40]), where=where)
    return weight


def _check_base(base: int) -> None:
    if base not in (0, 1):
        raise InputError(wanted="0 or 1", came=repr(base), where="base")
