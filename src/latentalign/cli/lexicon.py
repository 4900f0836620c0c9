"""``latentalign lexicon``: a corpus in, a bilingual dictionary out."""

from __future__ import annotations

import json as json_lines
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options
from latentalign.cli.aligners import load_word_aligner
from latentalign.cli.options import InputForm, OnError
from latentalign.cli.output import opened, progress, settled
from latentalign.cli.pairs import read_pairs

if TYPE_CHECKING:
    from latentalign.tasks.transfer.lexicon import LexiconEntry

COLUMNS = ("source", "target", "p(target|source)", "p(source|target)", "mass", "pairs", "example", "translation")


def lexicon(
    source: options.Source,
    target: options.Target = None,
    least_count: Annotated[float, typer.Option(min=0.0, help="Least expected number of links of an entry.")] = 1.0,
    least_probability: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Least probability of an entry, in one direction at least.")
    ] = 0.05,
    longest: Annotated[int, typer.Option(min=1, help="Most words of a phrase; 1 for single words only.")] = 4,
    examples: Annotated[int, typer.Option(min=0, help="Example sentences an entry.")] = 2,
    keep_case: Annotated[bool, typer.Option("--keep-case", help="Do not count words in lower case.")] = False,
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
    """Build a bilingual dictionary with probabilities and examples from sentence pairs.

    Examples:

      latentalign lexicon english.txt french.txt --model en-fr > lexicon.tsv

      latentalign lexicon english.txt french.txt --links links.txt --tokenized --json
    """
    from latentalign.tasks.transfer.lexicon import LexiconBuilder

    languages = source_language, target_language
    pairs = read_pairs(source, target, form=input_format.value, tokenized=tokenized, languages=languages)
    builder = LexiconBuilder(
        aligner=load_word_aligner(links, base, tokenized, model, device, batch_size, set_ or []),
        least_count=least_count,
        least_probability=least_probability,
        longest=longest,
        examples=examples,
        lower=not keep_case,
    )
    results, failures = settled(builder.aligner.align_many(pairs), on_error=on_error.value)
    entries = builder.count(progress(results, "pairs"), report=_told)
    with opened(output) as out:
        out.writelines(_json(entries) if json else _rows(entries))
    return 3 if failures else 0


def _told(failure: object) -> None:
    """Do nothing: a failure has been told when it was settled."""


def _json(entries: Iterable[LexiconEntry]) -> Iterator[str]:
    return (json_lines.dumps(entry.to_fields(), ensure_ascii=False) + "\n" for entry in entries)


def _rows(entries: Iterable[LexiconEntry]) -> Iterator[str]:
    from latentalign.formats.lines import one_line

    yield "\t".join(COLUMNS) + "\n"
    for entry in entries:
        best = entry.evidence[0] if entry.evidence else None
        numbers = (entry.target_given_source, entry.source_given_target, entry.mass)
        cells = [entry.source, entry.target, *(f"{number:.4g}" for number in numbers), str(entry.pairs)]
        cells += [best.source, best.target] if best else ["", ""]
        yield "\t".join(map(one_line, cells)) + "\n"
