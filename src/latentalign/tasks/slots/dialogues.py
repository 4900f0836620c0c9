"""Dialogues about services that are described, in files of the Schema-Guided Dialogue format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from latentalign.errors import InputError
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines, read_text
from latentalign.text.spans import Span


class ServiceSlot(NamedTuple):
    """What a service has to know: a description, and all it can be, where that is a list."""

    description: str
    values: tuple[str, ...]

    @property
    def told(self) -> str:
        """The description with the values, where they are a list."""
        return f"{self.description} ({', '.join(self.values)})" if self.values else self.description


class ServiceIntent(NamedTuple):
    """What a service does, and the slots that it needs or takes."""

    description: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service as its provider describes it.

    Args:
        name: of the service.
        slots, intents: by name.
    """

    name: str
    slots: dict[str, ServiceSlot]
    intents: dict[str, ServiceIntent]

    @property
    def asked(self) -> dict[str, ServiceSlot]:
        """The slots that an intent needs or takes: those that a person may be asked for."""
        names = [name for one in self.intents.values() for name in (*one.required, *one.optional)]
        return {name: self.slots[name] for name in dict.fromkeys(names) if name in self.slots}


class Act(NamedTuple):
    """What a turn does, such as ``INFORM``, with the slot and the values that it does it with."""

    kind: str
    slot: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a turn has to do with one service.

    Args:
        service: its name.
        spans: of the turn, with the slots that they are values of.
        acts: what is done.
        intent: of a user; empty for the system.
        state: what a user wants, all turns together: for each slot, the values that are right.
    """

    service: str
    spans: tuple[tuple[Span, str], ...]
    acts: tuple[Act, ...]
    intent: str = ""
    state: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one side says."""

    user: bool
    text: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A conversation."""

    id: str
    turns: tuple[Turn, ...]


def read_services(path: Path) -> dict[str, Service]:
    """Return the services of a schema file, by name.

    Raises:
        InputError: the file cannot be read, or is of another form.
    """
    with _reading(path, "services with intents and slots"):
        return {one["service_name"]: _service(one) for one in json.loads(read_text(path))}


def read_dialogues(path: Path) -> list[Dialogue]:
    """Return the dialogues of a JSON lines file.

    Raises:
        InputError: the file cannot be read, or is of another form.
    """
    with _reading(path, "dialogues with turns and frames"):
        return [_dialogue(json_object(line)) for line in read_lines(path) if line.raw.strip()]


@contextmanager
def _reading(path: Path, wanted: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(wanted=wanted, came=f"{type(error).__name__}: {error}", where=str(path)) from error


def _service(table: Mapping[str, Any]) -> Service:
    return Service(
        name=str(table["service_name"]),
        slots={
            one["name"]: ServiceSlot(one["description"], tuple(one["possible_values"]) if one["is_categorical"] else ())
            for one in table["slots"]
        },
        intents={
            one["name"]: ServiceIntent(one["description"], tuple(one["required_slots"]), tuple(one["optional_slots"]))
            for one in table["intents"]
        },
    )


def _dialogue(table: Mapping[str, Any]) -> Dialogue:
    return Dialogue(
        id=str(table["id"]),
        turns=tuple(
            Turn(
                user=one["speaker"] == "USER",
                text=str(one["utterance"]),
                frames=tuple(_frames(one["frames"])),
            )
            for one in table["turns"]
        ),
    )


def _frames(tables: list[Mapping[str, Any]]) -> Iterator[Frame]:
    for one in tables:
        yield Frame(
            service=str(one["service"]),
            spans=tuple((Span(start, end), str(name)) for name, start, end in one["slots"]),
            acts=tuple(Act(str(kind), str(slot), tuple(map(str, values))) for kind, slot, values in one["actions"]),
            intent=str(one.get("intent", "")),
            state={name: tuple(map(str, values)) for name, values in one.get("state", {}).items()},
        )
