"""``latentalign align``: two strings, two files, or a stream of pairs in; alignments out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentalign import registry
from latentalign.cli.aligners import load_aligner
from latentalign.cli.options import (
    BatchSize,
    Device,
    InputForm,
    OnError,
    OnErrorOption,
    Output,
    PairForm,
    Setting,
    Source,
    Tokenized,
)
from latentalign.cli.output import opened, progress, settled
from latentalign.cli.pairs import is_file, read_pairs

if TYPE_CHECKING:
    from latentalign.text.pairs import Failure
    from latentalign.text.spans import Evidence


class Level(StrEnum):
    """What is aligned."""

    word = "word"
    sentence = "sentence"


class Form(StrEnum):
    """How alignments are printed."""

    text = "text"
    pharaoh = "pharaoh"
    json = "json"
    tsv = "tsv"
    html = "html"
    svg = "svg"


def align(
    source: Source,
    target: Annotated[str | None, typer.Argument(help="The other text or file; left out for a file of pairs.")] = None,
    level: Annotated[Level, typer.Option(help="What is aligned.")] = Level.word,
    family: Annotated[
        str | None,
        typer.Option(help="independent, markov, monotonic, transport, matching or agreement; default by level."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Least expected mass of a link; default 0.4, or by the model."),
    ] = None,
    format: Annotated[
        Form | None, typer.Option(help="Default: text for two strings, pharaoh for files and streams.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line; the same as --format json.")] = False,
    output: Output = None,
    model: Annotated[
        str | None, typer.Option(help="Encoder or word aligner (en-fr) by name or folder; default MiniLM.")
    ] = None,
    layer: Annotated[int, typer.Option(help="Hidden layer of the words; negative from the last.")] = -2,
    device: Device = None,
    batch_size: BatchSize = 64,
    input_format: PairForm = InputForm.auto,
    tokenized: Tokenized = False,
    on_error: OnErrorOption = OnError.fail,
    base: Annotated[int, typer.Option(min=0, max=1, help="Pharaoh counts words from 0 or from 1.")] = 0,
    probabilities: Annotated[bool, typer.Option("--probabilities", help="Pharaoh links with their mass.")] = False,
    set_: Setting = None,
) -> int:
    """Align two texts, two files line by line, or a stream of pairs, and print the links with their evidence.

    Examples:

      latentalign align "Where can I renew my passport?" "Passports are renewed at the city office."

      latentalign align a.txt b.txt --format pharaoh

      paste a.txt b.txt | latentalign align - --json
    """
    two_texts = target is not None and not (is_file(source) and is_file(target))
    form = Form.json if json else format or (Form.text if two_texts else Form.pharaoh)
    pairs = read_pairs(source, target, form=input_format.value, tokenized=tokenized)
    changes = {
        "level": level.value,
        "family": family,
        "threshold": threshold,
        "model": model,
        "layer": layer,
        "device": device,
        "batch_size": batch_size,
    }
    aligner = load_aligner(changes, set_ or [], keep_matrix=form in (Form.html, Form.svg))
    results, failures = settled(aligner.align_many(pairs), on_error=on_error.value)
    options = {"base": base, "probabilities": probabilities} if form is Form.pharaoh else {}
    with opened(output) as out:
        out.writelines(_rendered(progress(results, "pairs"), form, options))
    return 3 if failures else 0


def _rendered(records: Iterable[Evidence | Failure], form: Form, options: dict[str, Any]) -> Iterator[str]:
    if form is Form.html:
        from latentalign.formats.html import write_page

        yield write_page(list(records))
        return
    write = registry.writers.load(form.value)
    for number, record in enumerate(records):
        first = {"header": number == 0} if form is Form.tsv else {}
        yield write(record, **options, **first) + "\n"
