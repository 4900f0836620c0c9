"""A catalogue file into concepts, by the form that its name says."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from latentalign import registry
from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.lines import Source, source_name
from latentalign.text.pairs import Failure

FORMS = {
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".obo": "obo",
    ".owl": "rdf",
    ".rdf": "rdf",
    ".xml": "rdf",
    ".skos": "rdf",
    ".ttl": "rdf",
    ".nt": "rdf",
    ".nq": "rdf",
    ".n3": "rdf",
    ".trig": "rdf",
    ".jsonld": "rdf",
}
"""The reader of each ending of a file name, before ``.gz``."""


def read_catalogue(source: Source, *, form: str = "auto", **options: Any) -> Iterator[Concept | Failure]:
    r"""Yield the concepts of a catalogue, in the order of the file.

    Args:
        source: a path, ``-`` or an open binary stream; gzip is unpacked.
        form: an entry of the registry of catalogues (``csv``, ``tsv``, ``jsonl``, ``obo``, ``rdf``), or ``auto`` to go
            by the ending of the name. OWL and SKOS are vocabularies of RDF: ``rdf`` reads both.
        options: of the reader.

    Yields:
        a concept, or a failure in the place of an entry that cannot be used.

    Raises:
        InputError: an ending that is not known, a source that cannot be read or is empty, or RDF that is not
            well-formed.
        UnknownNameError: a form that is not registered.

    >>> import io
    >>> rows = io.BytesIO(b"id,label,synonyms\nD1,influenza,flu|grippe\n")
    >>> next(read_catalogue(rows, form="csv")).names
    ('influenza', 'flu', 'grippe')
    """
    chosen = form_of(source) if form == "auto" else form
    found: Iterator[Concept | Failure] = registry.catalogues.load(chosen)(source, **options)
    return found


def load_catalogue(source: Source, *, form: str = "auto", **options: Any) -> tuple[Concept, ...]:
    """Return all concepts of a catalogue.

    Raises:
        InputError: as `read_catalogue`; an entry that cannot be used, an id that comes twice, or no concept at all.
    """
    found: dict[str, Concept] = {}
    for one in read_catalogue(source, form=form, **options):
        if isinstance(one, Failure):
            raise one.error
        if one.id in found:
            raise InputError(
                wanted="each id once",
                came=f"{one.id!r} again",
                where=one.where or source_name(source),
                fix="join the two entries, with the names of one as synonyms of the other",
            )
        found[one.id] = one
    if not found:
        raise InputError(wanted="at least one concept", came="none", where=source_name(source))
    return tuple(found.values())


def form_of(source: Source) -> str:
    """Return the reader for a file name.

    Raises:
        InputError: an ending that is not known.
    """
    name = source_name(source) if isinstance(source, str | PathLike) else str(getattr(source, "name", ""))
    suffix = Path(name.removesuffix(".gz")).suffix.lower()
    if suffix not in FORMS:
        raise InputError(
            wanted=f"a catalogue that ends in {', '.join(FORMS)} (and perhaps .gz)",
            came=repr(name),
            where="catalogue",
            fix="rename it, or name its form: csv, tsv, jsonl, obo or rdf",
        )
    return FORMS[suffix]
