"""``latentalign check``: pairs in, what their translations leave out, add or change out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentalign.cli import options
from latentalign.cli.aligners import load_word_aligner
from latentalign.cli.options import InputForm, OnError
from latentalign.cli.output import json_line, opened, progress, settled
from latentalign.cli.pairs import read_pairs
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.transfer.check import TranslationCheck
    from latentalign.text.pairs import Failure


class Importance(StrEnum):
    """What makes a word important."""

    length = "length"
    frequency = "frequency"


def check(
    source: options.Source,
    target: options.Target = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Least importance times missing mass of a word that is told.")
    ] = 0.5,
    importance: Annotated[
        Importance, typer.Option(help="By the length of a word, or by how rare it is in the files (read twice).")
    ] = Importance.length,
    json: options.Json = False,
    output: options.Output = None,
    links: options.Links = None,
    base: options.Base = 0,
    model: options.Model = None,
    device: options.Device = None,
    batch_size: options.BatchSize = 64,
    input_format: options.PairForm = InputForm.auto,
    source_language: options.SourceLanguage = None,
    target_language: options.TargetLanguage = None,
    tokenized: options.Tokenized = False,
    on_error: options.OnErrorOption = OnError.fail,
    set_: options.Setting = None,
) -> int:
    """Find omissions, additions and changed or missing numbers in translations; one line a finding.

    Examples:

      latentalign check english.txt french.txt --model en-fr

      latentalign check "He paid 1,500 euros." "Il a payé 1.050 euros." --model en-fr --json
    """
    from latentalign.tasks.transfer.check import TranslationChecker

    reading: dict[str, Any] = {
        "form": input_format.value,
        "tokenized": tokenized,
        "languages": (source_language, target_language),
    }
    weights = _weights(source, target, reading) if importance is Importance.frequency else {}
    aligner = load_word_aligner(links, base, tokenized, model, device, batch_size, set_ or [])
    checker = TranslationChecker(aligner=aligner, threshold=threshold, **weights)
    results, failures = settled(checker.check_many(read_pairs(source, target, **reading)), on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_written(progress(results, "pairs"), json=json))
    return 3 if failures else 0


def _weights(source: str, target: str | None, reading: dict[str, Any]) -> dict[str, Any]:
    """Return the importance of the words of each side, counted in the files."""
    from latentalign.tasks.transfer.check import by_frequency
    from latentalign.text.pairs import TextPair

    if "-" in (source, target):
        raise InputError(wanted="files, to be read twice", came="stdin", where="--importance frequency")
    pairs = [pair for pair in read_pairs(source, target, **reading) if isinstance(pair, TextPair)]
    return {
        "source_importance": by_frequency(pair.source for pair in pairs),
        "target_importance": by_frequency(pair.target for pair in pairs),
    }


def _written(results: Iterable[TranslationCheck | Failure], *, json: bool) -> Iterator[str]:
    from latentalign.formats.lines import one_line
    from latentalign.text.pairs import Failure

    for number, result in enumerate(results, 1):
        if json:
            yield json_line(result)
        elif not isinstance(result, Failure):
            name = one_line(result.evidence.id or str(number))
            if result.abstained:
                yield f"{name}\tnot judged\t{result.abstained}\n"
            yield from (f"{name}\t{issue.kind}\t{issue.message}\n" for issue in result.issues)
