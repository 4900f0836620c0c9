"""Word alignment against gold links, sure and possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentalign.evaluation.files import find, objects
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.metrics.bootstrap import bootstrap
from latentalign.metrics.links import LinkCounts
from latentalign.tasks.alignment.align import Aligner
from latentalign.tasks.alignment.aligner_config import AlignerConfig
from latentalign.tasks.alignment.pair_aligner import PairAligner
from latentalign.text.pairs import Failure, TextPair


@dataclass(frozen=True, kw_only=True)
class Words(Recipe):
    """Alignment error rate, precision and recall on every gold set, beside the diagonal.

    Args:
        sets: a name to a pattern of JSON lines with ``src``, ``tgt`` (words), ``sure`` and ``possible`` (links).
        aligners: a name to the settings of an aligner.
    """

    sets: dict[str, str]
    aligners: dict[str, AlignerConfig] = field(default_factory=lambda: {"default": AlignerConfig()})

    def measure(self, data: Path) -> Report:
        """Align every set with every aligner."""
        table = []
        for name, pattern in self.sets.items():
            rows = [row for path in find(data, [pattern]) for row in objects(path)]
            table.append(_row(name, "diagonal", [_diagonal(row) for row in rows], rows))
            for system, settings in self.aligners.items():
                table.append(_row(name, system, _aligned(Aligner.load(settings), rows), rows))
        return Report(
            title="Word alignment: alignment error rate",
            rows=table,
            notes=["lower AER is better; P counts sure and possible links; 95% bootstrap over sentence pairs"],
        )


def _aligned(aligner: PairAligner, rows: Sequence[dict[str, Any]]) -> list[set[tuple[int, int]]]:
    results = aligner.align_many(TextPair.from_words(row["src"], row["tgt"]) for row in rows)
    return [
        set() if isinstance(result, Failure) else {(i, j) for i, j, _ in result.indexed_links()} for result in results
    ]


def _diagonal(row: dict[str, Any]) -> set[tuple[int, int]]:
    columns = len(row["tgt"])
    return {(i, i * columns // len(row["src"])) for i in range(len(row["src"])) if columns}


def _row(
    name: str, system: str, links: Sequence[set[tuple[int, int]]], rows: Sequence[dict[str, Any]]
) -> dict[str, Cell]:
    counts = [
        LinkCounts.of(
            given,
            sure=[(i, j) for i, j in row["sure"]],
            possible=[(i, j) for i, j in row["possible"]],
        )
        for given, row in zip(links, rows, strict=True)
    ]
    total = LinkCounts.total(counts)
    interval = bootstrap(counts, lambda found: LinkCounts.total(found).aer)
    return {
        "set": name,
        "system": system,
        "AER": total.aer,
        "95%": f"{interval.low:.3f} to {interval.high:.3f}",
        "precision": total.precision,
        "recall": total.recall,
    }
