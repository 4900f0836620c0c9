"""Which documents may be found: conditions on their fields, as in ``year>2000 and not kind=review``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latentalign.errors import InputError
from latentalign.text.documents import Value

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda found, wanted: str(wanted).casefold() in str(found).casefold(),
}
_TOKEN = re.compile(
    r"\s*(?:(?P<sign>>=|<=|!=|==|[()=<>~])|\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<word>[^\s()=<>!~\"']+))"
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Condition:
    """A field compared with a value; a document without the field, or with one of another kind, fails it.

    >>> Condition("year", ">", 2000).matches({"year": 2001}), Condition("year", ">", 2000).matches({"year": "new"})
    (True, False)
    """

    field: str
    sign: str
    value: Value

    def matches(self, fields: Mapping[str, Any]) -> bool:
        """Return whether the fields of a document meet it."""
        found = fields.get(self.field)
        if found is None:
            return False
        if self.sign != "~" and isinstance(found, str) != isinstance(self.value, str):
            found, wanted = str(found), str(self.value)
            return self.sign == "!=" if found != wanted else self.sign in ("=", ">=", "<=") and found == wanted
        return bool(_COMPARE[self.sign](found, self.value))


@dataclass(frozen=True)
class Not:
    """The opposite of a filter."""

    inner: Filter

    def matches(self, fields: Mapping[str, Any]) -> bool:
        """Return whether the fields of a document do not meet it."""
        return not self.inner.matches(fields)


@dataclass(frozen=True)
class All:
    """Several filters at once."""

    parts: tuple[Filter, ...]

    def matches(self, fields: Mapping[str, Any]) -> bool:
        """Return whether the fields of a document meet all."""
        return all(one.matches(fields) for one in self.parts)


@dataclass(frozen=True)
class Either:
    """One of several filters."""

    parts: tuple[Filter, ...]

    def matches(self, fields: Mapping[str, Any]) -> bool:
        """Return whether the fields of a document meet at least one."""
        return any(one.matches(fields) for one in self.parts)


Filter = Condition | Not | All | Either
"""A condition on the fields of a document."""


def fields_of(filter: Filter) -> set[str]:
    """Return the names of the fields that a filter asks about.

    >>> sorted(fields_of(parse_filter("year>2000 and not kind=review")))
    ['kind', 'year']
    """
    if isinstance(filter, Condition):
        return {filter.field}
    if isinstance(filter, Not):
        return fields_of(filter.inner)
    return set().union(*map(fields_of, filter.parts))


def parse_filter(text: str) -> Filter:
    """Return the filter that a text describes.

    ``FIELD SIGN VALUE`` with ``= != > >= < <=`` and ``~`` (contains, whatever the case), joined by ``and``, ``or``,
    ``not`` and parentheses. A value that is a number is one, unless it is in quotes; ``true`` and ``false`` are bools.

    Raises:
        InputError: the text is no such condition; the message tells where.

    >>> parse_filter("year>2000 and (kind=paper or author~smith)").matches({"year": 2004, "author": "Anna Smith"})
    True
    """
    return _Parser(text).parse()


def conjunction(texts: Sequence[str]) -> Filter | None:
    """Return the filter that all of some texts describe together; None if there are none."""
    return All(tuple(map(parse_filter, texts))) if texts else None


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise self._error(f"{text[position:].strip()[:20]!r}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def parse(self) -> Filter:
        found = self._either()
        if self.place < len(self.tokens):
            raise self._error(repr(self.tokens[self.place][1]))
        return found

    def _either(self) -> Filter:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Filter:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Filter:
        if self._takes("not"):
            return Not(self._one())
        if self._takes("("):
            found = self._either()
            if not self._takes(")"):
                raise self._error("no closing parenthesis")
            return found
        (_, field), (kind, sign), value = self._next(), self._next(), self._next()
        if kind != "sign" or sign in "()":
            raise self._error(f"{sign!r} after {field!r}")
        return Condition(field, "=" if sign == "==" else sign, _value(*value))

    def _takes(self, word: str) -> bool:
        if self.place < len(self.tokens):
            kind, found = self.tokens[self.place]
            if kind in ("word", "sign") and found.lower() == word:
                self.place += 1
                return True
        return False

    def _next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise self._error("its end")
        self.place += 1
        return self.tokens[self.place - 1]

    def _error(self, came: str) -> InputError:
        return InputError(
            wanted="FIELD SIGN VALUE, with a sign of = != > >= < <= ~, joined by and, or, not",
            came=came,
            where=f"filter {self.text!r}",
            fix="for example: 'year>=2000 and kind=\"review\"'",
        )


def _value(kind: str, text: str) -> Value:
    if kind == "sign":
        raise InputError(wanted="a value", came=repr(text), where="filter")
    if kind != "word":
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    return text
