"""``latentalign classify --sections``: documents in, the section of each sentence, and the words that carry it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign.cli.output import json_line, opened, progress, settled
from latentalign.cli.texts import holds_objects, names_file
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.sections.sectioned import Sectioned
    from latentalign.text.pairs import Failure
    from latentalign.text.split_texts import SplitText


def run(
    texts: list[str],
    labels: dict[str, Any],
    *,
    model: Path | None,
    changes: dict[str, Any],
    column: str,
    json: bool,
    output: Path | None,
    on_error: str,
) -> int:
    """Classify the sentences of documents, and return the exit status."""
    from latentalign.tasks.sections.sectioner import SectionClassifier

    if labels and model is not None:
        raise InputError(
            wanted="sections with descriptions, or the folder of a trained classifier",
            came="both",
            where="classify --sections",
            fix="the sections of a trained classifier are those it was trained on: leave --label and --labels out",
        )
    classifier = SectionClassifier.load(labels or None, folder=model, **changes)
    results, failures = settled(classifier.classify_many(_documents(texts, column)), on_error=on_error)
    with opened(output) as out:
        out.writelines(_written(progress(results, "documents"), json=json))
    return 3 if failures else 0


def _documents(texts: list[str], column: str) -> Iterator[SplitText | Failure]:
    from latentalign.formats import split_texts as reader
    from latentalign.formats.policy import attempt
    from latentalign.text.split_texts import SplitText

    if names_file(texts):
        return reader.read(texts[0], form="jsonl" if holds_objects(texts[0]) else "paragraphs", column=column)
    return (attempt(SplitText.of_text, text) for text in texts)


def _written(results: Iterable[Sectioned | Failure], *, json: bool) -> Iterator[str]:
    from latentalign.text.pairs import Failure

    for number, result in enumerate(results):
        if json:
            yield json_line(result)
        else:
            yield "\n" * (number > 0)
            yield "\n" if isinstance(result, Failure) else _lines(result)


def _lines(result: Sectioned) -> str:
    """Return a line a sentence: section, probability, sentence, and the words that carry the answer."""
    from latentalign.formats.lines import one_line

    rows = []
    for one in result.sentences:
        because = ", ".join(span.of(result.text) for span in one.because[:3])
        cells = (one.label or "-", f"{one.probability:.3f}", one.span.of(result.text), because)
        rows.append("\t".join(one_line(cell) for cell in cells) + "\n")
    return "".join(rows)
