"""A table of measured figures, with the baselines beside and what it was measured on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float


@dataclass(frozen=True, kw_only=True)
class Report:
    """A table of results.

    Args:
        title: what was measured, on what.
        rows: one mapping a system, the same keys in the same order; a float is printed with four digits.
        notes: what a reader has to know to believe the table: splits, counts, what was fitted on what.
        pictures: SVG drawings by the names of their files.
        further: tables of the same run that have other columns; they are printed below.
    """

    title: str
    rows: Sequence[Mapping[str, Cell]]
    notes: Sequence[str] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    further: Sequence[Report] = ()

    def to_markdown(self) -> str:
        """Return the table as Markdown, ready for a page of results.

        >>> print(Report(title="T", rows=[{"system": "a", "AER": 0.25}]).to_markdown().strip())
        ### T
        <BLANKLINE>
        | system | AER |
        |---|---|
        | a | 0.2500 |
        """
        columns = list(self.rows[0]) if self.rows else []
        lines = [f"### {self.title}", "", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
        lines += [f"| {' | '.join(_text(row[column]) for column in columns)} |" for row in self.rows]
        lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(["\n".join(lines).rstrip() + "\n", *(one.to_markdown() for one in self.further)])

    def to_json_lines(self) -> str:
        """Return one JSON object a row."""
        lines = [json.dumps({"title": self.title, **row}, ensure_ascii=False) + "\n" for row in self.rows]
        return "".join([*lines, *(one.to_json_lines() for one in self.further)])


def _text(cell: Cell) -> str:
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def mean_of_runs(runs: Sequence[Mapping[str, Cell]], *, each: str | None = None) -> dict[str, Cell]:
    """Return the mean of each number over some runs; what is no number stays that of the first.

    Args:
        runs: rows with the same keys.
        each: the share that ``each seed`` lists in per cent, run by run, where there are several; None lists none.

    >>> mean_of_runs([{"F1": 0.5, "each seed": "–"}, {"F1": 0.75, "each seed": "–"}], each="F1")
    {'F1': 0.625, 'each seed': '50.0, 75.0'}
    """
    found: dict[str, Cell] = {}
    for key, first in runs[0].items():
        numbers = [one for run in runs if isinstance(one := run[key], int | float)]
        found[key] = sum(numbers) / len(numbers) if numbers else first
    if each is not None and len(runs) > 1:
        found["each seed"] = ", ".join(f"{100 * float(run[each]):.1f}" for run in runs)
    return found


def picture_name(*parts: object) -> str:
    """Return the name of a drawing, fit for a file.

    >>> picture_name("risk-coverage", "ours, chain (rank 4)")
    'risk-coverage-ours-chain-rank-4'
    """
    return re.sub(r"[^\w.]+", "-", " ".join(map(str, parts))).strip("-")


def describe(settings: Mapping[str, Any]) -> str:
    """Return a table of settings as the name of a row.

    >>> describe({"name": "transport", "mode": "unbalanced"})
    'transport (mode unbalanced)'
    """
    inner = [
        f"{key} {describe(value) if isinstance(value, Mapping) else value}"
        for key, value in settings.items()
        if key != "name"
    ]
    return f"{settings['name']} ({', '.join(inner)})" if inner else str(settings["name"])
