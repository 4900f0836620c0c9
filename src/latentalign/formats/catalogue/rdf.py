"""SKOS, OWL and RDFS vocabularies, in every syntax of RDF that pyoxigraph reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept, Kind, distinct
from latentalign.formats.lines import Source, read_chunks, source_name
from latentalign.registry import require
from latentalign.text.names import local_name, readable
from latentalign.text.pairs import Failure

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OBO = "http://www.geneontology.org/formats/oboInOwl#"
IAO = "http://purl.obolibrary.org/obo/IAO_"
DC = ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/")

_KINDS: dict[str, Kind] = {
    f"{OWL}Class": "class",
    f"{RDFS}Class": "class",
    f"{SKOS}Concept": "class",
    f"{OWL}ObjectProperty": "property",
    f"{OWL}DatatypeProperty": "property",
    f"{RDF}Property": "property",
    f"{OWL}NamedIndividual": "individual",
}
_LABELS = (f"{SKOS}prefLabel", f"{RDFS}label", *(f"{one}title" for one in DC), "http://xmlns.com/foaf/0.1/name")
_SYNONYMS = (
    f"{SKOS}altLabel",
    f"{SKOS}hiddenLabel",
    *(f"{OBO}has{one}Synonym" for one in ("Exact", "Related", "")),
    f"{IAO}0000118",
    "http://schema.org/alternateName",
)
_NEAR = tuple(f"{OBO}has{one}Synonym" for one in ("Broad", "Narrow"))
_DEFINITIONS = (
    f"{SKOS}definition",
    f"{IAO}0000115",
    f"{OBO}hasDefinition",
    f"{RDFS}comment",
    *(f"{one}description" for one in DC),
    f"{SKOS}scopeNote",
)
_PARENTS = (f"{RDFS}subClassOf", f"{SKOS}broader", f"{RDFS}subPropertyOf")
_RELATIONS = {f"{RDFS}domain": "domain", f"{RDFS}range": "range", f"{OWL}inverseOf": "inverse_of"}
_SYNTAXES = {
    ".ttl": "TURTLE",
    ".nt": "N_TRIPLES",
    ".nq": "N_QUADS",
    ".n3": "N3",
    ".trig": "TRIG",
    ".jsonld": "JSON_LD",
}

LONGEST_ENTITY = 300
_ENTITY = re.compile(rb"""<!ENTITY\s[^"'>]*(?:"([^"]*)"|'([^']*)')""")
_CHARACTER = re.compile(rb"&(#\w+|lt|gt|amp|quot|apos);")

Node = Any
Properties = Mapping[str, list[Node]]


class _Graph(NamedTuple):
    """What is said of each node: by its IRI or the name of its blank node, the objects of each predicate."""

    said: dict[str, dict[str, list[Node]]]
    language: str

    def of(self, node: Node | str) -> Properties:
        return self.said.get(node if isinstance(node, str) else node.value, {})

    def texts(self, properties: Properties, names: Iterable[str]) -> tuple[str, ...]:
        """Return the texts of some predicates in the order of these: those of the language, else those of none."""
        nodes = [literal for name in names for node in properties.get(name, ()) for literal in self._literals(node)]
        spoken = [node for node in nodes if (node.language or "").lower().partition("-")[0] in ("", self.language)]
        return distinct(node.value for node in spoken or nodes)

    def members(self, node: Node) -> Iterator[str]:
        """Yield the IRI of a named thing, or those that a blank node joins by ``unionOf`` or ``intersectionOf``."""
        if _is_named(node):
            yield node.value
            return
        if isinstance(node, _Blank):
            for name in ("unionOf", "intersectionOf"):
                for first in self.of(node).get(f"{OWL}{name}", ()):
                    yield from (one.value for one in self._items(first) if _is_named(one))

    def _items(self, node: Node) -> Iterator[Node]:
        """Yield the items of an RDF list; a list that comes back to itself ends there."""
        seen: set[str] = set()
        while node.value not in seen and (said := self.of(node)):
            seen.add(node.value)
            yield from said.get(f"{RDF}first", ())[:1]
            node = next(iter(said.get(f"{RDF}rest", ())), node)

    def _literals(self, node: Node) -> list[Node]:
        """Return a literal, or those of the node that stands for it (SKOS-XL, and oboInOwl of old)."""
        if hasattr(node, "language"):
            return [node]
        said = self.of(node)
        found = said.get("http://www.w3.org/2008/05/skos-xl#literalForm") or said.get(f"{RDFS}label", [])
        return [one for one in found if hasattr(one, "language")]


def read(source: Source, *, language: str = "en", syntax: str | None = None) -> Iterator[Concept | Failure]:
    r"""Yield the classes, properties, individuals and SKOS concepts of a vocabulary, without the deprecated ones.

    A thing without a label is called by the last part of its IRI, as words. Restrictions (``part_of some X``) become
    relations by the label or the name of the property. Blank nodes are no concepts. Nothing is loaded from the network.

    Args:
        source: a path, ``-`` or an open binary stream.
        language: of the names, as a language tag; names without a tag count too, other names only where these lack.
        syntax: as in ``pyoxigraph.RdfFormat``: ``TURTLE``, ``N_TRIPLES``, ``RDF_XML`` …; None goes by the ending of
            the name, RDF/XML for what is not known.

    Yields:
        a concept, or a failure for one whose name cannot be used.

    Raises:
        InputError: not well-formed; the message has the place. A source that cannot be read, or is empty.
        MissingExtraError: pyoxigraph is not installed.

    Cost: memory for the labels and the hierarchy of the whole file.

    >>> import io
    >>> text = b'''@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    ... <http://a.org/flu> a skos:Concept ; skos:prefLabel "influenza"@en, "Grippe"@de ; skos:altLabel "flu"@en .'''
    >>> next(read(io.BytesIO(text), syntax="TURTLE")).names
    ('influenza', 'flu')
    """
    graph = _Graph(_said(source, syntax), language.lower().partition("-")[0])
    for iri, properties in graph.said.items():
        kind = _kind(properties)
        if kind is None or iri.startswith("_:") or _deprecated(properties):
            continue
        try:
            yield _concept(iri, properties, kind, graph, source_name(source))
        except InputError as error:
            yield Failure(error=error, id=iri)


def _said(source: Source, syntax: str | None) -> dict[str, dict[str, list[Node]]]:
    oxigraph = require("pyoxigraph", extra="kg")
    name = source_name(source)
    chosen = syntax or _SYNTAXES.get(Path(name.removesuffix(".gz")).suffix.lower(), "RDF_XML")
    content = b"".join(read_chunks(source))
    if chosen == "RDF_XML":
        _check_entities(content, name)
    found: dict[str, dict[str, list[Node]]] = {}
    try:
        quads = oxigraph.parse(content, format=getattr(oxigraph.RdfFormat, chosen), base_iri="http://localhost/")
        for quad in quads:
            key = str(quad.subject) if isinstance(quad.subject, oxigraph.BlankNode) else quad.subject.value
            found.setdefault(key, {}).setdefault(quad.predicate.value, []).append(_node(quad.object, oxigraph))
    except (SyntaxError, ValueError) as error:
        raise InputError(
            wanted=f"well-formed RDF ({chosen})",
            came=str(error.msg if isinstance(error, SyntaxError) else error),
            where=f"{name}:{error.lineno or 1}" if isinstance(error, SyntaxError) else name,
            fix="name its syntax by the ending: .ttl, .nt, .rdf or .owl (RDF/XML), .jsonld, .trig",
        ) from None
    return found


def _check_entities(content: bytes, name: str) -> None:
    """Refuse entities that could grow without bound: those made of others, and those longer than an IRI is."""
    for declared in _ENTITY.finditer(content):
        value = declared[1] or declared[2] or b""
        if b"&" in _CHARACTER.sub(b"", value) or len(value) > LONGEST_ENTITY:
            raise InputError(
                wanted=f"XML entities of at most {LONGEST_ENTITY} bytes that hold no others",
                came=declared[0][:40].decode("utf-8", "replace"),
                where=f"{name}:{content.count(10, 0, declared.start()) + 1}",
                fix="write the text itself in place of the entity",
            )


class _Blank(NamedTuple):
    value: str


def _node(node: Node, oxigraph: Any) -> Node:
    return _Blank(str(node)) if isinstance(node, oxigraph.BlankNode) else node


def _kind(properties: Properties) -> Kind | None:
    types = [node.value for node in properties.get(f"{RDF}type", ())]
    return next((_KINDS[one] for one in types if one in _KINDS), None)


def _deprecated(properties: Properties) -> bool:
    return any(node.value in ("true", "1") for node in properties.get(f"{OWL}deprecated", ()))


def _concept(iri: str, properties: Properties, kind: Kind, graph: _Graph, where: str) -> Concept:
    names = graph.texts(properties, _LABELS)
    label = names[0] if names else readable(local_name(iri))
    definitions = graph.texts(properties, _DEFINITIONS)
    parents = [node for name in _PARENTS for node in properties.get(name, ())]
    return Concept(
        id=iri,
        label=label,
        synonyms=distinct(one for one in (*names[1:], *graph.texts(properties, _SYNONYMS)) if one != label),
        near=graph.texts(properties, _NEAR),
        definition=definitions[0] if definitions else "",
        parents=distinct(node.value for node in parents if _is_named(node) and node.value != f"{OWL}Thing"),
        types=distinct(_types(properties, graph)),
        alternatives=graph.texts(properties, (f"{OBO}hasAlternativeId", f"{SKOS}notation")),
        relations=tuple(dict.fromkeys(_relations(properties, parents, graph))),
        kind=kind,
        where=where,
    )


def _is_named(node: Node) -> bool:
    return not isinstance(node, _Blank) and not hasattr(node, "language")


def _types(properties: Properties, graph: _Graph) -> Iterator[str]:
    """Yield the types that are no words of RDF, and the namespace of OBO."""
    for node in properties.get(f"{RDF}type", ()):
        if _is_named(node) and not node.value.startswith((RDF, RDFS, OWL, SKOS)):
            yield node.value
    yield from graph.texts(properties, (f"{OBO}hasOBONamespace",))


def _relations(properties: Properties, parents: Iterable[Node], graph: _Graph) -> Iterator[tuple[str, str]]:
    for iri, name in _RELATIONS.items():
        yield from ((name, target) for node in properties.get(iri, ()) for target in graph.members(node))
    for node in parents:
        restriction = graph.of(node) if isinstance(node, _Blank) else {}
        for on in restriction.get(f"{OWL}onProperty", ()):
            for target in restriction.get(f"{OWL}someValuesFrom", ()):
                if _is_named(target):
                    yield _relation_name(on, graph), target.value


def _relation_name(node: Node, graph: _Graph) -> str:
    """Return the name of a property as OBO writes it: its label with underscores, or the end of its IRI."""
    names = graph.texts(graph.of(node), _LABELS)
    return "_".join(names[0].split()) if names else local_name(node.value)
