"""``latentalign relate citation`` and ``latentalign relate papers``: sentences that are cited, and papers that belong
together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign import config
from latentalign.cli import options
from latentalign.cli.options import OnError
from latentalign.cli.output import json_line, opened, settled
from latentalign.cli.pairs import is_file, names_one
from latentalign.cli.texts import names_file, read_texts
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.relating.cite import Citation, CitationLinker
    from latentalign.tasks.relating.papers import PaperRelater, PaperRelation
    from latentalign.text.pairs import Failure
    from latentalign.text.records import TextRecord

Settings = Annotated[list[str] | None, typer.Option("--set", help="A setting of the value, as whole=12.")]


def citation(
    text: Annotated[
        list[str], typer.Argument(help="Citing sentences; or one file, one a line or JSON lines; or - for stdin.")
    ],
    paper: Annotated[Path, typer.Option(help="The cited paper: a text file, split into sentences.")],
    by_line: Annotated[bool, typer.Option("--by-line", help="The paper has one sentence a line.")] = False,
    top: Annotated[int, typer.Option("--top", "-k", min=1, help="How many sentences are ranked.")] = 5,
    column: Annotated[str, typer.Option(help="The key of the text in JSON lines.")] = "text",
    json: options.Json = False,
    output: options.Output = None,
    on_error: options.OnErrorOption = OnError.null,
    set_: Settings = None,
) -> int:
    """Say which sentences of a paper a citing sentence speaks of, or that it speaks of none.

    Examples:

      latentalign relate citation "Och et al. (2001) speed up beam search." --paper och2001.txt
    """
    from latentalign.formats.lines import read_lines
    from latentalign.tasks.relating.cite import CitationLinker

    lines = [line.text for line in read_lines(paper)]
    document = lines if by_line else "\n".join(lines)
    linker = CitationLinker.load(top=top, **config.overrides(set_ or []))
    results, failures = settled(_linked(linker, list(read_texts(text, column)), document), on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_line(one, json=json) for one in results)
    return 3 if failures else 0


def papers(
    texts: Annotated[
        list[str], typer.Argument(help="Two texts or files; or one file of many: a paper a line, or JSON lines.")
    ],
    top: Annotated[int, typer.Option("--top", "-k", min=1, help="Related papers that are told for each.")] = 3,
    column: Annotated[str, typer.Option(help="The key of the text in JSON lines.")] = "text",
    json: options.Json = False,
    output: options.Output = None,
    on_error: options.OnErrorOption = OnError.null,
    set_: Settings = None,
) -> int:
    """Say how papers are related, and by which concepts.

    Examples:

      latentalign relate papers abstract-1.txt abstract-2.txt

      latentalign relate papers abstracts.jsonl --column abstract --top 5 --json
    """
    from latentalign.tasks.relating.papers import PaperRelater

    if len(texts) != 2 and not names_file(texts):
        raise InputError(wanted="two texts or files, or one file of many papers", came=f"{len(texts)} texts")
    relater = PaperRelater.load(**config.overrides(set_ or []))
    found = _two(relater, texts) if len(texts) == 2 else _many(relater, list(read_texts(texts, column)), top)
    results, failures = settled(found, on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_line(one, json=json) for one in results)
    return 3 if failures else 0


def _linked(
    linker: CitationLinker, records: Sequence[TextRecord | Failure], document: str | list[str]
) -> Iterator[Citation | Failure]:
    from latentalign.text.pairs import Failure

    usable = [one.text for one in records if not isinstance(one, Failure)]
    found = iter(linker.link_many(usable, document))
    yield from (one if isinstance(one, Failure) else replace(next(found), id=one.id) for one in records)


def _two(relater: PaperRelater, texts: list[str]) -> list[PaperRelation]:
    from latentalign.formats.lines import read_lines

    read = [("\n".join(line.text for line in read_lines(one)) if names_one(one) else one) for one in texts]
    names = [Path(one).name if is_file(one) else f"text {number}" for number, one in enumerate(texts, start=1)]
    if names[0] == names[1]:
        names = texts
    return [relater.relate(read[0], read[1], names=(names[0], names[1]))]


def _many(
    relater: PaperRelater, records: Sequence[TextRecord | Failure], top: int
) -> Iterator[PaperRelation | Failure]:
    """Yield the relations of each paper, or the failure of its record, in the order of the records."""
    from latentalign.text.pairs import Failure

    papers: dict[str, str] = {}
    rows: list[str | Failure] = []
    for number, one in enumerate(records, start=1):
        checked = one if isinstance(one, Failure) else relater.checked(one)
        if isinstance(checked, Failure):
            rows.append(checked)
            continue
        name = checked.id or f"record {number}"
        if name in papers:
            rows.append(Failure(error=InputError(wanted="each id once", came=repr(name), where=checked.where), id=name))
            continue
        papers[name] = checked.text
        rows.append(name)
    if len(papers) < 2:
        raise InputError(wanted="at least two papers with a concept", came=str(len(papers)), where="relate papers")
    found = relater.related(papers, top=top)
    for row in rows:
        yield from (found[row] if isinstance(row, str) else [row])


def _line(one: Citation | PaperRelation | Failure, *, json: bool) -> str:
    from latentalign.tasks.relating.cite import Citation
    from latentalign.text.pairs import Failure

    if json:
        return json_line(one)
    if isinstance(one, Failure):
        return "\n"
    return _ranked(one) if isinstance(one, Citation) else _related(one)


def _ranked(one: Citation) -> str:
    rows = [one.text] + [f"  {found.probability:.3f}  [{found.index}] {found.text}" for found in one.ranked]
    rows.append(f"  {one.nothing:.3f}  none of them")
    links = sorted(one.evidence.pairs(), key=lambda link: -link[2])[:5]
    rows.append("  because: " + (", ".join(f"{left} -> {right}" for left, right, _ in links) or "of the whole"))
    return _printed(rows)


def _printed(rows: Iterable[str]) -> str:
    from latentalign.formats.drawing.glyphs import printable

    return "".join(f"{printable(row)}\n" for row in rows)


def _related(one: PaperRelation) -> str:
    from latentalign.formats.lines import one_line

    pairs = [left if left == right else f"{left} = {right}" for left, right, _ in one.concepts[:5]]
    texts = (one.source, one.target, f"{one.value:.2f}", ", ".join(pairs) or "-")
    return "\t".join(map(one_line, texts)) + "\n"
