"""``latentalign link``: texts in, the mentions of the concepts of a catalogue, linked, explained, or as RDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentalign import config
from latentalign.cli import options
from latentalign.cli.options import OnError
from latentalign.cli.output import json_line, opened, progress, settled
from latentalign.cli.rdf_output import RdfBase, RdfEndpoint, RdfFile, RdfOutput, RdfPrefix, RdfStore
from latentalign.cli.texts import holds_objects, names_file
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.linking.expressed import ExpressedText, Expression
    from latentalign.tasks.linking.link import Linker
    from latentalign.tasks.linking.result import LinkedMention, LinkedText
    from latentalign.text.mentions import MentionedText
    from latentalign.text.pairs import Failure

    Result = LinkedText | ExpressedText


def link(
    texts: Annotated[
        list[str], typer.Argument(help="Texts; or one file, a text a line or JSON lines; or - for stdin.")
    ],
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", "-c", help="Concepts: CSV, TSV, JSON lines, OBO, SKOS, OWL or RDF.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The folder of a trained linker; default MiniLM as it is.")] = None,
    mentions: Annotated[
        bool, typer.Option("--mentions", help="Link the spans under `mentions` of JSON lines; find none.")
    ] = False,
    triples: Annotated[
        bool, typer.Option("--triples", help="JSON lines with `triples`: which words express them; no catalogue.")
    ] = False,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Answer only with concepts of this type; repeat it.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="The least probability of an answer; default that of the model.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="How many concepts are ranked; default 5.")] = None,
    column: Annotated[str, typer.Option(help="The key of the text in JSON lines.")] = "text",
    rdf: RdfFile = None,
    store: RdfStore = None,
    endpoint: RdfEndpoint = None,
    prefix: RdfPrefix = None,
    base: RdfBase = None,
    json: options.Json = False,
    output: options.Output = None,
    on_error: options.OnErrorOption = OnError.null,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the linker, as nearest=32.")] = None,
) -> int:
    """Find the mentions of concepts in texts, and say which concept each means, why, and whether any is meant.

    One line a mention: record, start, end, words, concept (- for none), its label, probability. With --triples one line
    a triple: record, triple, the words of its three parts, sentence, probability. With --json one object a record, with
    the evidence.

    Examples:

      latentalign link "She was treated for the flu." --catalogue diseases.csv

      latentalign link abstracts.jsonl --catalogue medic.jsonl --mentions --json

      latentalign link abstracts.txt --catalogue medic.jsonl --store graph --prefix MESH=http://id.nlm.nih.gov/mesh/
    """
    graph = RdfOutput(file=rdf, store=store, endpoint=endpoint, prefixes=prefix or [], base=base)
    changes = config.overrides(set_ or [])
    given: dict[str, Any] = {"top": top, "threshold": threshold, "types": frozenset(type_) if type_ else None}
    results: Iterator[Result | Failure]
    if triples:
        results = _expressed(texts, column, changes, useless=[catalogue, model, mentions or None, *given.values()])
    else:
        results = _linker(catalogue, model, changes, given).link_many(_records(texts, column, given=mentions))
    kept: Iterator[Result | Failure]
    kept, failures = settled(results, on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_written(graph.passing(progress(kept, "texts")), json=json))
    return 3 if failures else 0


def _linker(catalogue: Path | None, model: Path | None, changes: dict[str, Any], given: dict[str, Any]) -> Linker:
    """Return the linker of a catalogue or a folder, with what was given in place of what it has."""
    from latentalign.tasks.linking.link import Linker

    if catalogue is None and model is None:
        raise InputError(wanted="--catalogue, or --model", came="neither", where="link")
    linker = Linker.load(catalogue, folder=model, **changes)
    return replace(linker, **{name: one for name, one in given.items() if one is not None})


def _expressed(
    texts: list[str], column: str, changes: dict[str, Any], *, useless: list[object]
) -> Iterator[ExpressedText | Failure]:
    """Return the words that express the triples of a file."""
    from latentalign.formats import triples
    from latentalign.tasks.linking.express import TripleAligner

    if not names_file(texts) or any(one is not None for one in useless):
        raise InputError(
            wanted="one file of JSON lines with text and triples, and none of the options of a catalogue",
            came=" ".join(texts)[:60],
            where="--triples",
        )
    return TripleAligner.load(**changes).express_many(triples.read(texts[0], column=column))


def _records(texts: list[str], column: str, *, given: bool) -> Iterator[MentionedText | Failure]:
    """Return what the arguments mean."""
    from latentalign.formats import mentions as reader
    from latentalign.formats.policy import attempt
    from latentalign.text.mentions import MentionedText

    if names_file(texts):
        objects = holds_objects(texts[0])
        if given and not (objects or texts[0] == "-"):
            raise InputError(wanted="JSON lines with mentions", came=texts[0], where="--mentions")
        form = "jsonl" if objects or given else "lines"
        return reader.read(texts[0], form=form, column=column, given=given)
    if given:
        raise InputError(wanted="a file of JSON lines with mentions", came="texts", where="--mentions")
    return (attempt(lambda text: MentionedText(text=text), text) for text in texts)


def _written(results: Iterable[Result | Failure], *, json: bool) -> Iterator[str]:
    from latentalign.tasks.linking.result import LinkedText
    from latentalign.text.pairs import Failure

    for number, result in enumerate(results):
        if json:
            yield json_line(result)
            continue
        name = str(number) if result.id is None else result.id
        if isinstance(result, LinkedText):
            yield from (_row(name, *_mention(one)) for one in result.mentions)
        elif not isinstance(result, Failure):
            yield from (_row(name, *_triple(one, result.text)) for one in result.expressions)


def _mention(one: LinkedMention) -> tuple[object, ...]:
    shown = (one.concept or "-", one.label or "-", f"{one.probability:.3f}")
    return (one.span.start, one.span.end, one.text, *shown)


def _triple(one: Expression, text: str) -> tuple[object, ...]:
    parts = (one.subject, (one.relation,) if one.relation else (), one.object)
    words = (" | ".join(span.of(text) for span in spans) or "-" for spans in parts)
    return (*one.triple, *words, one.sentence, f"{one.probability:.3f}")


def _row(*cells: object) -> str:
    from latentalign.formats.lines import one_line

    return "\t".join(one_line(str(cell)) for cell in cells) + "\n"
