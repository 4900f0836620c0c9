"""Linked texts as RDF: an annotation for each mention, with its place in the text and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from latentalign import __version__
from latentalign.formats.rdf import PREFIXES, iri_of
from latentalign.registry import require
from latentalign.tasks.linking import LinkedMention, LinkedText

TEXTS, CONCEPTS = "urn:x-latentalign:text:", "urn:x-latentalign:concept:"
AGENT = f"https://pypi.org/project/latentalign/{__version__}/"


@dataclass(frozen=True, kw_only=True)
class LinkGraph:
    """Makes RDF of linked texts, in the vocabularies of Web Annotation, PROV and ITS.

    Every node has an IRI made of the text and the place, so the same result written twice is there once. A mention
    without a concept is left out.

    Args:
        prefixes: of ids such as ``MESH:D003139``, with the IRI that each stands for.
        texts: the IRI that the ids of texts are put behind; a text without an id has a hash of its words.
        concepts: the same for ids of concepts that are no IRI and have no known prefix.
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    texts: str = TEXTS
    concepts: str = CONCEPTS

    def quads(self, results: Iterable[LinkedText]) -> Iterator[Any]:
        """Yield the triples, as quads of pyoxigraph in the default graph.

        Raises:
            MissingExtraError: pyoxigraph is not installed.
        """
        rdf = _Rdf(require("pyoxigraph", extra="kg"))
        yield rdf.quad(AGENT, "rdf:type", rdf.named("prov:SoftwareAgent"))
        yield rdf.quad(AGENT, "rdfs:label", rdf.text(f"latentalign {__version__}"))
        for result in results:
            text = self.text_iri(result)
            yield rdf.quad(text, "rdf:type", rdf.named("prov:Entity"))
            for one in result.mentions:
                if one.concept is not None:
                    yield from self._annotation(text, one, rdf)

    def text_iri(self, result: LinkedText) -> str:
        """Return the IRI of a text."""
        name = result.id or hashlib.sha256(result.text.encode()).hexdigest()[:16]
        return iri_of(name, prefixes=self.prefixes, base=self.texts)

    def _annotation(self, text: str, one: LinkedMention, rdf: _Rdf) -> Iterator[Any]:
        concept = iri_of(one.concept or "", prefixes=self.prefixes, base=self.concepts)
        node, target = (f"{text}#{part}={one.span.start},{one.span.end}" for part in ("annotation", "char"))
        yield rdf.quad(node, "rdf:type", rdf.named("oa:Annotation"))
        yield rdf.quad(node, "oa:motivatedBy", rdf.named("oa:identifying"))
        yield rdf.quad(node, "oa:hasBody", rdf.node(concept))
        yield rdf.quad(node, "oa:hasTarget", rdf.node(target))
        yield rdf.quad(node, "its:taConfidence", rdf.number(one.probability, "double"))
        yield rdf.quad(node, "prov:wasDerivedFrom", rdf.node(text))
        yield rdf.quad(node, "prov:wasAttributedTo", rdf.node(AGENT))
        yield rdf.quad(concept, "skos:prefLabel", rdf.text(one.label or ""))
        yield from _place(rdf, text, target, one)


class _Rdf:
    """Terms of RDF by their short names."""

    def __init__(self, oxigraph: Any) -> None:
        self._oxigraph = oxigraph

    def quad(self, subject: str, predicate: str, value: Any) -> Any:
        return self._oxigraph.Quad(self.node(subject), self.named(predicate), value)

    def node(self, iri: str) -> Any:
        return self._oxigraph.NamedNode(iri)

    def named(self, name: str) -> Any:
        prefix, _, rest = name.partition(":")
        return self.node(PREFIXES[prefix] + rest)

    def text(self, text: str) -> Any:
        return self._oxigraph.Literal(text)

    def number(self, value: float, kind: str) -> Any:
        return self._oxigraph.Literal(str(value), datatype=self.named(f"xsd:{kind}"))


def _place(rdf: _Rdf, text: str, target: str, one: LinkedMention) -> Iterator[Any]:
    """Yield where a mention is: by the offsets of its code points, and by its words."""
    by_offsets, by_words = f"{target}/position", f"{target}/quote"
    yield rdf.quad(target, "rdf:type", rdf.named("oa:SpecificResource"))
    yield rdf.quad(target, "oa:hasSource", rdf.node(text))
    yield rdf.quad(target, "oa:hasSelector", rdf.node(by_offsets))
    yield rdf.quad(target, "oa:hasSelector", rdf.node(by_words))
    yield rdf.quad(by_offsets, "rdf:type", rdf.named("oa:TextPositionSelector"))
    yield rdf.quad(by_offsets, "oa:start", rdf.number(one.span.start, "nonNegativeInteger"))
    yield rdf.quad(by_offsets, "oa:end", rdf.number(one.span.end, "nonNegativeInteger"))
    yield rdf.quad(by_words, "rdf:type", rdf.named("oa:TextQuoteSelector"))
    yield rdf.quad(by_words, "oa:exact", rdf.text(one.text))
