"""``latentalign search``: the documents of an index that explain a query, and why."""

from __future__ import annotations

import json as json_lines
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options
from latentalign.cli.options import OnError
from latentalign.cli.output import opened, progress, settled
from latentalign.cli.texts import read_texts
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.retrieval.search_result import Hit, SearchResult
    from latentalign.text.pairs import Failure


def search(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder of an index.")],
    queries: Annotated[
        list[str] | None, typer.Argument(help="Queries; or one file, a query a line or JSON lines; or - for stdin.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many documents, at most.")] = 10,
    filter: Annotated[
        list[str] | None, typer.Option("--filter", help="A condition on fields, as 'year>2000'; repeat it for more.")
    ] = None,
    like: Annotated[str | None, typer.Option(help="The name of a document: find those that are like it.")] = None,
    evidence: Annotated[bool, typer.Option("--evidence", help="Show which words carry each hit.")] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Align the words of every passage; slow.")] = False,
    rescored: Annotated[
        int | None, typer.Option(min=1, help="Candidates whose words are aligned; by default 20, and at least 2 k.")
    ] = None,
    json: options.Json = False,
    output: options.Output = None,
    on_error: options.OnErrorOption = OnError.null,
) -> int:
    """Find the documents that explain a query, with the words that carry each, or say that none does.

    Examples:

      latentalign search papers.index "heat transfer in thin films" -k 5 --filter 'year>2000' --evidence

      latentalign search papers.index queries.txt --json
    """
    from latentalign.index.filters import conjunction
    from latentalign.tasks.retrieval.search import Searcher

    if (like is None) == (not queries):
        raise InputError(wanted="a query, or a document to be --like", came="both" if queries else "neither")
    chosen = conjunction(filter or [])
    searcher = Searcher.load(path, exact=exact, rescored=rescored)
    if like is not None:
        found: Iterable[SearchResult | Failure] = [searcher.like(like, k=k, filter=chosen)]
    else:
        found = searcher.search_many(read_texts(queries or []), k=k, filter=chosen)
    results, failures = settled(found, on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_written(progress(results, "queries"), json=json, evidence=evidence))
    return 3 if failures else 0


def _written(results: Iterable[SearchResult | Failure], *, json: bool, evidence: bool) -> Iterator[str]:
    from latentalign.formats.fields import to_fields
    from latentalign.text.pairs import Failure

    for result in results:
        if json:
            fields = to_fields(result) if isinstance(result, Failure) else result.to_fields(evidence=evidence)
            yield json_lines.dumps(fields, ensure_ascii=False) + "\n"
        elif isinstance(result, Failure):
            yield "\n"
        else:
            yield _paragraph(result, evidence=evidence)


def _paragraph(result: SearchResult, *, evidence: bool) -> str:
    from latentalign.formats.drawing.glyphs import printable

    rows = ["nothing here seems to answer; nearest:"] if result.abstains else []
    for hit in result.hits:
        rows += _lines(hit, evidence=evidence)
    return "".join(f"{printable(row)}\n" for row in rows or ["nothing"])


def _lines(hit: Hit, *, evidence: bool) -> Iterator[str]:
    from latentalign.formats.lines import one_line

    same = f"  (also {', '.join(hit.duplicates)})" if hit.duplicates else ""
    yield f"{hit.probability:.3f}  {one_line(hit.id)}  {one_line(hit.title)}".rstrip() + same
    yield f"       {one_line(hit.highlighted(before='[', after=']') if evidence else hit.text)}"
    if evidence:
        links = sorted(zip(hit.evidence.pairs(), hit.shares, strict=True), key=lambda one: -one[1])
        shown = [f"{source} -> {target} ({share:.2f})" for (source, target, _), share in links[:6] if share >= 0.03]
        yield f"       because: {', '.join(shown) or 'of the whole'}"
