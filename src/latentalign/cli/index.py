"""``latentalign index``: build an index of documents, add to it, delete from it, compact and verify it."""

from __future__ import annotations

import json as json_lines
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options
from latentalign.cli.options import OnError
from latentalign.cli.output import progress, settled
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.index.store import Index
    from latentalign.text.documents import Document
    from latentalign.text.pairs import Failure

app = typer.Typer(help="Keep documents so that they can be searched.", no_args_is_help=True, rich_markup_mode=None)


class CollectionForm(StrEnum):
    """How documents are read."""

    auto = "auto"
    jsonl = "jsonl"
    csv = "csv"
    folder = "folder"
    beir = "beir"


class StateForm(StrEnum):
    """How the states of words are kept."""

    float16 = "float16"
    int8 = "int8"
    none = "none"


Path_ = Annotated[Path, typer.Argument(metavar="PATH", help="The folder of the index.")]
Sources = Annotated[
    list[str], typer.Argument(help="Files (.jsonl, .csv, .tsv, also .gz), folders of text, BEIR folders; - is stdin.")
]
Form = Annotated[CollectionForm, typer.Option(help="How the documents are read; auto goes by the name.")]


def build(
    path: Path_,
    sources: Sources,
    form: Form = CollectionForm.auto,
    model: Annotated[str | None, typer.Option(help="Encoder by name or folder; none: stems alone.")] = None,
    language: Annotated[str, typer.Option(help="Of the stemmer, in English.")] = "english",
    states: Annotated[StateForm, typer.Option(help="How the states of words are kept.")] = StateForm.float16,
    pool: Annotated[int, typer.Option(min=1, help="How many words share one state, on average; 1: none do.")] = 1,
    passage_words: Annotated[int, typer.Option(min=8, help="Words of a passage, at most.")] = 250,
    adapt: Annotated[
        bool, typer.Option("--adapt/--no-adapt", help="Fit topics and neighbours to the corpus, without labels.")
    ] = True,
    json: options.Json = False,
    on_error: options.OnErrorOption = OnError.skip,
) -> int:
    """Make an index of documents in a new folder.

    Examples:

      latentalign index build papers.index papers.jsonl

      latentalign index build notes.index ~/notes --model none
    """
    from latentalign.index.settings import IndexSettings
    from latentalign.index.store import Index

    settings = IndexSettings(
        model=model, language=language, states=states.value, pool=pool, passage_words=passage_words, adapt=adapt
    )
    index = Index.create(path, settings)
    try:
        failures = _add(index, sources, form, on_error, json=json)
    except BaseException:
        index.discard()  # so that the same command, mended, finds no folder in its way
        raise
    index.compact()
    return _told(index, failures, json=json)


def add(
    path: Path_,
    sources: Sources,
    form: Form = CollectionForm.auto,
    json: options.Json = False,
    on_error: options.OnErrorOption = OnError.skip,
) -> int:
    """Add documents to an index; one of a name that is there takes its place."""
    from latentalign.index.store import Index

    index = Index.open(path)
    failures = _add(index, sources, form, on_error, json=json)
    return _told(index, failures, json=json)


def delete(
    path: Path_,
    ids: Annotated[list[str], typer.Argument(help="Names of documents; - reads one a line from stdin.")],
    json: options.Json = False,
) -> int:
    """Delete documents from an index by name; names that are not there are told, and change nothing."""
    from latentalign.formats.lines import read_lines
    from latentalign.index.store import Index

    names = [line.text for line in read_lines("-")] if ids == ["-"] else ids
    index = Index.open(path)
    absent = [name for name in dict.fromkeys(names) if name not in index.snapshot().places]
    for name in absent:
        sys.stderr.write(f"latentalign: no document {name!r}\n")
    index.delete(names)
    return _told(index, len(absent), json=json)


def compact(path: Path_, json: options.Json = False) -> int:
    """Free the room of what was deleted, make one segment of all, and adapt it anew."""
    from latentalign.index.store import Index

    index = Index.open(path)
    index.compact()
    return _told(index, 0, json=json)


def verify(path: Path_, json: options.Json = False) -> int:
    """Compare every file of an index with its hash; exit status 1 and one line each where it differs."""
    from latentalign.index.store import Index

    wrong = Index(path=path).verify()
    if json:
        sys.stdout.write(json_lines.dumps({"path": str(path), "damaged": wrong}) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in wrong) or "all files are as they were written\n")
    return 1 if wrong else 0


app.command("build")(build)
app.command("add")(add)
app.command("delete")(delete)
app.command("compact")(compact)
app.command("verify")(verify)


def _add(index: Index, sources: list[str], form: CollectionForm, on_error: OnError, *, json: bool) -> int:
    documents, failures = settled(_read(sources, form), on_error=on_error.value)
    index.add(_kept(progress(documents, "documents"), json=json))
    return len(failures)


def _read(sources: list[str], form: CollectionForm) -> Iterator[Document | Failure]:
    from latentalign import registry
    from latentalign.formats.documents import form_of

    for source in sources:
        if source != "-" and not Path(source).exists():
            raise InputError(wanted="a file or a folder of documents", came="none of that name", where=source)
        name = form_of(source) if form == CollectionForm.auto else form.value
        yield from registry.collections.load(name)(source)


def _kept(documents: Iterable[Document | Failure], *, json: bool) -> Iterator[Document]:
    """Yield the documents; a failure is a line of JSON where JSON is wanted."""
    from latentalign.formats.fields import to_fields
    from latentalign.text.documents import Document

    for one in documents:
        if isinstance(one, Document):
            yield one
        elif json:
            sys.stdout.write(json_lines.dumps(to_fields(one), ensure_ascii=False) + "\n")


def _told(index: Index, failures: int, *, json: bool) -> int:
    """Say how many documents there are and return the exit status."""
    count = len(index.snapshot())
    if json:
        sys.stdout.write(json_lines.dumps({"path": str(index.path), "documents": count, "failed": failures}) + "\n")
    else:
        sys.stdout.write(f"{count} documents\n")
    return 3 if failures else 0
