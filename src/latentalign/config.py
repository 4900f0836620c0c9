"""Configuration: TOML tables into frozen dataclasses, with an unknown key named beside the nearest known one."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from latentalign.errors import InputError, UnknownNameError
from latentalign.registry import Registry, nearest

T = TypeVar("T")


def parse(kind: type[T], table: Mapping[str, Any], *, where: str = "") -> T:
    """Return a frozen dataclass built from a table, its types checked.

    Raises:
        UnknownNameError: a key that the dataclass does not have.
        InputError: a value of the wrong type, or a missing key.

    >>> from latentalign.families.independent import Independent
    >>> parse(Independent, {"temperature": 0.5}).temperature
    0.5
    >>> parse(Independent, {"temprature": 0.5}, where="family")
    Traceback (most recent call last):
    ...
    latentalign.errors.UnknownNameError: family: wanted a setting of Independent, got 'temprature'. To fix it: did you
    mean 'temperature'? Known: alpha, null, temperature.
    """
    known = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise UnknownNameError(
                wanted=f"a setting of {kind.__name__}", came=repr(key), where=where, fix=nearest(key, known)
            )
    required = [name for name, field in known.items() if _required(field) and name not in table]
    if required:
        raise InputError(wanted=f"{kind.__name__} with {', '.join(required)}", came=repr(dict(table)), where=where)
    hints = get_type_hints(kind)
    return kind(**{key: _typed(hints[key], value, where=f"{where}.{key}".lstrip(".")) for key, value in table.items()})


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.init and field.default is field.default_factory is dataclasses.MISSING


def _typed(hint: Any, value: Any, *, where: str) -> Any:
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return parse(hint, value, where=where) if isinstance(value, Mapping) else value
    kinds = [one for one in get_args(hint) if dataclasses.is_dataclass(one)]
    if len(kinds) == 1 and isinstance(value, Mapping) and get_origin(hint) in (Union, UnionType):
        return parse(cast(type, kinds[0]), value, where=where)
    tables = isinstance(value, list) and all(isinstance(one, Mapping) for one in value)
    if len(kinds) == 1 and tables and get_args(hint) == (kinds[0], ...):
        return tuple(_typed(kinds[0], one, where=f"{where}[{number}]") for number, one in enumerate(value))
    try:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)
    except ValidationError as error:
        raise InputError(wanted=error.errors()[0]["msg"], came=repr(value), where=where) from error


def build(registry: Registry, table: str | Mapping[str, Any], *, where: str = "") -> Any:
    """Return the registered object that ``{name = ..., setting = ...}`` describes; a plain name takes the defaults.

    >>> from latentalign.registry import families
    >>> build(families, {"name": "independent", "null": False})
    Independent(temperature=1.0, alpha=1.0, null=False)
    """
    settings = {"name": table} if isinstance(table, str) else dict(table)
    if "name" not in settings:
        raise InputError(
            wanted=f"a table with a `name` in the registry of {registry.kind}", came=repr(settings), where=where
        )
    kind = registry.load(settings.pop("name"))
    nested = {
        key: build(registry, value, where=f"{where}.{key}") if isinstance(value, Mapping) and "name" in value else value
        for key, value in settings.items()
    }
    return parse(kind, nested, where=where)


def read_toml(path: Path, *, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the tables of a TOML file after ``key.key=value`` overrides, each value written as in TOML.

    Raises:
        InputError: the file is absent or no TOML, or an override is not of that form.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(wanted="a recipe that can be read", came=str(error.strerror), where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(wanted="a TOML file", came=str(error), where=str(path)) from error
    for text in overrides:
        override(table, text)
    return table


def override(table: dict[str, Any], setting: str) -> None:
    """Write one ``key.key=value`` into nested tables; the value is TOML, or a string if it is none.

    >>> table = {"family": {"name": "markov"}}
    >>> override(table, "family.temperature=0.5")
    >>> table
    {'family': {'name': 'markov', 'temperature': 0.5}}
    """
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise InputError(wanted="key=value", came=repr(setting), where="--set", fix="write --set table.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *path, last = key.strip().split(".")
    for part in path:
        inner = table[part] = table.get(part) if table.get(part) is not None else {}
        if not isinstance(inner, dict):
            raise InputError(wanted=f"a table at {part!r}", came=repr(inner), where=f"--set {setting}")
        table = inner
    table[last] = value


def overrides(settings: Iterable[str]) -> dict[str, Any]:
    """Return the table that some ``key.key=value`` make; a later one of the same key wins.

    >>> overrides(["aligned=8", "family.name=markov", "aligned=16"])
    {'aligned': 16, 'family': {'name': 'markov'}}
    """
    table: dict[str, Any] = {}
    for one in settings:
        override(table, one)
    return table
