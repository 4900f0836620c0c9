"""Omissions made by hand in real translations: how many are told, and how much is told that is none.

    python -m benchmarks.omissions --data DIR [--model en-fr]

In each pair of the dev third of the Hansards one source word of at least five letters is chosen by the number of the
pair; all target words that the gold links (sure or possible) give it are removed, where no other word is surely linked
to them. The same pairs without a removal show what is told for nothing; their translations are free, so that some of
it is true.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.markup import loaded, within
from benchmarks.report import write_table
from latentalign.evaluation.files import objects
from latentalign.tasks.transfer.check import TranslationCheck, TranslationChecker, by_length
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Span

FILE = "word-alignment/hansards-en-fr/dev.jsonl.gz"
THRESHOLDS = (0.4, 0.5, 0.6, 0.8)


def main() -> None:
    """Measure at several thresholds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="en-fr")
    options = parser.parse_args()
    damaged, whole, removed = damage([within(row) for row in objects(options.data / FILE)])
    rows = [
        measure(TranslationChecker(aligner=loaded(options.model), threshold=threshold), damaged, whole, removed)
        for threshold in THRESHOLDS
    ]
    write_table("omissions", rows, command=f"python -m benchmarks.omissions --data DIR --model {options.model}")


def damage(rows: Sequence[dict[str, Any]]) -> tuple[list[TextPair], list[TextPair], list[Span]]:
    """Return pairs with a word's translation removed, the same pairs whole, and the source word of each."""
    damaged, whole, removed = [], [], []
    for number, row in enumerate(rows):
        sure, possible = ({(i, j) for i, j in row[name]} for name in ("sure", "possible"))
        words = [i for i, word in enumerate(row["src"]) if by_length(word) == 1.0 and any(one == i for one, _ in sure)]
        if not words:
            continue
        chosen = random.Random(number).choice(words)
        gone = {j for i, j in sure | possible if i == chosen}
        left = [word for j, word in enumerate(row["tgt"]) if j not in gone]
        if not left or any(j in gone and i != chosen for i, j in sure):
            continue
        damaged.append(TextPair.from_words(row["src"], left))
        whole.append(TextPair.from_words(row["src"], row["tgt"]))
        removed.append(damaged[-1].source_spans[chosen])  # type: ignore[index]
    return damaged, whole, removed


def measure(
    checker: TranslationChecker, damaged: Sequence[TextPair], whole: Sequence[TextPair], removed: Sequence[Span]
) -> dict[str, Any]:
    """Return the share of removed words that are told, and what is told in the pairs as they were."""
    found = [omissions(result) for result in checker.check_many(damaged)]
    told = [omissions(result) for result in checker.check_many(whole)]
    hits = sum(
        any(a < span.end and span.start < b for a, b in spans) for spans, span in zip(found, removed, strict=True)
    )
    return {
        "threshold": checker.threshold,
        "pairs": len(damaged),
        "removed words told %": 100 * hits / len(damaged),
        "told in a pair as it was": sum(map(len, told)) / len(told),
    }


def omissions(result: TranslationCheck | Failure) -> list[Span]:
    """Return the spans of the omissions; a failure ends the benchmark."""
    if isinstance(result, Failure):
        raise result.error
    return [issue.source for issue in result.issues if issue.kind == "omission" and issue.source]


if __name__ == "__main__":
    main()
