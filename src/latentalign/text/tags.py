"""Markup cut into text and tags, each verbatim: HTML, XML, and the inline elements of TMX and XLIFF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from latentalign.errors import InputError

Syntax = Literal["html", "xml"]
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
SPACING = frozenset(  # elements that stand between words, whether or not a space does
    "address article aside blockquote br button caption dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 "  # noqa: SIM905
    "header hr img input label li main nav ol option p pre section select table tbody td textarea tfoot th thead tr ul "
    "video".split()
)
OPAQUE = frozenset({"bpt", "ept", "ph", "it", "ut"})  # TMX and XLIFF: what is inside is code, no text
STARTS = frozenset({"bpt", "bx", "sc", "sm"})  # elements that begin a pair by their name and a key ...
ENDS = frozenset({"ept", "ex", "ec", "em"})  # ... and those that end it
_TAG = re.compile(r"<(/?)([A-Za-z_][\w:.-]*)((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_SECTIONS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", "<!": ">"}
_KEYS = re.compile(r"\s(i|rid|startRef|id)\s*=\s*[\"']([^\"']*)")
_LINE_BREAK = re.compile(r"[\"'](?:x-)?lb[\"']|&lt;br\b")
_UNQUOTED = re.compile(r"=[^\s\"'>]*/$")


class Piece(NamedTuple):
    """A stretch of markup.

    Args:
        kind: ``text``; ``open`` and ``close``, which must nest; ``start`` and ``end``, a pair of codes by their key;
            ``void``, a tag by itself; ``literal``, the text of a CDATA section.
        raw: as it stands in the markup.
        at: its position there.
        name: of the element; in lower case for HTML.
        key: what a ``start`` and its ``end`` share.
        spacing: it separates words.
    """

    kind: Literal["text", "open", "close", "start", "end", "void", "literal"]
    raw: str
    at: int
    name: str = ""
    key: str = ""
    spacing: bool = False


def read_pieces(markup: str, *, syntax: Syntax = "html") -> Iterator[Piece]:
    """Yield the pieces of some markup; joined again, they are the markup.

    A ``<`` that no name, ``/``, ``!`` or ``?`` follows is text. Comments and processing instructions are void; so are,
    with all that is in them, ``script`` and ``style`` in HTML and the code elements of TMX and XLIFF.

    Args:
        markup: HTML or XML, most often the inline content of one segment.
        syntax: ``html`` knows elements without an end tag (``br``); in ``xml`` they end in ``/>``.

    Raises:
        InputError: a tag, comment or section that does not end; the message names its position.

    Cost: linear.

    >>> [(piece.kind, piece.raw) for piece in read_pieces("a <b>cat</b><br>")]
    [('text', 'a '), ('open', '<b>'), ('text', 'cat'), ('close', '</b>'), ('void', '<br>')]
    """
    scanned = _scanned(markup, syntax)
    for piece in scanned:
        if syntax == "xml" and piece.kind == "open" and piece.name in OPAQUE:
            raw = markup[piece.at : _end_of(piece, scanned)]
            yield piece._replace(kind=_code(piece.name), raw=raw, spacing=bool(_LINE_BREAK.search(raw)))
        else:
            yield piece


def _scanned(markup: str, syntax: Syntax) -> Iterator[Piece]:
    """Yield the pieces with code elements still in parts."""
    position = read = 0
    while (found := markup.find("<", position)) >= 0:
        position = found + 1
        if not _begins_a_tag(markup, found):
            continue
        if found > read:
            yield Piece("text", markup[read:found], found)
        piece = _section(markup, found) or _tag(markup, found, syntax)
        yield piece
        position = read = found + len(piece.raw)
    if read < len(markup):
        yield Piece("text", markup[read:], read)


def _begins_a_tag(markup: str, at: int) -> bool:
    following = markup[at + 1 : at + 2]
    return following in {"/", "!", "?", "_"} or (following.isascii() and following.isalpha())


def _section(markup: str, at: int) -> Piece | None:
    for opening, closing in _SECTIONS.items():
        if markup.startswith(opening, at):
            end = markup.find(closing, at + len(opening))
            if end < 0:
                raise unusable(f"{closing!r} after {opening!r}", "the end of the text", at)
            raw = markup[at : end + len(closing)]
            return Piece("literal" if opening == "<![CDATA[" else "void", raw, at)
    return None


def _tag(markup: str, at: int, syntax: Syntax) -> Piece:
    match = _TAG.match(markup, at)
    if match is None:
        raise unusable("a tag that ends in '>'", repr(markup[at : at + 30]), at)
    slash, name, attributes = match.groups()
    if syntax == "html":
        name = name.lower()
    spacing = syntax == "html" and name in SPACING
    if slash:
        return Piece("close", match[0], at, name, spacing=spacing)
    if syntax == "html" and name in {"script", "style"}:
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(markup, match.end())
        if end is None:
            raise unusable(f"</{name}>", "the end of the text", at)
        return Piece("void", markup[at : end.end()], at, name)
    key = _key(attributes, name)
    if _is_void(name, attributes, syntax):
        kind = _code(name) if syntax == "xml" else "void"
        return Piece(kind, match[0], at, name, key, spacing or bool(_LINE_BREAK.search(match[0])))
    return Piece("open", match[0], at, name, key, spacing)


def _is_void(name: str, attributes: str, syntax: Syntax) -> bool:
    if syntax == "html":
        return name in VOID or (attributes.endswith("/") and not _UNQUOTED.search(attributes))
    return attributes.endswith("/")


def _code(name: str) -> Literal["start", "end", "void"]:
    return "start" if name in STARTS else "end" if name in ENDS else "void"


def _key(attributes: str, name: str) -> str:
    """Return what pairs a code with its partner: ``i`` in TMX, ``rid`` or ``id`` in XLIFF 1.2, ``startRef`` in 2.0."""
    if name not in STARTS | ENDS:
        return ""
    found: dict[str, str] = dict(_KEYS.findall(attributes))
    return next((found[key] for key in ("i", "rid", "startRef", "id") if key in found), "")


def _end_of(opening: Piece, scanned: Iterator[Piece]) -> int:
    """Return where the element ends, and take all its pieces."""
    depth = 1
    for piece in scanned:
        if piece.name == opening.name:
            depth += {"open": 1, "close": -1}.get(piece.kind, 0)
        if not depth:
            return piece.at + len(piece.raw)
    raise unusable(f"</{opening.name}>", "the end of the text", opening.at)


def unusable(wanted: str, came: str, at: int) -> InputError:
    """Return the error for markup that cannot be taken apart."""
    return InputError(
        wanted=wanted, came=came, where=f"markup at position {at}", fix="mend the markup, or write '<' as '&lt;'"
    )
