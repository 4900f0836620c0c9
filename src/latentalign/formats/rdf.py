"""RDF written: to a file, into a store on disk, or to a SPARQL 1.1 endpoint."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from latentalign.errors import InputError
from latentalign.registry import require

FORMATS = {".nt": "N_TRIPLES", ".ttl": "TURTLE", ".rdf": "RDF_XML", ".nq": "N_QUADS", ".trig": "TRIG"}
PREFIXES = {
    "oa": "http://www.w3.org/ns/oa#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "its": "http://www.w3.org/2005/11/its/rdf#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
AT_ONCE = 1000
_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|urn:)[^\s<>\"{}|\\^`]+$")


def iri_of(name: str, *, prefixes: Mapping[str, str], base: str) -> str:
    """Return the IRI of an id: itself if it is one, with its prefix written out if that is known, else under a base.

    >>> iri_of("MESH:D003139", prefixes={"MESH": "http://id.nlm.nih.gov/mesh/"}, base="urn:x:")
    'http://id.nlm.nih.gov/mesh/D003139'
    >>> iri_of("a cold", prefixes={}, base="urn:x:")
    'urn:x:a%20cold'
    """
    prefix, colon, rest = name.partition(":")
    if colon and prefix in prefixes:
        return prefixes[prefix] + quote(rest, safe="/#?=&:;,+@!~*'()-._")
    return name if _ABSOLUTE.match(name) else base + quote(name, safe="")


def is_iri(text: str) -> bool:
    """Return whether a text is an absolute IRI that needs no quoting.

    >>> is_iri("http://id.nlm.nih.gov/mesh/"), is_iri("http://x y/"), is_iri("mesh")
    (True, False, False)
    """
    return _ABSOLUTE.match(text) is not None


def form_of(path: Path) -> str:
    """Return the name of the syntax that the ending of a file says.

    Raises:
        InputError: an ending that is not known.
    """
    if path.suffix not in FORMATS:
        raise InputError(wanted=f"a file that ends in {', '.join(FORMATS)}", came=path.name, where="RDF output")
    return FORMATS[path.suffix]


def check_endpoint(url: str) -> None:
    """Raise unless an URL can be that of an endpoint.

    Raises:
        InputError: an URL of another kind.
    """
    if not url.startswith(("http://", "https://")):
        raise InputError(wanted="an http or https URL of a SPARQL update endpoint", came=url, where="SPARQL endpoint")


def write_file(quads: Iterable[Any], path: Path) -> None:
    """Write RDF into a file, in the syntax that its ending says.

    Raises:
        InputError: an ending that is not known, or a file that cannot be written.
        MissingExtraError: pyoxigraph is not installed.
    """
    oxigraph = require("pyoxigraph", extra="kg")
    form = getattr(oxigraph.RdfFormat, form_of(path))
    try:
        with path.open("wb") as file:
            oxigraph.serialize((one.triple for one in quads), file, format=form, prefixes=PREFIXES)
    except OSError as error:
        raise InputError(wanted="a file that can be written", came=str(error.strerror), where=str(path)) from error


def write_store(quads: Iterable[Any], folder: Path) -> None:
    """Add RDF to a pyoxigraph store on disk, made if there is none. What is in it already is not doubled.

    Raises:
        InputError: a folder that is no store, or one that another process writes.
        MissingExtraError: pyoxigraph is not installed.
    """
    oxigraph = require("pyoxigraph", extra="kg")
    try:
        store = oxigraph.Store(str(folder))
        store.extend(quads)
        store.flush()
    except OSError as error:
        raise InputError(
            wanted="a store that can be written",
            came=str(error),
            where=str(folder),
            fix="one process writes a store at a time",
        ) from error


def write_endpoint(quads: Iterable[Any], url: str, *, timeout: float = 60.0) -> None:
    """Add RDF to a SPARQL 1.1 endpoint by ``INSERT DATA``, 1,000 triples a request.

    Args:
        quads: the triples.
        url: of the update endpoint, http or https.
        timeout: of a request, in seconds.

    Raises:
        InputError: an URL of another kind, or an endpoint that cannot be reached or refuses.
    """
    check_endpoint(url)
    waiting = iter(quads)
    while some := list(islice(waiting, AT_ONCE)):
        body = "INSERT DATA {\n" + "".join(f"{one.triple} .\n" for one in some) + "}"
        _post(url, body, timeout)


def _post(url: str, body: str, timeout: float) -> None:
    request = urllib.request.Request(  # noqa: S310 (the scheme was checked)
        url, data=body.encode(), headers={"Content-Type": "application/sparql-update"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        came = f"{error.code} {error.reason}: {error.read(300).decode('utf-8', 'replace')}"
    except (urllib.error.URLError, OSError, ValueError) as error:
        came = str(getattr(error, "reason", error))
    raise InputError(wanted="an endpoint that takes a SPARQL update", came=came, where=url)
