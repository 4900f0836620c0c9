"""TMX 1.4, translation memories: one unit a pair, inline elements kept on request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from latentalign.errors import InputError
from latentalign.formats.elements import attribute, inner_markup, inner_text, local_name, read_elements, segment_content
from latentalign.formats.lines import Source, source_name
from latentalign.formats.policy import attempt
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence

Kept = Literal["none", "source", "both"]
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read(
    source: Source,
    *,
    source_language: str | None = None,
    target_language: str | None = None,
    markup: Kept = "none",
    tokenized: bool = False,
) -> Iterator[TextPair | Failure]:
    """Yield one pair a translation unit, or a failure in its place; its id is the ``tuid``.

    Args:
        source: a path, ``-`` or an open binary stream; gzip is unpacked.
        source_language: of the variant that is the source, as ``en`` (which ``en-GB`` is too); None takes that of the
            header, else the first variant.
        target_language: of the target; None takes the first variant that is not the source.
        markup: on which sides the inline elements (``bpt``, ``ph``, ``hi`` ...) stay, the text then being XML; on the
            others they are left out with the code inside them.
        tokenized: words are what stands between whitespace, for sides without markup.

    Yields:
        a pair, or a failure for a unit without a variant in one of the languages, or blank on a side.

    Raises:
        InputError: not TMX, not well-formed, with entities of its own, or empty; the message names file and line.

    Cost: memory for one unit. The package lxml, extra ``[xml]``.

    References:
        Localization Industry Standards Association, TMX 1.4b (2005).
    """
    name = source_name(source)
    default = ""

    def parse(unit: Any) -> TextPair:
        where = f"{name}:{unit.sourceline}"
        left, right = _variants(unit, source_language, default, target_language, where)
        sides = [
            _text(one, kept=kept, where=where) for one, kept in ((left, markup != "none"), (right, markup == "both"))
        ]
        make = TextPair.from_tokens if tokenized and markup == "none" else TextPair
        return make(source=sides[0], target=sides[1], id=unit.get("tuid"), where=where).check_not_blank()

    for number, (event, element) in enumerate(read_elements(source, frozenset({"header", "tu"}))):
        kind = local_name(element)
        if not number and kind != "tmx":
            raise InputError(wanted="a TMX file", came=f"<{kind}>", where=f"{name}:{element.sourceline}")
        if kind == "header":
            default = element.get("srclang", "")
        elif kind == "tu" and event == "end":
            yield attempt(parse, element)


def write(
    record: Evidence | TextPair | Failure,
    *,
    source_language: str = "und",
    target_language: str = "und",
    markup: bool = False,
) -> str:
    """Return a pair as one ``tu`` element; a failure is nothing.

    Args:
        record: the pair, or a result of which the texts are written.
        source_language, target_language: language tags; ``und`` is undetermined.
        markup: the texts are XML and go in as they are.

    Raises:
        InputError: a character that XML cannot hold, or markup that is not well-formed.

    >>> write(TextPair(source="a & b", target="a et b", id="7"), source_language="en", target_language="fr")
    '<tu tuid="7"><tuv xml:lang="en"><seg>a &amp; b</seg></tuv><tuv xml:lang="fr"><seg>a et b</seg></tuv></tu>'
    """
    if isinstance(record, Failure):
        return ""
    where = getattr(record, "where", "") or record.id or ""
    variants = "".join(
        f"<tuv xml:lang={attribute(language)}><seg>{segment_content(text, markup=markup, where=where)}</seg></tuv>"
        for language, text in ((source_language, record.source), (target_language, record.target))
    )
    name = "" if record.id is None else f" tuid={attribute(record.id, where=where)}"
    return f"<tu{name}>{variants}</tu>"


def write_file(
    records: Iterable[Evidence | TextPair | Failure],
    *,
    source_language: str = "und",
    target_language: str = "und",
    markup: bool = False,
) -> Iterator[str]:
    """Yield a whole TMX file in pieces, one a unit, each with its line break."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n'
    yield (
        f'<header creationtool="latentalign" creationtoolversion="0" segtype="sentence" o-tmf="none" adminlang="en" '
        f'srclang={attribute(source_language)} datatype="plaintext"/>\n<body>\n'
    )
    for record in records:
        unit = write(record, source_language=source_language, target_language=target_language, markup=markup)
        if unit:
            yield unit + "\n"
    yield "</body>\n</tmx>\n"


def _variants(unit: Any, source: str | None, default: str, target: str | None, where: str) -> tuple[Any, Any]:
    """Return the source variant and the target variant of a unit."""
    variants = [(one.get(_LANG) or one.get("lang") or "", one) for one in unit if local_name(one) == "tuv"]
    found = _chosen(variants, source, where) if source else None
    left = found or next((one for one in variants if _speaks(one[0], default)), None) or next(iter(variants), None)
    others = [one for one in variants if one is not left]
    right = _chosen(others, target, where) if target else next(iter(others), None)
    if left is None or right is None:
        raise InputError(wanted="a unit in two languages", came=f"{len(variants)} variants", where=where)
    return left[1], right[1]


def _chosen(variants: Sequence[tuple[str, Any]], language: str, where: str) -> tuple[str, Any]:
    for one in variants:
        if _speaks(one[0], language):
            return one
    languages = ", ".join(found or "no language" for found, _ in variants) or "none"
    raise InputError(wanted=f"a variant in {language!r}", came=languages, where=where)


def _speaks(found: str, wanted: str) -> bool:
    """Return whether a language tag is another one, or a regional form of it."""
    return bool(wanted) and f"{found.lower()}-".startswith(f"{wanted.lower()}-")


def _text(variant: Any, *, kept: bool, where: str) -> str:
    segment = next((one for one in variant if local_name(one) == "seg"), None)
    if segment is None:
        raise InputError(wanted="<seg> in a variant", came="none", where=where)
    return inner_markup(segment, where=where) if kept else inner_text(segment, where=where)
