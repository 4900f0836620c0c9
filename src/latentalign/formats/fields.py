"""A result, a pair or a failure as plain fields that JSON can hold, and a result back from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latentalign.errors import InputError
from latentalign.registry import nearest
from latentalign.text.characters import check_text
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Link, Span, check_spans

Fields = Mapping[str, Any]
_KINDS: dict[str, type | tuple[type, ...]] = {
    "a string": str,
    "a list": list,
    "an integer": int,
    "a number": (int, float),
}


def to_fields(record: Evidence | TextPair | Failure) -> dict[str, Any]:
    """Return a record as fields.

    A result has all that an `Evidence` has: the texts, the units as ``[start, end]`` in code points, each link as
    indices, spans, words and weight, the null mass of every unit, score and family; the matrix if it was kept. A
    failure is ``{"id": ..., "error": {"wanted", "came", "where", "fix", "message"}}``.

    >>> to_fields(TextPair(source="the cat", target="le chat"))
    {'id': None, 'source': 'the cat', 'target': 'le chat'}
    """
    if isinstance(record, Failure):
        error = record.error
        parts = {name: getattr(error, name) for name in ("wanted", "came", "where", "fix")}
        return {"id": record.id, "error": parts | {"message": str(error)}}
    fields: dict[str, Any] = {"id": record.id, "source": record.source, "target": record.target}
    for name in ("source_spans", "target_spans"):
        if getattr(record, name) is not None:
            fields[name] = getattr(record, name)
    return fields | _result(record) if isinstance(record, Evidence) else fields


def evidence_fields(evidence: Evidence) -> dict[str, Any]:
    """Return an evidence as fields that JSON can hold, without its matrix, which is large."""
    fields = to_fields(evidence)
    fields.pop("matrix", None)
    return fields


def to_evidence(fields: Fields, *, where: str = "") -> Evidence:
    """Return the result that `to_fields` made fields of; the words and spans of a link are not read, its indices are.

    Raises:
        InputError: a field is missing, of the wrong type or does not fit the others; or the fields hold a failure.
    """
    raise_if_failure(fields)
    source, target = take(fields, "source", "a string", where), take(fields, "target", "a string", where)
    source_spans = take_spans(fields, "source_spans", source, where)
    target_spans = take_spans(fields, "target_spans", target, where)
    matrix = take(fields, "matrix", "a list", where) if "matrix" in fields else []
    return Evidence(
        id=take_id(fields, where),
        source=source,
        target=target,
        source_spans=source_spans,
        target_spans=target_spans,
        links=tuple(_link(link, source_spans, target_spans, where) for link in take(fields, "links", "a list", where)),
        null_source=_numbers(take(fields, "null_source", "a list", where), "null_source", where),
        null_target=_numbers(take(fields, "null_target", "a list", where), "null_target", where),
        score=take(fields, "score", "a number", where),
        family=take(fields, "family", "a string", where),
        matrix=tuple(_numbers(row, "matrix", where) for row in matrix),
    )


def raise_if_failure(fields: Fields) -> None:
    """Raise the error that the fields of a failure hold."""
    error = fields.get("error")
    if isinstance(error, Mapping) and "source" not in fields:
        raise InputError(**{name: str(error.get(name, "")) for name in ("wanted", "came", "where", "fix")})


def take(fields: Any, name: str, kind: str, where: str) -> Any:
    """Return one field.

    Raises:
        InputError: the fields are no object, the field is missing (the nearest name is given), or of another type.
    """
    if not isinstance(fields, Mapping):
        raise InputError(wanted=f"an object with {name!r}", came=type(fields).__name__, where=where)
    if name not in fields:
        raise InputError(
            wanted=f"the key {name!r}", came=f"no key {name!r}", where=where, fix=nearest(name, map(str, fields))
        )
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, _KINDS[kind]):
        raise InputError(wanted=f"{kind} as {name!r}", came=f"{type(value).__name__}", where=where)
    return value


def take_id(fields: Fields, where: str) -> str | None:
    """Return the name of a record: a string, an integer as a string, or None.

    Raises:
        InputError: an id of another type.
    """
    value = fields.get("id")
    if value is None:
        return None
    if isinstance(value, str):
        return check_text(value, where=f"{where} id".lstrip())
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(wanted="a string or an integer as 'id'", came=type(value).__name__, where=where)
    return str(value)


def take_spans(fields: Fields, name: str, text: str, where: str) -> tuple[Span, ...]:
    """Return the units of a text.

    Raises:
        InputError: not a list of ``[start, end]`` in order, disjoint and inside the text.
    """
    spans = take(fields, name, "a list", where)
    for index, span in enumerate(spans):
        if not (isinstance(span, list) and len(span) == 2 and all(type(number) is int for number in span)):
            raise InputError(wanted=f"[start, end] in {name!r}", came=repr(span)[:40], where=f"{where} span {index}")
    return check_spans(text, spans, where=f"{where} {name}".lstrip())


def _result(evidence: Evidence) -> dict[str, Any]:
    links = [
        {
            "source_index": i,
            "target_index": j,
            "source_span": link.source,
            "target_span": link.target,
            "source": link.source.of(evidence.source),
            "target": link.target.of(evidence.target),
            "weight": weight,
        }
        for link, (i, j, weight) in zip(evidence.links, evidence.indexed_links(), strict=True)
    ]
    names = ("null_source", "null_target", "score", "family")
    fields = {"links": links} | {name: getattr(evidence, name) for name in names}
    return fields | ({"matrix": evidence.matrix} if evidence.matrix else {})


def _link(fields: Any, sources: tuple[Span, ...], targets: tuple[Span, ...], where: str) -> Link:
    i, j = (take(fields, name, "an integer", where) for name in ("source_index", "target_index"))
    if not (0 <= i < len(sources) and 0 <= j < len(targets)):
        raise InputError(
            wanted=f"a link between {len(sources)} source and {len(targets)} target units",
            came=f"{i} to {j}",
            where=where,
        )
    return Link(sources[i], targets[j], take(fields, "weight", "a number", where))


def _numbers(values: Any, name: str, where: str) -> tuple[float, ...]:
    if not isinstance(values, list) or any(isinstance(v, bool) or not isinstance(v, int | float) for v in values):
        raise InputError(wanted=f"numbers in {name!r}", came=repr(values)[:40], where=where)
    return tuple(values)
