"""OBO: the line format of biomedical ontologies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept, Kind, distinct
from latentalign.formats.lines import Source, read_lines, source_name
from latentalign.text.pairs import Failure

_KINDS: dict[str, Kind] = {"Term": "class", "Typedef": "property", "Instance": "individual"}
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*([A-Z]*)')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_COMMENT = re.compile(r"(?<!\\)\s!\s.*$")
_MODIFIERS = re.compile(r"\s*\{[^{}]*\}\s*$")

Stanza = list[tuple[str, str]]


def read(source: Source, *, obsolete: bool = False) -> Iterator[Concept | Failure]:
    r"""Yield the terms, relations and instances of an OBO file (1.2 or 1.4).

    Exact and related synonyms are synonyms; broad and narrow ones are ``near``. ``relationship`` becomes a relation;
    the definition of a class as an intersection is not read.

    Args:
        source: a path, ``-`` or an open binary stream.
        obsolete: yield the obsolete ones too.

    Yields:
        a concept, or a failure for a stanza without an id or a name.

    Raises:
        InputError: a source that cannot be read, is empty or is no UTF-8.

    >>> import io
    >>> text = b'[Term]\nid: HP:2\nname: Seizure\nsynonym: "Fits" EXACT []\nis_a: HP:1 ! Abnormality\n'
    >>> found = next(read(io.BytesIO(text)))
    >>> found.id, found.synonyms, found.parents
    ('HP:2', ('Fits',), ('HP:1',))

    References:
        The OBO Flat File Format Syntax and Semantics, 1.4, section 2.
    """
    for kind, number, stanza in _stanzas(source):
        if kind in _KINDS and (obsolete or ("is_obsolete", "true") not in stanza):
            where = f"{source_name(source)}:{number}"
            try:
                yield _concept(stanza, _KINDS[kind], where)
            except InputError as error:
                yield Failure(error=error)


def _stanzas(source: Source) -> Iterator[tuple[str, int, Stanza]]:
    """Yield the kind, the line and the (tag, value) pairs of each stanza; the head of the file has the kind ``""``."""
    kind, start, stanza = "", 1, Stanza()
    for line in read_lines(source):
        text = line.text.strip()
        if text.startswith("[") and text.endswith("]"):
            yield kind, start, stanza
            kind, start, stanza = text[1:-1], line.number, Stanza()
        elif text and not text.startswith("!"):
            tag, found, value = text.partition(":")
            if found:
                stanza.append((tag.strip(), value.strip()))
    yield kind, start, stanza


def _concept(stanza: Stanza, kind: Kind, where: str) -> Concept:
    names = [_plain(value) for tag, value in stanza if tag == "id"]
    label = [_plain(value) for tag, value in stanza if tag == "name"]
    if not names or not (label or kind == "property"):
        raise InputError(wanted="a stanza with an id and a name", came=f"{len(stanza)} other tags", where=where)
    scoped = [_synonym(value) for tag, value in stanza if tag == "synonym"]
    return Concept(
        id=names[0],
        label=(label or names)[0],
        synonyms=distinct(text for text, scope in scoped if scope not in ("BROAD", "NARROW")),
        near=distinct(text for text, scope in scoped if scope in ("BROAD", "NARROW")),
        definition=next((_synonym(value)[0] for tag, value in stanza if tag == "def"), ""),
        parents=distinct(_plain(value) for tag, value in stanza if tag == "is_a"),
        types=distinct(_plain(value) for tag, value in stanza if tag == "namespace"),
        alternatives=distinct(_plain(value) for tag, value in stanza if tag == "alt_id"),
        relations=tuple(_relations(stanza)),
        kind=kind,
        where=where,
    )


def _relations(stanza: Stanza) -> Iterator[tuple[str, str]]:
    for tag, value in stanza:
        parts = _plain(value).split()
        if tag == "relationship" and len(parts) >= 2:
            yield parts[0], parts[1]
        elif tag in ("domain", "range", "inverse_of") and parts:
            yield tag, parts[0]


def _plain(value: str) -> str:
    """Return a value without its comment, its modifiers and its escapes."""
    return _unescaped(_MODIFIERS.sub("", _COMMENT.sub("", value)).strip())


def _synonym(value: str) -> tuple[str, str]:
    """Return the quoted text of a value and the word after it."""
    match = _QUOTED.match(value)
    return (_unescaped(match[1]), match[2]) if match else (_plain(value), "")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)
