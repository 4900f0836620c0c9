"""Linked texts as RDF: an annotation for each mention or part of a triple, with its place and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from latentalign import __version__
from latentalign.formats.rdf import iri_of
from latentalign.formats.rdf_terms import Terms
from latentalign.tasks.linking.expressed import ExpressedText, Expression
from latentalign.tasks.linking.result import LinkedMention, LinkedText
from latentalign.text.spans import Span

TEXTS, CONCEPTS = "urn:x-latentalign:text:", "urn:x-latentalign:concept:"
AGENT = f"https://pypi.org/project/latentalign/{__version__}/"


@dataclass(frozen=True, kw_only=True)
class LinkGraph:
    """Makes RDF of linked texts and of expressed triples, in the vocabularies of Web Annotation, PROV and ITS.

    Every node has an IRI made of the text and the place, so the same result written twice is there once. A mention
    without a concept is left out. A triple is an ``rdf:Statement``, which says what the text says and asserts nothing.

    Args:
        prefixes: of ids such as ``MESH:D003139``, with the IRI that each stands for.
        texts: the IRI that the ids of texts are put behind; a text without an id has a hash of its words.
        concepts: the same for ids of concepts that are no IRI and have no known prefix.
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    texts: str = TEXTS
    concepts: str = CONCEPTS

    def quads(self, results: Iterable[LinkedText | ExpressedText]) -> Iterator[Any]:
        """Yield the triples, as quads of pyoxigraph in the default graph.

        Raises:
            MissingExtraError: pyoxigraph is not installed.
        """
        terms = Terms()
        yield terms.quad(AGENT, "rdf:type", terms.named("prov:SoftwareAgent"))
        yield terms.quad(AGENT, "rdfs:label", terms.text(f"latentalign {__version__}"))
        for result in results:
            text = self.text_iri(result)
            yield terms.quad(text, "rdf:type", terms.named("prov:Entity"))
            if isinstance(result, LinkedText):
                for one in result.mentions:
                    yield from self._mention(terms, text, one)
            else:
                for number, expression in enumerate(result.expressions):
                    yield from self._expression(terms, text, number, expression, result)

    def text_iri(self, result: LinkedText | ExpressedText) -> str:
        """Return the IRI of a text."""
        name = result.id or hashlib.sha256(result.text.encode()).hexdigest()[:16]
        return iri_of(name, prefixes=self.prefixes, base=self.texts)

    def _concept(self, name: str) -> str:
        return iri_of(name, prefixes=self.prefixes, base=self.concepts)

    def _mention(self, terms: Terms, text: str, one: LinkedMention) -> Iterator[Any]:
        if one.concept is None:
            return
        concept = self._concept(one.concept)
        node = f"{text}#annotation={one.span.start},{one.span.end}"
        yield terms.quad(node, "oa:motivatedBy", terms.named("oa:identifying"))
        yield terms.quad(node, "its:taConfidence", terms.number(one.probability, "double"))
        yield terms.quad(concept, "skos:prefLabel", terms.text(one.label or ""))
        yield from _annotation(terms, text, node, terms.node(concept), span=one.span, words=one.text)

    def _expression(
        self, terms: Terms, text: str, number: int, one: Expression, result: ExpressedText
    ) -> Iterator[Any]:
        statement = f"{text}#statement={number}"
        yield terms.quad(statement, "rdf:type", terms.named("rdf:Statement"))
        yield terms.quad(statement, "its:taConfidence", terms.number(one.probability, "double"))
        yield terms.quad(statement, "prov:wasDerivedFrom", terms.node(text))
        sentence = result.sentences[one.sentence]
        spans = {"subject": one.subject, "predicate": (one.relation,) if one.relation else (), "object": one.object}
        for (role, places), name in zip(spans.items(), one.triple, strict=True):
            value = terms.literal(name) if role == "object" else None
            value = terms.node(self._concept(name)) if value is None else value
            yield terms.quad(statement, f"rdf:{role}", value)
            for span in places:
                node = f"{statement}/{role}={span.start},{span.end}"
                yield from _annotation(terms, text, node, value, span=span, words=span.of(result.text))
        node = f"{statement}/sentence"
        yield from _annotation(terms, text, node, terms.node(statement), span=sentence, words=sentence.of(result.text))


def _annotation(terms: Terms, text: str, node: str, body: Any, *, span: Span, words: str) -> Iterator[Any]:
    target = f"{text}#char={span.start},{span.end}"
    yield terms.quad(node, "rdf:type", terms.named("oa:Annotation"))
    yield terms.quad(node, "oa:hasBody", body)
    yield terms.quad(node, "oa:hasTarget", terms.node(target))
    yield terms.quad(node, "prov:wasDerivedFrom", terms.node(text))
    yield terms.quad(node, "prov:wasAttributedTo", terms.node(AGENT))
    yield from terms.place(text, target, span, words)
