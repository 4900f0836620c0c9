"""``latentalign transfer markup`` and ``labels``: what stands in a source text, put onto its translation."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options
from latentalign.cli.aligners import load_word_aligner
from latentalign.cli.options import InputForm, OnError
from latentalign.cli.output import opened, progress, settled
from latentalign.cli.pairs import SUFFIXES, read_pairs

if TYPE_CHECKING:
    from latentalign.text.tags import Syntax

app = typer.Typer(
    help="Put the tags or the labels of a source text onto its translation.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class MarkupForm(StrEnum):
    """How translations with tags are printed."""

    text = "text"
    json = "json"
    tmx = "tmx"
    xliff = "xliff"


class SyntaxChoice(StrEnum):
    """What kind of tags a text has."""

    auto = "auto"
    html = "html"
    xml = "xml"


class LabelForm(StrEnum):
    """How labelled sentences are read and printed."""

    auto = "auto"
    conllu = "conllu"
    bio = "bio"


def markup(
    source: options.Source,
    target: options.Target = None,
    syntax: Annotated[SyntaxChoice, typer.Option(help="auto: xml for TMX and XLIFF, else html.")] = SyntaxChoice.auto,
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="Below it a tag is uncertain.")] = 0.5,
    format: Annotated[MarkupForm, typer.Option(help="How the translations are printed.")] = MarkupForm.text,
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
    """Place the inline tags of a source text on its translation, which is plain text.

    Examples:

      latentalign transfer markup "the <b>black</b> cat" "le chat noir" --model en-fr

      latentalign transfer markup source.txt target.txt --links links.txt --tokenized --json

      latentalign transfer markup memory.tmx --format tmx -o tagged.tmx
    """
    from latentalign.cli.tagged_output import TaggedOutput
    from latentalign.tasks.transfer.transfer_markup import MarkupProjector

    languages = source_language, target_language
    pairs = read_pairs(source, target, form=input_format.value, tokenized=tokenized, markup=True, languages=languages)
    aligner = load_word_aligner(links, base, tokenized, model, device, batch_size, set_ or [])
    projector = MarkupProjector(
        aligner=aligner,
        syntax=_syntax(syntax, source, input_format.value),
        threshold=threshold,
        tokenized=tokenized,
    )
    results, failures = settled(projector.project_many(pairs), on_error=on_error.value)
    written = TaggedOutput(form=MarkupForm.json.value if json else format.value, languages=languages)
    with opened(output) as out:
        out.writelines(written.lines(progress(results, "texts")))
    if written.uncertain:
        count = f"{written.uncertain} uncertain tag{'s' * (written.uncertain != 1)}"
        sys.stderr.write(f"latentalign: {count}; --json says which\n")
    return 3 if failures else 0


def labels(
    source: Annotated[Path, typer.Argument(help="CoNLL-U, or columns with BIO labels in the last; - is stdin.")],
    target: Annotated[Path, typer.Argument(help="The translations, one sentence a line, words between spaces.")],
    column: Annotated[
        list[str] | None, typer.Option(help="A column with one label a word: upos (default), xpos, feats ...")
    ] = None,
    spans: Annotated[list[str] | None, typer.Option(help="A column of CoNLL-U with BIO spans.")] = None,
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="Least confidence of a label.")] = 0.5,
    input_format: Annotated[LabelForm, typer.Option(help="auto: conllu by the name .conllu, else bio.")] = (
        LabelForm.auto
    ),
    json: options.Json = False,
    output: options.Output = None,
    links: options.Links = None,
    base: options.Base = 0,
    model: options.Model = None,
    device: options.Device = None,
    batch_size: options.BatchSize = 64,
    on_error: options.OnErrorOption = OnError.fail,
    set_: options.Setting = None,
) -> int:
    """Project the labels of source words, or of BIO spans, onto the words of the translation.

    Examples:

      latentalign transfer labels english.conllu french.txt --model en-fr > french.conllu

      latentalign transfer labels english.bio french.txt --links links.txt --json
    """
    from latentalign.cli.labelled import form_of, labelled_pairs, written_labels
    from latentalign.tasks.transfer.transfer_labels import LabelProjector

    form = form_of(source, input_format.value)
    columns = tuple(column or (["upos"] if form == "conllu" and not spans else []))
    projector = LabelProjector(
        aligner=load_word_aligner(links, base, True, model, device, batch_size, set_ or []),
        columns=columns,
        span_columns=tuple(spans or (["label"] if form == "bio" and not columns else [])),
        threshold=threshold,
    )
    results, failures = settled(projector.project_many(labelled_pairs(source, target, form)), on_error=on_error.value)
    with opened(output) as out:
        out.writelines(written_labels(progress(results, "sentences"), "json" if json else form))
    return 3 if failures else 0


app.command("markup")(markup)
app.command("labels")(labels)


def _syntax(chosen: SyntaxChoice, source: str, form: str) -> Syntax:
    if chosen is not SyntaxChoice.auto:
        return "xml" if chosen is SyntaxChoice.xml else "html"
    found = SUFFIXES.get(Path(source.removesuffix(".gz")).suffix) if form == "auto" else form
    return "xml" if found in {"tmx", "xliff"} else "html"
