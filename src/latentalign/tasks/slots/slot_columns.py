"""The columns that the words of an utterance are aligned with: none, and the beginning and inside of each slot."""

from __future__ import annotations

from collections.abc import Sequence

from latentalign.errors import InputError
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.labels import LabelSpan, to_bio
from latentalign.text.spans import Span

NOTHING = "O"
"""The column of a word that is part of no value: NULL, written out, since what follows it depends on it."""


def columns_of(rows: Sequence[AnnotatedText], words: Sequence[Sequence[Span]]) -> tuple[str, ...]:
    """Return the columns that are in some utterances, as BIO labels, ``O`` first, the others by name.

    Args:
        rows: the utterances.
        words: of each.

    Raises:
        InputError: no value in any of them.
    """
    found = {label for row, spans in zip(rows, words, strict=True) for label in labels_of(row, spans)} - {NOTHING}
    found |= {f"B-{label[2:]}" for label in found}
    if not found:
        raise InputError(wanted="utterances with a value", came=f"{len(rows)} without any", where="utterances")
    return (NOTHING, *sorted(found, key=lambda label: (label[2:], label[:1])))


def labels_of(row: AnnotatedText, words: Sequence[Span]) -> tuple[str, ...]:
    """Return the BIO label of each word; a value takes the words that it touches, of two that meet the first.

    >>> text = AnnotatedText(text="at 7pm", slots=((Span(3, 6), "time"),))
    >>> labels_of(text, [Span(0, 2), Span(3, 6)])
    ('O', 'B-time')
    """
    found: list[LabelSpan] = []
    for span, name in row.slots:
        places = [place for place, one in enumerate(words) if one.start < span.end and span.start < one.end]
        if places and all(places[0] >= one.end or places[-1] < one.start for one in found):
            found.append(LabelSpan(places[0], places[-1] + 1, name))
    return to_bio(found, len(words))


def beginnings(columns: Sequence[str]) -> list[int | None]:
    """Return, for each column, the number of the column that it goes on from; None if it may come first.

    >>> beginnings(["O", "B-time", "I-time"])
    [None, None, 1]
    """
    numbers = {name: number for number, name in enumerate(columns)}
    return [numbers[f"B-{name[2:]}"] if name.startswith("I-") else None for name in columns]
