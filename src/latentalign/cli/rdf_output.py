"""Where RDF goes: a file, a store on disk, a SPARQL endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.linking.expressed import ExpressedText
    from latentalign.tasks.linking.result import LinkedText
    from latentalign.text.pairs import Failure

    Result = LinkedText | ExpressedText


RdfFile = Annotated[Path | None, typer.Option(help="Write the links as RDF: a .ttl, .nt, .rdf, .nq or .trig file.")]
RdfStore = Annotated[Path | None, typer.Option(help="Add the links to a pyoxigraph store on disk.")]
RdfEndpoint = Annotated[str | None, typer.Option(help="Add the links to a SPARQL 1.1 update endpoint, by its URL.")]
RdfPrefix = Annotated[
    list[str] | None, typer.Option(help="What a prefix of ids stands for, as MESH=http://id.nlm.nih.gov/mesh/.")
]
RdfBase = Annotated[str | None, typer.Option(help="The IRI that the ids of texts are put behind, in RDF.")]


@dataclass(frozen=True, kw_only=True)
class RdfOutput:
    """What the options of a command say of RDF.

    Args:
        file, store, endpoint: where it goes; any of them, or none.
        prefixes: as ``MESH=http://id.nlm.nih.gov/mesh/``.
        base: the IRI that the ids of texts are put behind.
    """

    file: Path | None = None
    store: Path | None = None
    endpoint: str | None = None
    prefixes: list[str] = field(default_factory=list)
    base: str | None = None

    def __post_init__(self) -> None:
        """Refuse now what could not be written when all is linked."""
        from latentalign.formats import rdf
        from latentalign.registry import require

        if self.file is not None or self.store is not None or self.endpoint is not None:
            require("pyoxigraph", extra="kg")
        if self.file is not None:
            rdf.form_of(self.file)
        if self.endpoint is not None:
            rdf.check_endpoint(self.endpoint)
        for name, iri in (*prefixes_of(self.prefixes).items(), *([("--base", self.base)] if self.base else ())):
            if not rdf.is_iri(iri):
                raise InputError(wanted="an absolute IRI", came=repr(iri), where=name)

    def passing(self, results: Iterable[Result | Failure]) -> Iterator[Result | Failure]:
        """Yield the results as they come, and write them as RDF when they end; nothing is kept without a target."""
        from latentalign.text.pairs import Failure

        kept: list[Result] = []
        targets = self._targets()
        for one in results:
            if targets and not isinstance(one, Failure):
                kept.append(one)
            yield one
        for write in targets:
            write(self._quads(kept))

    def _targets(self) -> list[Callable[[Iterable[Any]], None]]:
        from latentalign.formats import rdf

        file, store, endpoint = self.file, self.store, self.endpoint
        found: list[Callable[[Iterable[Any]], None]] = []
        if file is not None:
            found.append(lambda quads: rdf.write_file(quads, file))
        if store is not None:
            found.append(lambda quads: rdf.write_store(quads, store))
        if endpoint is not None:
            found.append(lambda quads: rdf.write_endpoint(quads, endpoint))
        return found

    def _quads(self, results: Iterable[Result]) -> Iterator[Any]:
        from latentalign.tasks.linking.link_rdf import TEXTS, LinkGraph

        return LinkGraph(prefixes=prefixes_of(self.prefixes), texts=self.base or TEXTS).quads(results)


def prefixes_of(given: Iterable[str]) -> dict[str, str]:
    """Return what ``PREFIX=IRI`` options say.

    Raises:
        InputError: another form.

    >>> prefixes_of(["MESH=http://id.nlm.nih.gov/mesh/"])
    {'MESH': 'http://id.nlm.nih.gov/mesh/'}
    """
    found = {}
    for one in given:
        prefix, equals, iri = one.partition("=")
        if not (equals and prefix and ":" in iri):
            raise InputError(wanted="PREFIX=IRI", came=repr(one), where="--prefix")
        found[prefix] = iri
    return found
