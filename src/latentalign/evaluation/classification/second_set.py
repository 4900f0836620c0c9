"""A second test set of the same task: what a classifier loses where other people wrote the texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.evaluation.report import Cell
from latentalign.evaluation.shared_names import check_named
from latentalign.metrics.auroc import auroc
from latentalign.metrics.bootstrap import bootstrap
from latentalign.tasks.classification.labelled_texts import LabelledTexts

Rows = list[tuple[str, str]]
Probabilities = Callable[[Sequence[str]], Tensor]
NOTE = (
    "accuracy: among all labels of a system, given that a label fits; first set: its test texts with one of the "
    "labels that both sets have; second set: its texts with such a label, 95%: a bootstrap over them, with the "
    "first seed; lost: the difference in points; turned away: the share of those texts for which no label is more "
    "probable than that none fits; AUROC: those texts of the second set against its texts that no label of the "
    "first fits"
)


@dataclass(frozen=True, kw_only=True)
class SecondSet:
    """Texts of another source, with labels of their own, some of which mean the same as labels of the first set.

    Args:
        name: for the table.
        texts: where they are.
        labels: for labels of theirs, the label of the first set that means the same. Texts of other labels are left
            out, and counted.
        outside: labels of theirs that mean nothing the first set has a label for; their texts are out of scope.
    """

    name: str
    texts: LabelledTexts
    labels: dict[str, str]
    outside: tuple[str, ...] = ()

    def read(self, data: Path, *, known: Sequence[str]) -> SecondTexts:
        """Return the texts that can be told right from wrong, and those out of scope.

        Args:
            data: the data folder.
            known: the labels of the first set.

        Raises:
            InputError: the file cannot be read, the map is empty, or a label that one of the two sets does not have.
        """
        where = f"second set {self.name}"
        rows = self.texts.read(data)
        theirs = {label for _, label in rows}
        if not self.labels:
            raise InputError(wanted="labels that mean the same in both sets", came="none", where=where)
        check_named("labels of the second set", [*self.labels, *self.outside], theirs, where=where)
        check_named("labels of the first set", self.labels.values(), known, where=where)
        both = sorted(set(self.labels) & set(self.outside))
        if both:
            raise InputError(wanted="a label either mapped or outside", came=", ".join(map(repr, both)), where=where)
        return SecondTexts(
            name=self.name,
            rows=[(text, self.labels[label]) for text, label in rows if label in self.labels],
            outside=[text for text, label in rows if label in self.outside],
            count=len(rows),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondTexts:
    """The texts of a second set, under the labels of the first.

    Args:
        name: of the set.
        rows: texts with labels of the first set.
        outside: texts out of scope.
        count: of all texts of the set.
    """

    name: str
    rows: Rows
    outside: list[str]
    count: int

    @cached_property
    def labels(self) -> set[str]:
        """The labels of the first set that have a text here."""
        return {label for _, label in self.rows}

    def shared(self, first: Rows) -> Rows:
        """Return the texts of the first test set that have one of the labels."""
        return [row for row in first if row[1] in self.labels]

    def counts(self, first: Rows) -> str:
        """Return how many texts are compared."""
        left = self.count - len(self.rows) - len(self.outside)
        return (
            f"{self.name}: {len(self.rows)} texts of {len(self.labels)} labels against {len(self.shared(first))} of "
            f"the first set, {len(self.outside)} out of scope, {left} left out"
        )

    def row(self, first: Rows, *, names: Sequence[str], probabilities: Probabilities) -> dict[str, Cell]:
        """Return what a system is worth on both sets.

        Args:
            first: the first test set.
            names: of the labels, in the order of the probabilities.
            probabilities: of texts: (text, label + 1), the last one that of no label.
        """
        kept = self.shared(first)
        if not kept:
            raise InputError(wanted="test texts of the labels of both sets", came="none", where=self.name)
        found = probabilities([text for text, _ in self.rows])
        known = probabilities([text for text, _ in kept])
        before = _mean(_right(known, kept, names))
        after = bootstrap(_right(found, self.rows, names), _mean)
        return {
            "accuracy, first set": before,
            "accuracy, second set": after.value,
            "95%": f"{after.low:.3f} to {after.high:.3f}",
            "lost": round(100 * (before - after.value), 2),
            "turned away, first set": _mean(_turned_away(known)),
            "turned away, second set": _mean(_turned_away(found)),
            "AUROC": self._auroc(found, probabilities) if self.outside else "–",
        }

    def _auroc(self, inside: Tensor, probabilities: Probabilities) -> float:
        scores = 1 - torch.cat([inside[:, -1], probabilities(self.outside)[:, -1]])
        return auroc(scores.tolist(), [True] * len(inside) + [False] * len(self.outside))


def _right(found: Tensor, rows: Rows, names: Sequence[str]) -> list[bool]:
    """Return whether the right label of each text is the most probable one, among all."""
    numbers = {name: number for number, name in enumerate(names)}
    told = torch.tensor([numbers[label] for _, label in rows])
    right: list[bool] = (found[:, :-1].argmax(dim=1) == told).tolist()
    return right


def _turned_away(found: Tensor) -> list[bool]:
    away: list[bool] = (found[:, -1] >= found[:, :-1].amax(dim=1)).tolist()
    return away


def _mean(right: Sequence[bool]) -> float:
    return sum(right) / len(right)
