r"""The terms of an ontology in OBO format (1.2 and 1.4): names, synonyms and parents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from latentalign.errors import InputError
from latentalign.formats.lines import Source, read_lines

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}


@dataclass(kw_only=True)
class Term:
    """A term of an ontology.

    Args:
        id: such as ``HP:0001250``.
        name: of the term; empty if it has none.
        synonyms: (text, scope) where the scope is ``EXACT``, ``NARROW``, ``BROAD``, ``RELATED`` or empty.
        parents: ids of ``is_a``.
        others: other ids of the same term (``alt_id``).
        definition: what it means, if that is said.
        obsolete: whether it is no longer to be used.
    """

    id: str
    name: str = ""
    synonyms: list[tuple[str, str]] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    definition: str = ""
    obsolete: bool = False


def read(source: Source) -> Iterator[Term]:
    r"""Yield the terms of an OBO file, one at a time; other stanzas and tags are passed over.

    Args:
        source: a path, plain or gzipped, ``-``, or an open binary stream.

    Raises:
        InputError: a source that cannot be read, a term without an id, or a file without any term.

    >>> import io
    >>> text = b'[Term]\nid: X:1\nname: fever\nsynonym: "high temperature" EXACT []\n\n[Typedef]\nid: part_of\n'
    >>> [(term.id, term.name, term.synonyms) for term in read(io.BytesIO(text))]
    [('X:1', 'fever', [('high temperature', 'EXACT')])]
    """
    tags: dict[str, list[str]] | None = None
    where, count = "", 0
    for line in read_lines(source):
        text = line.text.strip()
        if text.startswith("["):
            if tags is not None:
                count += 1
                yield _term(tags, where)
            tags, where = ({} if text == "[Term]" else None), line.where
        elif tags is not None and text and not text.startswith("!"):
            tag, _, value = text.partition(":")
            tags.setdefault(tag.strip(), []).append(value.strip())
    if tags is not None:
        count += 1
        yield _term(tags, where)
    if not count:
        raise InputError(wanted="an OBO file with [Term] stanzas", came="none", where=where or str(source))


def _term(tags: dict[str, list[str]], where: str) -> Term:
    if not tags.get("id") or not tags["id"][0]:
        raise InputError(wanted="a term with an id", came="one without", where=where)
    definition = _QUOTED.match(tags.get("def", [""])[0])
    return Term(
        id=_plain(tags["id"][0]),
        name=_unescaped(_plain(tags.get("name", [""])[0])),
        synonyms=[(_unescaped(one[1]), one[2]) for text in tags.get("synonym", ()) if (one := _QUOTED.match(text))],
        parents=[_plain(one).split(" ")[0] for one in tags.get("is_a", ())],
        others=[_plain(one) for one in tags.get("alt_id", ())],
        definition=_unescaped(definition[1]) if definition else "",
        obsolete=tags.get("is_obsolete", [""])[0].startswith("true"),
    )


def _plain(value: str) -> str:
    """Return a value without the comment behind it."""
    return value.partition(" ! ")[0].strip()


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value)
