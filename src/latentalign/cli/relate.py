"""``latentalign relate``: ontologies, papers and citations, with what relates them."""

from __future__ import annotations

import json as json_lines
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options, relate_texts
from latentalign.cli.output import json_line, opened

if TYPE_CHECKING:
    from latentalign.tasks.relating.ontology_alignment import ConceptMatch, OntologyAlignment

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
    from latentalign import config
    from latentalign.tasks.relating.relate import OntologyAligner

    changes = config.overrides(set_ or [])
    found = OntologyAligner.load(**changes).align(source, target, broader=not exact)
    with opened(output) as out:
        out.writelines(_written(found.at_least(least), MappingForm.json if json else form, source, target))
    return 0


def _written(found: OntologyAlignment, form: MappingForm, source: Path, target: Path) -> Iterator[str]:
    from latentalign import registry

    mappings = found.to_mappings(source=source.name, target=target.name)
    if form in (MappingForm.sssom, MappingForm.oaei):
        yield registry.mapping_writers.load(form.value)(mappings)
    elif form is MappingForm.json:
        yield from map(json_line, found.matches)
        for side, rest in (("source", mappings.unmapped_source), ("target", mappings.unmapped_target)):
            for name, label in rest:
                fields = {"relation": "none", side: name, f"{side}_label": label}
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


app.command("citation")(relate_texts.citation)
app.command("papers")(relate_texts.papers)
