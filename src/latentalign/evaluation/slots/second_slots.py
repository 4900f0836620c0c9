"""Utterances of another source with values of the same kinds: what a finder of slots loses on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from latentalign.errors import InputError
from latentalign.evaluation.report import Cell
from latentalign.evaluation.shared_names import check_named
from latentalign.evaluation.slots.answers import Answer, SlotSystem, counted, gold_of
from latentalign.metrics.bootstrap import bootstrap
from latentalign.metrics.span_f1 import LabelledSpan, SpanCounts
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.dialogues import read_dialogues, read_services
from latentalign.tasks.slots.labelled_slots import LabelledSlots
from latentalign.tasks.slots.service_utterances import service_utterances

NOTE = (
    "F1: of spans of the slots that both sets have, on the test utterances and on those of the second set, 95%: a "
    "bootstrap over these with the first seed; touching: a span is right as well where it shares a character with "
    "one of its slot, for two sets do not agree on what belongs to a value; lost: the difference in points"
)


@dataclass(frozen=True, kw_only=True)
class ServiceDialogues:
    """What users say to services of dialogues, as utterances with slots.

    Args:
        dialogues, schema: files below the data folder.
        services: those whose turns are read.
    """

    dialogues: str
    schema: str
    services: tuple[str, ...]

    def read(self, data: Path) -> list[AnnotatedText]:
        """Return the utterances.

        Raises:
            InputError: a file cannot be read, or lacks a service.
        """
        known = read_services(data / self.schema)
        check_named("services of the schema", self.services, known, where=self.schema)
        said = service_utterances(read_dialogues(data / self.dialogues), {name: known[name] for name in self.services})
        return [one.annotated for some in said for one in some]


@dataclass(frozen=True, kw_only=True)
class SecondSlots:
    """Utterances of another source, some of whose slots mean the same as slots of the first set.

    Args:
        name: for the table.
        slots: for slots of theirs, the slot of the first set that means the same; others are not looked at.
        texts, turns: where utterances are; turns are those of dialogues with services.
    """

    name: str
    slots: dict[str, str]
    texts: tuple[LabelledSlots, ...] = ()
    turns: tuple[ServiceDialogues, ...] = ()

    def read(self, data: Path, *, known: Collection[str]) -> SecondUtterances:
        """Return the utterances under the slots of the first set.

        Args:
            data: the data folder.
            known: the slots of the first set.

        Raises:
            InputError: the files cannot be read, no slots or no utterances are given, or a slot that one of the two
                sets does not have.
        """
        where = f"second set {self.name}"
        sources: list[LabelledSlots | ServiceDialogues] = [*self.texts, *self.turns]
        rows = [row for source in sources for row in source.read(data)]
        if not rows or not self.slots:
            raise InputError(
                wanted="utterances, and slots that mean the same",
                came=f"{len(rows)} utterances and {len(self.slots)} slots",
                where=where,
            )
        theirs = {name for row in rows for _, name in row.slots}
        check_named("slots of the second set", self.slots, theirs, where=where)
        check_named("slots of the first set", self.slots.values(), known, where=where)
        return SecondUtterances(name=self.name, rows=[_renamed(one, self.slots) for one in rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondUtterances:
    """The utterances of a second set, with values of the first one's slots alone.

    Args:
        name: of the set.
        rows: the utterances.
    """

    name: str
    rows: list[AnnotatedText]

    @property
    def counts(self) -> str:
        """How much is compared."""
        slots = sorted({name for row in self.rows for _, name in row.slots})
        values = sum(len(row.slots) for row in self.rows)
        return f"{self.name}: {len(self.rows)} utterances with {values} values of {', '.join(slots)}"

    def row(self, system: SlotSystem, first: Sequence[AnnotatedText]) -> dict[str, Cell]:
        """Return what a system is worth on both sets.

        Args:
            system: what is measured.
            first: the first test set.
        """
        shared = {name: name for row in self.rows for _, name in row.slots}
        kept = [_renamed(one, shared) for one in first]
        before, after = (_of(system.find(rows), shared) for rows in (kept, self.rows))
        both = list(zip(after, self.rows, strict=True))
        strict = bootstrap(both, lambda some: counted([one for one, _ in some], [row for _, row in some]).f1)
        values = counted(before, kept).f1, touching(before, kept), touching(after, self.rows)
        return {
            "F1, first set": values[0],
            "F1, second set": strict.value,
            "95%": f"{strict.low:.3f} to {strict.high:.3f}",
            "lost": round(100 * (values[0] - strict.value), 2),
            "touching, first set": values[1],
            "touching, second set": values[2],
            "lost, touching": round(100 * (values[1] - values[2]), 2),
        }


def touching(answers: Sequence[Sequence[Answer]], rows: Sequence[AnnotatedText]) -> float:
    """Return F1 where a value is right that shares a character with a gold one of its slot; each is taken once.

    >>> from latentalign.text.spans import Span
    >>> row = AnnotatedText(text="for 8 people", slots=((Span(4, 12), "people"),))
    >>> touching([[Answer(Span(4, 5), "people", 1.0)]], [row])
    1.0
    """
    found = [_moved(some, gold_of(row)) for some, row in zip(answers, rows, strict=True)]
    return SpanCounts.of(found, [gold_of(row) for row in rows]).f1


def _moved(answers: Sequence[Answer], gold: Sequence[LabelledSpan]) -> list[LabelledSpan]:
    """Return the spans of answers, each of them as the first gold one that it touches and no other answer has taken."""
    left, found = list(gold), []
    for one in answers:
        place = next(
            (some for some in left if some[2] == one.slot and some[0] < one.span.end and one.span.start < some[1]), None
        )
        if place is not None:
            left.remove(place)
        found.append(one.key if place is None else place)
    return found


def _of(answers: Sequence[Sequence[Answer]], slots: Collection[str]) -> list[list[Answer]]:
    return [[one for one in some if one.slot in slots] for some in answers]


def _renamed(row: AnnotatedText, slots: dict[str, str]) -> AnnotatedText:
    return replace(
        row,
        slots=tuple((span, slots[name]) for span, name in row.slots if name in slots),
        asked=tuple(slots[name] for name in row.asked if name in slots),
    )
