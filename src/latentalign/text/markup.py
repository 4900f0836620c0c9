"""A text with inline tags taken apart: the plain text, and the tags with the places they stand at."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from latentalign.errors import UnknownNameError
from latentalign.registry import nearest
from latentalign.text.characters import check_text
from latentalign.text.tags import Piece, Syntax, read_pieces, unusable

DEEPEST = 200
PLACEHOLDER = re.compile(
    r"\{\{[^{}\s]{1,80}\}\}|\$?\{[\w.:,#-]{0,80}\}"
    r"|(?<![0-9%])%(?:\(\w{1,80}\)|[0-9]{1,3}\$)?[-+#0]?[0-9]{0,3}(?:\.[0-9]{1,3})?[sdifuxXgGeEo@](?!\w)"
)
_XML_REFERENCE = re.compile(r"&(?:#(?P<decimal>[0-9]{1,7})|#x(?P<hex>[0-9a-fA-F]{1,6})|(?P<name>amp|lt|gt|quot|apos));")


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A tag, or a pair of tags, and what it stands around.

    Args:
        opening, closing: verbatim; ``closing`` is empty for a tag by itself (``<br/>``, a comment, ``{0}``).
        start, end: code points of the plain text; equal if no text is inside.
        parent: index of the pair around it, None at the top.
        placeholder: it stands for words, as ``{0}`` and ``%s`` do.
    """

    opening: str
    closing: str
    start: int
    end: int
    parent: int | None = None
    placeholder: bool = False


@dataclass(frozen=True, kw_only=True)
class Markup:
    """Plain text with its tags.

    Args:
        text: references decoded, tags left out; a space where only a tag such as ``<br/>`` separated two words.
        tags: in the order in which they open.
    """

    text: str
    tags: tuple[Tag, ...]


def parse_markup(markup: str, *, syntax: Syntax = "html", present: Mapping[str, int] | None = None) -> Markup:
    """Return the text of some markup, and its tags with their places.

    Elements must nest and end; ``br`` and its like need not in HTML. The codes ``bpt`` and ``ept`` (TMX, XLIFF 1.2),
    ``bx`` and ``ex``, ``sc`` and ``ec`` are a pair if their keys say so and they nest with the elements around them;
    otherwise each is a tag by itself.

    Args:
        markup: the inline content of one segment.
        syntax: ``html`` or ``xml``.
        present: how often each placeholder stands in the translation; as many, from the first on, stay in the text
            and the others are tags.

    Raises:
        InputError: a tag that does not end, that ends nothing, that crosses another, or that is nested too deep; the
            message names its position.
        UnknownNameError: a syntax that does not exist.

    Cost: linear.

    >>> parsed = parse_markup("the <b>black <i>cat</i></b> &amp; %s")
    >>> parsed.text
    'the black cat & '
    >>> [(tag.opening, parsed.text[tag.start : tag.end]) for tag in parsed.tags]
    [('<b>', 'black cat'), ('<i>', 'cat'), ('%s', '')]
    """
    if syntax not in ("html", "xml"):
        raise UnknownNameError(
            wanted="a syntax of markup", came=repr(syntax), where="syntax", fix=nearest(syntax, ("html", "xml"))
        )
    pieces = list(read_pieces(check_text(markup, where="markup"), syntax=syntax))
    reading = _Reading(syntax=syntax, present=Counter(present or {}))
    partners = _partners(pieces)
    for index, piece in enumerate(pieces):
        reading.take(piece, None if (other := partners.get(index)) is None else pieces[other])
    return reading.finished()


def plain(text: str, *, syntax: Syntax = "html") -> str:
    """Return a text with its references decoded; XML has five names, HTML has many.

    >>> plain("1 &lt; 2 &eacute;"), plain("1 &lt; 2 &eacute;", syntax="xml")
    ('1 < 2 é', '1 < 2 &eacute;')
    """
    if syntax == "html":
        return html.unescape(text)
    return _XML_REFERENCE.sub(_character, text)


def escaped(text: str) -> str:
    """Return a text as it stands in markup.

    >>> escaped("1 < 2 & 3")
    '1 &lt; 2 &amp; 3'
    """
    return html.escape(text, quote=False)


def _character(reference: re.Match[str]) -> str:
    """Return the character of a reference, U+FFFD for one that does not exist."""
    if reference["name"]:
        return html.unescape(reference[0])
    code = int(reference["decimal"] or reference["hex"], 10 if reference["decimal"] else 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


class _Reading:
    """What has been read so far."""

    def __init__(self, *, syntax: Syntax, present: Counter[str]) -> None:
        self.syntax, self.present = syntax, present
        self.parts: list[str] = []
        self.length = 0
        self.tags: list[Tag] = []
        self.ends: dict[int, int] = {}
        self.open: list[int] = []
        self.separated = False

    def take(self, piece: Piece, partner: Piece | None) -> None:
        """Add one piece; its partner is the other tag of its pair."""
        self.separated |= piece.spacing
        if piece.kind == "text":
            self.add_text(plain(piece.raw, syntax=self.syntax))
        elif piece.kind == "literal":
            self.add_text(piece.raw[len("<![CDATA[") : -len("]]>")])
        elif partner is None:
            self.add_tag(piece.raw, "")
        elif partner.at > piece.at:
            self.open.append(self.add_tag(piece.raw, partner.raw))
        else:
            self.ends[self.open.pop()] = self.length

    def add_text(self, text: str) -> None:
        position = 0
        for match in PLACEHOLDER.finditer(text):
            self.add_words(text[position : match.start()])
            if self.present[match[0]] > 0:
                self.present[match[0]] -= 1
                self.add_words(match[0])
            else:
                self.add_tag(match[0], "", placeholder=True)
                self.separated = True
            position = match.end()
        self.add_words(text[position:])

    def add_words(self, text: str) -> None:
        if not text:
            return
        if self.separated and self.parts and not self.parts[-1][-1].isspace() and not text[0].isspace():
            text = " " + text
        self.separated = False
        self.parts.append(text)
        self.length += len(text)

    def add_tag(self, opening: str, closing: str, *, placeholder: bool = False) -> int:
        parent = self.open[-1] if self.open else None
        here = self.length
        self.tags.append(
            Tag(opening=opening, closing=closing, start=here, end=here, parent=parent, placeholder=placeholder)
        )
        return len(self.tags) - 1

    def finished(self) -> Markup:
        tags = [replace(tag, end=self.ends.get(index, tag.end)) for index, tag in enumerate(self.tags)]
        return Markup(text="".join(self.parts), tags=tuple(tags))


def _partners(pieces: Sequence[Piece]) -> dict[int, int]:
    """Return the index of the other tag for each tag of a pair."""
    partners: dict[int, int] = {}
    waiting: list[int] = []
    for index, piece in enumerate(pieces):
        if piece.kind in {"open", "start"}:
            waiting.append(index)
            if len(waiting) > DEEPEST:
                raise unusable(f"at most {DEEPEST} open tags", "more", piece.at)
        elif piece.kind == "close":
            while waiting and pieces[waiting[-1]].kind == "start":
                waiting.pop()
            if not waiting or pieces[waiting[-1]].name != piece.name:
                inner = f"</{pieces[waiting[-1]].name}> first" if waiting else "a tag that opened before"
                raise unusable(inner, piece.raw, piece.at)
            partners[index] = waiting.pop()
        elif piece.kind == "end":
            depth = len(waiting)
            while depth and (code := pieces[waiting[depth - 1]]).kind == "start":
                depth -= 1
                if code.key == piece.key:
                    partners[index] = waiting[depth]
                    del waiting[depth:]
                    break
    unfinished = [index for index in waiting if pieces[index].kind == "open"]
    if unfinished:
        last = pieces[unfinished[-1]]
        raise unusable(f"</{last.name}>", "the end of the text", last.at)
    return partners | {other: index for index, other in partners.items()}
