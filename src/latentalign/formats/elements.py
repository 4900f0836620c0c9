"""XML read one element at a time, with entities, DTDs and the network off, and written with every character escaped."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Literal

from latentalign.errors import InputError
from latentalign.formats.lines import Source, read_chunks, source_name
from latentalign.registry import require
from latentalign.text.tags import OPAQUE

DEEPEST = 200
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFUSED = "a document type that declares entities"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_TEXT = str.maketrans(_ESCAPES)
_ATTRIBUTE = str.maketrans(_ESCAPES | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
_XML = "http://www.w3.org/XML/1998/namespace"


def read_elements(source: Source, names: frozenset[str]) -> Iterator[tuple[Literal["start", "end"], Any]]:
    """Yield the start and the end of the root and of the elements with one of these names (without namespace).

    At its start an element has its attributes only; after its end has been dealt with, what is in it and before it is
    dropped. Comments and processing instructions are left out.

    Args:
        source: a path, ``-`` or an open binary stream; gzip is unpacked.
        names: of the elements.

    Raises:
        InputError: not well-formed, or a document type that declares entities, which could name files or grow without
            bound; an external DTD is accepted by name (TMX has one) and not loaded. A text of more than 10 MB or
            nesting beyond the limits of libxml2. The message names file and line.

    Cost: memory for one element of those names, whatever the size of the file.
    """
    etree = require("lxml.etree", extra="xml")
    parser = etree.XMLPullParser(events=("start", "end"), remove_comments=True, remove_pis=True, **_safely())
    checked = False
    for chunk in itertools.chain(read_chunks(source), [None]):
        _feed(parser, chunk, etree, source_name(source))
        for event, element in parser.read_events():
            if not checked:
                _check_document_type(element, source_name(source))
                checked = True
                yield "start", element
            elif local_name(element) in names:
                yield event, element
                if event == "end":
                    _drop(element)


def _feed(parser: Any, chunk: bytes | None, etree: Any, name: str) -> None:
    """Give the parser the next chunk, or its end."""
    try:
        if chunk is None:
            parser.close()
        else:
            parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        raise InputError(
            wanted="well-formed XML",
            came=(error.msg or "nothing").rstrip(". "),
            where=f"{name}:{error.lineno or 1}",
            fix="check the file with xmllint --noout",
        ) from None


def parse_fragment(markup: str, *, where: str = "") -> Any:
    """Return an element around some inline markup, to check it or to look into it.

    Raises:
        InputError: not well-formed.
    """
    etree = require("lxml.etree", extra="xml")
    try:
        return etree.fromstring(f"<fragment>{markup}</fragment>", etree.XMLParser(**_safely()))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(
            wanted="inline elements that are well-formed XML",
            came=str(getattr(error, "msg", None) or error),
            where=where,
            fix="close every element, and write '<' as '&lt;' and '&' as '&amp;'",
        ) from None


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace; empty for what is no element."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def inner_text(element: Any, *, where: str) -> str:
    """Return the text of a segment: its inline elements are left out, and so is the code inside them.

    Raises:
        InputError: a reference to an entity, or nesting deeper than 200.
    """
    return "".join(_texts(element, where, 0))


def inner_markup(element: Any, *, where: str) -> str:
    """Return the content of a segment as markup: its inline elements stay.

    Raises:
        InputError: a reference to an entity, or nesting deeper than 200.
    """
    return "".join(_markup(element, where, 0))


def text_content(text: str, *, where: str = "") -> str:
    r"""Return a text as the content of an element.

    Raises:
        InputError: a character that XML cannot hold, such as U+0000.

    >>> text_content("a < b & c\r\n")
    'a &lt; b &amp; c&#13;\n'
    """
    return _legal(text, where).translate(_TEXT)


def attribute(text: str, *, where: str = "") -> str:
    """Return a text as the quoted value of an attribute.

    Raises:
        InputError: a character that XML cannot hold.

    >>> attribute('a "b"')
    '"a &quot;b&quot;"'
    """
    return f'"{_legal(text, where).translate(_ATTRIBUTE)}"'


def segment_content(text: str, *, markup: bool, where: str = "") -> str:
    """Return a text, or markup once it has been checked, as the content of a segment.

    Raises:
        InputError: a character that XML cannot hold, or markup that is not well-formed.
    """
    if not markup:
        return text_content(text, where=where)
    parse_fragment(text, where=where)
    return text.replace("\r", "&#13;")


def _safely() -> dict[str, Any]:
    return {
        "resolve_entities": False,
        "load_dtd": False,
        "no_network": True,
        "dtd_validation": False,
        "attribute_defaults": False,
        "huge_tree": False,
        "recover": False,
    }


def _check_document_type(root: Any, name: str) -> None:
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and next(declared.iterentities(), None) is not None:
        raise InputError(
            wanted="XML without entities of its own",
            came=_REFUSED,
            where=f"{name}:1",
            fix="write the text itself in place of the entities",
        )


def _drop(element: Any) -> None:
    """Free what is in an element and before it."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _texts(element: Any, where: str, depth: int) -> Iterator[str]:
    _check(element, where, depth)
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name == "cp" and child.get("hex"):
            yield _character(child.get("hex"), where)
        elif name not in OPAQUE:
            yield from _texts(child, where, depth + 1)
        yield child.tail or ""


def _markup(element: Any, where: str, depth: int) -> Iterator[str]:
    _check(element, where, depth)
    yield (element.text or "").translate(_TEXT)
    for child in element:
        name, attributes = _opening(child)
        content = "".join(_markup(child, where, depth + 1))
        yield f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"
        yield (child.tail or "").translate(_TEXT)


def _opening(element: Any) -> tuple[str, str]:
    """Return the name of an element with its prefix, and its attributes; a prefix that is used is declared."""
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix} | {_XML: "xml"}
    used, parts = {element.prefix} - {None}, []
    for key, value in element.attrib.items():
        uri, _, name = key.removeprefix("{").rpartition("}")
        if uri:
            used.add(prefixes[uri])
            name = f"{prefixes[uri]}:{name}"
        parts.append(f" {name}={attribute(value)}")
    declared = [f" xmlns:{prefix}={attribute(element.nsmap[prefix])}" for prefix in sorted(used - {"xml"})]
    name = f"{element.prefix}:{local_name(element)}" if element.prefix else local_name(element)
    return name, "".join([*declared, *parts])


def _check(element: Any, where: str, depth: int) -> None:
    if depth > DEEPEST:
        raise InputError(wanted=f"at most {DEEPEST} nested elements", came="more", where=where)
    if not isinstance(element.tag, str):
        raise InputError(
            wanted="text and elements", came=f"the entity {element.text}", where=where, fix="write the text itself"
        )


def _character(code: str, where: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        raise InputError(wanted="a character code", came=f"hex={code!r}", where=where) from None


def _legal(text: str, where: str) -> str:
    found = _ILLEGAL.search(text)
    if found:
        raise InputError(
            wanted="characters that XML can hold",
            came=f"U+{ord(found[0]):04X} at position {found.start()}",
            where=where,
            fix="remove it, or write jsonl",
        )
    return text
