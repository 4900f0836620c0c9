"""Words with labels: one a word, or spans written as BIO."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from latentalign.errors import InputError

_BEGINS, _GOES_ON, _ENDS_AFTER = {"B", "S", "U"}, {"I", "E", "L", "M"}, {"S", "U", "E", "L"}


class LabelSpan(NamedTuple):
    """A labelled stretch of words, from ``start`` to before ``end``."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The words of a sentence with their labels.

    Args:
        words: none blank.
        columns: a name (``upos``, ``label`` ...) to one label a word, None for none.
        id: the name of the sentence.
        where: its file and line, for messages.

    Raises:
        InputError: a column of another length than the words, or no word.
    """

    words: tuple[str, ...]
    columns: Mapping[str, tuple[str | None, ...]]
    id: str | None = None
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.words:
            raise InputError(wanted="at least one word", came="none", where=self.where)
        for name, labels in self.columns.items():
            if len(labels) != len(self.words):
                raise InputError(
                    wanted=f"one {name} for each of {len(self.words)} words", came=f"{len(labels)}", where=self.where
                )


def bio_spans(labels: Sequence[str | None]) -> tuple[LabelSpan, ...]:
    """Return the spans that BIO labels write.

    ``B-`` begins a span, ``I-`` goes on; an ``I-`` after nothing or after another label begins one, as in IOB1. Of the
    other schemes ``S-`` and ``U-`` are a span of one word, ``E-``, ``L-`` and ``M-`` go on. ``O``, ``_`` and None are
    outside.

    Raises:
        InputError: a label of another form; the message names its position.

    >>> [tuple(span) for span in bio_spans(["O", "B-PER", "I-PER", "B-PER", "I-LOC"])]
    [(1, 3, 'PER'), (3, 4, 'PER'), (4, 5, 'LOC')]
    """
    spans: list[LabelSpan] = []
    open_label: str | None = None
    for index, written in enumerate(labels):
        if written in (None, "O", "_"):
            open_label = None
            continue
        prefix, dash, label = str(written).partition("-")
        if not dash or not label or prefix not in _BEGINS | _GOES_ON:
            raise InputError(
                wanted="O, B-LABEL or I-LABEL",
                came=repr(written),
                where=f"word {index}",
                fix="choose the column that holds the spans",
            )
        if prefix in _GOES_ON and label == open_label:
            spans[-1] = spans[-1]._replace(end=index + 1)
        else:
            spans.append(LabelSpan(index, index + 1, label))
        open_label = None if prefix in _ENDS_AFTER else label
    return tuple(spans)


def to_bio(spans: Iterable[LabelSpan], count: int) -> tuple[str, ...]:
    """Return spans as BIO labels (IOB2).

    Args:
        spans: disjoint.
        count: number of words.

    >>> to_bio([LabelSpan(1, 3, "PER")], 4)
    ('O', 'B-PER', 'I-PER', 'O')
    """
    labels = ["O"] * count
    for start, end, label in spans:
        labels[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tuple(labels)
