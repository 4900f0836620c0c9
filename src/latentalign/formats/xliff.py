"""XLIFF 1.2, 2.0 and 2.1: one segment a pair, inline elements kept on request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from latentalign.errors import InputError
from latentalign.formats.elements import attribute, inner_markup, inner_text, local_name, read_elements, segment_content
from latentalign.formats.lines import Source, source_name
from latentalign.formats.policy import attempt
from latentalign.formats.tmx import Kept
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence

Version = Literal["1.2", "2.0", "2.1"]
_NAMESPACES = {"1": "urn:oasis:names:tc:xliff:document:1.2", "2": "urn:oasis:names:tc:xliff:document:2.0"}
_TOKEN = re.compile(r"[\w.-]+", re.ASCII)


def read(source: Source, *, markup: Kept = "none", tokenized: bool = False) -> Iterator[TextPair | Failure]:
    """Yield one pair a segment, or a failure in its place.

    In 1.2 a pair is a ``trans-unit`` and its id; ``alt-trans`` and ``seg-source`` are not read. In 2.x it is a
    ``segment``, and its id that of its ``unit``, with ``/`` and its own where a unit has several.

    Args:
        source: a path, ``-`` or an open binary stream; gzip is unpacked.
        markup: on which sides the inline elements (``g``, ``x``, ``pc``, ``ph`` ...) stay, the text then being XML; on
            the others they are left out with the code inside them.
        tokenized: words are what stands between whitespace, for sides without markup.

    Yields:
        a pair, or a failure for a segment that is blank on a side, such as one without a ``target``.

    Raises:
        InputError: not XLIFF 1.2, 2.0 or 2.1, not well-formed, with entities of its own, or empty; the message names
            file and line.

    Cost: memory for one unit. The package lxml, extra ``[xml]``.

    References:
        OASIS, XLIFF 1.2 (2008), 2.0 (2014), 2.1 (2018).
    """
    name = source_name(source)

    def parse(found: tuple[Any, str | None]) -> TextPair:
        segment, label = found
        where = f"{name}:{segment.sourceline}"
        left = _side(segment, "source", kept=markup != "none", where=where)
        right = _side(segment, "target", kept=markup == "both", where=where)
        make = TextPair.from_tokens if tokenized and markup == "none" else TextPair
        return make(source=left, target=right, id=label, where=where).check_not_blank()

    for number, (event, element) in enumerate(read_elements(source, frozenset({"trans-unit", "unit"}))):
        if not number:
            _check_root(element, name)
        elif event == "end":
            yield from (attempt(parse, found) for found in _segments(element))


def write(
    record: Evidence | TextPair | Failure, *, version: Version = "1.2", markup: bool = False, number: int = 1
) -> str:
    """Return a pair as one ``trans-unit`` or ``unit``; a failure is nothing.

    Args:
        record: the pair, or a result of which the texts are written.
        version: of XLIFF.
        markup: the texts are XML and go in as they are.
        number: names a record without an id, or with one that XLIFF 2 cannot have.

    Raises:
        InputError: a character that XML cannot hold, or markup that is not well-formed.

    >>> write(TextPair(source="a & b", target="a et b", id="7"))
    '<trans-unit id="7"><source>a &amp; b</source><target>a et b</target></trans-unit>'
    """
    if isinstance(record, Failure):
        return ""
    where = getattr(record, "where", "") or record.id or ""
    texts = "".join(
        f"<{name}>{segment_content(text, markup=markup, where=where)}</{name}>"
        for name, text in (("source", record.source), ("target", record.target))
    )
    label = record.id if record.id and (version == "1.2" or _TOKEN.fullmatch(record.id)) else f"u{number}"
    if version == "1.2":
        return f"<trans-unit id={attribute(label, where=where)}>{texts}</trans-unit>"
    return f"<unit id={attribute(label)}><segment>{texts}</segment></unit>"


def write_file(
    records: Iterable[Evidence | TextPair | Failure],
    *,
    version: Version = "1.2",
    source_language: str = "und",
    target_language: str = "und",
    markup: bool = False,
) -> Iterator[str]:
    """Yield a whole XLIFF file in pieces, one a unit, each with its line break."""
    space, left, right = _NAMESPACES[version[0]], attribute(source_language), attribute(target_language)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    if version == "1.2":
        yield f'<xliff version="1.2" xmlns="{space}">\n<file original="latentalign" datatype="plaintext" '
        yield f"source-language={left} target-language={right}>\n<body>\n"
    else:
        yield f'<xliff version="{version}" xmlns="{space}" srcLang={left} trgLang={right}>\n<file id="f1">\n'
    for number, record in enumerate(records, 1):
        unit = write(record, version=version, markup=markup, number=number)
        if unit:
            yield unit + "\n"
    yield "</body>\n</file>\n</xliff>\n" if version == "1.2" else "</file>\n</xliff>\n"


def _check_root(root: Any, name: str) -> None:
    version = root.get("version", "none")
    if local_name(root) != "xliff" or version not in {"1.0", "1.1", "1.2", "2.0", "2.1"}:
        raise InputError(
            wanted="XLIFF 1.2, 2.0 or 2.1",
            came=f"<{local_name(root)}> of version {version}",
            where=f"{name}:{root.sourceline}",
        )


def _segments(unit: Any) -> Iterator[tuple[Any, str | None]]:
    """Yield the elements of a unit that hold a source and a target, with their ids."""
    if local_name(unit) == "trans-unit":
        yield unit, unit.get("id")
        return
    segments = [child for child in unit if local_name(child) == "segment"]
    label = unit.get("id", "")
    for number, segment in enumerate(segments, 1):
        yield segment, label if len(segments) == 1 else f"{label}/{segment.get('id', number)}"


def _side(segment: Any, name: str, *, kept: bool, where: str) -> str:
    element = next((child for child in segment if local_name(child) == name), None)
    if element is None:
        return ""
    return inner_markup(element, where=where) if kept else inner_text(element, where=where)
