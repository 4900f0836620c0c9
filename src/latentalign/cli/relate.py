"""``latentalign relate``: ontologies, papers and citations, with what relates them."""

from __future__ import annotations

import json as json_lines
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentalign.cli import options
from latentalign.cli.output import opened
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.cite import Citation
    from latentalign.tasks.ontology_alignment import ConceptMatch, OntologyAlignment
    from latentalign.tasks.papers import PaperRelation

app = typer.Typer(
    help="Say which concepts, papers or sentences correspond, and why.", no_args_is_help=True, rich_markup_mode=None
)


class MappingForm(StrEnum):
    """How the mappings of two ontologies are written."""

    text = "text"
    sssom = "sssom"
    oaei = "oaei"
    json = "json"


@app.command("ontologies")
def ontologies(
    source: Annotated[Path, typer.Argument(help="A catalogue: OWL, SKOS, RDF, OBO, CSV, TSV or JSON lines.")],
    target: Annotated[Path, typer.Argument(help="The other one.")],
    form: Annotated[MappingForm, typer.Option("--format", help="How the mappings are written.")] = MappingForm.text,
    exact: Annotated[bool, typer.Option("--exact", help="Only what is the same, nothing broader or narrower.")] = False,
    least: Annotated[float, typer.Option("--least", min=0.0, max=1.0, help="The least confidence.")] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    output: options.Output = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the score, as rounds=1.")] = None,
) -> int:
    """Align the concepts of two ontologies one to one, and say what is broader, narrower or without a counterpart.

    Examples:

      latentalign relate ontologies mouse.owl human.owl --format sssom -o mouse-human.sssom.tsv
    """
    from dataclasses import replace

    from latentalign import config
    from latentalign.tasks.relate import OntologyAligner

    changes: dict[str, Any] = {}
    for one in set_ or []:
        config.override(changes, one)
    found = OntologyAligner.load(**changes).align(source, target, broader=not exact)
    kept = replace(found, matches=tuple(one for one in found.matches if one.confidence >= least))
    with opened(output) as out:
        out.writelines(_written(kept, MappingForm.json if json else form, source, target))
    return 0


def _written(found: OntologyAlignment, form: MappingForm, source: Path, target: Path) -> Iterator[str]:
    from latentalign import registry

    if form in (MappingForm.sssom, MappingForm.oaei):
        mappings = found.to_mappings(source=source.name, target=target.name)
        yield registry.mapping_writers.load(form.value)(mappings)
    elif form is MappingForm.json:
        yield from (json_lines.dumps(one.to_fields(), ensure_ascii=False) + "\n" for one in found.matches)
        for side, concepts in (("source", found.unmatched_source), ("target", found.unmatched_target)):
            for one in concepts:
                fields = {"relation": "none", side: one.id, f"{side}_label": one.label}
                yield json_lines.dumps(fields, ensure_ascii=False) + "\n"
    else:
        yield from (_line(one) for one in found.matches)
        left, right = len(found.unmatched_source), len(found.unmatched_target)
        yield f"# without an exact match: {left} of the source, {right} of the target\n"


def _line(one: ConceptMatch) -> str:
    from latentalign.formats.lines import one_line

    sign = {"exact": "=", "broader": "<", "narrower": ">"}[one.relation]
    texts = (one.source.label, sign, one.target.label, f"{one.confidence:.3f}", one.comment)
    return "\t".join(map(one_line, texts)) + "\n"


@app.command("citation")
def citation(
    text: Annotated[list[str], typer.Argument(help="Citing sentences; or one file with one a line; or - for stdin.")],
    paper: Annotated[Path, typer.Option(help="The cited paper: a text file, split into sentences.")],
    by_line: Annotated[bool, typer.Option("--by-line", help="The paper has one sentence a line.")] = False,
    top: Annotated[int, typer.Option("--top", "-k", min=1, help="How many sentences are ranked.")] = 5,
    json: options.Json = False,
    output: options.Output = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the value, as whole=12.")] = None,
) -> int:
    """Say which sentences of a paper a citing sentence speaks of, or that it speaks of none.

    Examples:

      latentalign relate citation "Och et al. (2001) speed up beam search." --paper och2001.txt
    """
    from latentalign import config
    from latentalign.cli.pairs import is_file
    from latentalign.formats.lines import read_lines
    from latentalign.tasks.cite import CitationLinker

    changes: dict[str, Any] = {}
    for one in set_ or []:
        config.override(changes, one)
    given = [line.text for line in read_lines(text[0])] if len(text) == 1 and is_file(text[0]) else text
    lines = [line.text for line in read_lines(paper)]
    found = CitationLinker.load(top=top, **changes).link_many(given, lines if by_line else "\n".join(lines))
    with opened(output) as out:
        for answer in found:
            out.write(json_lines.dumps(answer.to_fields(), ensure_ascii=False) + "\n" if json else _ranked(answer))
    return 0


def _ranked(one: Citation) -> str:
    from latentalign.formats.drawing.glyphs import printable

    rows = [one.text] + [f"  {found.probability:.3f}  [{found.index}] {found.text}" for found in one.ranked]
    rows.append(f"  {one.nothing:.3f}  none of them")
    links = sorted(one.evidence.pairs(), key=lambda link: -link[2])[:5]
    rows.append("  because: " + (", ".join(f"{left} -> {right}" for left, right, _ in links) or "of the whole"))
    return "".join(f"{printable(row)}\n" for row in rows)


@app.command("papers")
def papers(
    texts: Annotated[
        list[str], typer.Argument(help="Two texts or files; or one file of many: a paper a line, or JSON lines.")
    ],
    top: Annotated[int, typer.Option("--top", "-k", min=1, help="Related papers that are told for each.")] = 3,
    column: Annotated[str, typer.Option(help="The key of the text in JSON lines.")] = "text",
    json: options.Json = False,
    output: options.Output = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the value, as most=20.")] = None,
) -> int:
    """Say how papers are related, and by which concepts.

    Examples:

      latentalign relate papers abstract-1.txt abstract-2.txt

      latentalign relate papers abstracts.jsonl --column abstract --top 5 --json
    """
    from latentalign import config
    from latentalign.tasks.papers import PaperRelater

    changes: dict[str, Any] = {}
    for one in set_ or []:
        config.override(changes, one)
    given = _papers(texts, column)
    relater = PaperRelater.load(**changes)
    if len(texts) == 2:
        names = list(given)
        found = [relater.relate(*given.values(), names=(names[0], names[1]))]
    else:
        found = [one for some in relater.related(given, top=top).values() for one in some]
    with opened(output) as out:
        for relation in found:
            out.write(json_lines.dumps(relation.to_fields(), ensure_ascii=False) + "\n" if json else _related(relation))
    return 0


def _papers(texts: list[str], column: str) -> dict[str, str]:
    from latentalign.cli.pairs import is_file
    from latentalign.formats import texts as reader
    from latentalign.formats.lines import read_lines
    from latentalign.tasks.papers import papers_of
    from latentalign.text.pairs import Failure

    if len(texts) == 2:
        read = [("\n".join(line.text for line in read_lines(one)) if is_file(one) else one) for one in texts]
        names = [Path(one).name if is_file(one) else f"text {number}" for number, one in enumerate(texts, start=1)]
        return papers_of(list(zip(names, read, strict=True)))
    if len(texts) != 1 or not is_file(texts[0]):
        raise InputError(wanted="two texts or files, or one file of many papers", came=f"{len(texts)} texts")
    objects = Path(texts[0].removesuffix(".gz")).suffix in (".jsonl", ".json")
    found = []
    for record in reader.read(texts[0], form="jsonl" if objects else "lines", column=column):
        if isinstance(record, Failure):
            raise record.error
        found.append((record.id, record.text))
    return papers_of(found)


def _related(one: PaperRelation) -> str:
    from latentalign.formats.lines import one_line

    pairs = [left if left == right else f"{left} = {right}" for left, right, _ in one.concepts[:5]]
    texts = (one.source, one.target, f"{one.value:.2f}", ", ".join(pairs) or "-")
    return "\t".join(map(one_line, texts)) + "\n"
