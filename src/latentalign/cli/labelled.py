"""Labelled sentences with their translations, read from two files, and what was projected, written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.cli.output import json_line
from latentalign.errors import InputError
from latentalign.formats import conll
from latentalign.formats.lines import Line, read_lines
from latentalign.text.pairs import Failure

if TYPE_CHECKING:
    from latentalign.tasks.transfer.transfer_labels import LabelTransfer
    from latentalign.text.labels import Labelled


def form_of(source: Path, form: str) -> str:
    """Return ``conllu`` or ``bio``, by the name of the file if the form is ``auto``."""
    if form != "auto":
        return form
    return "conllu" if source.name.removesuffix(".gz").endswith((".conllu", ".conll-u")) else "bio"


def labelled_pairs(source: Path, target: Path, form: str) -> Iterator[tuple[Labelled | Failure, list[str]]]:
    """Yield each labelled sentence with the words of its translation.

    Raises:
        InputError: the files differ in their number of sentences.
    """
    read = conll.read_conllu if form == "conllu" else conll.read_bio
    for number, (sentence, line) in enumerate(zip_longest(read(str(source)), read_lines(str(target)))):
        if sentence is None or line is None:
            shorter, longer = (source, target) if sentence is None else (target, source)
            raise InputError(
                wanted="one line of translation for each labelled sentence",
                came=f"{number} in {shorter} and more in {longer}",
            )
        yield _pair(sentence, line)


def written_labels(results: Iterable[LabelTransfer | Failure], form: str) -> Iterator[str]:
    """Yield the results as JSON lines, CoNLL-U (with the confidence of the first column as MISC) or two columns."""
    for result in results:
        if form == "json":
            yield json_line(result)
        elif form == "conllu":
            yield conll.write_conllu(result if isinstance(result, Failure) else _with_confidence(result)) + "\n\n"
        else:
            labelled = result if isinstance(result, Failure) else result.labelled
            column = "label" if isinstance(result, Failure) else next(iter(result.labelled.columns))
            yield conll.write_bio(labelled, column=column) + "\n\n"


def _pair(sentence: Labelled | Failure, line: Line) -> tuple[Labelled | Failure, list[str]]:
    if isinstance(sentence, Failure):
        return sentence, []
    try:
        words = line.text.split()
        if not words:
            raise InputError(wanted="a translation", came="a blank line", where=line.where)
    except InputError as error:
        return Failure(error=error, id=sentence.id), []
    return sentence, words


def _with_confidence(result: LabelTransfer) -> Labelled:
    confidences = next(iter(result.confidences.values()))
    misc = tuple(f"Confidence={confidence:.2f}" for confidence in confidences)
    return replace(result.labelled, columns={**result.labelled.columns, "misc": misc})
