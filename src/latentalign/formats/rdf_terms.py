"""Terms of RDF by their short names, and the place of some words in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from latentalign.formats.rdf import PREFIXES
from latentalign.registry import require
from latentalign.text.spans import Span

_LITERAL = re.compile(r'^"(.*)"(?:@([A-Za-z]+(?:-[A-Za-z0-9]+)*))?$', re.DOTALL)


class Terms:
    """Makes terms and quads of pyoxigraph.

    Raises:
        MissingExtraError: pyoxigraph is not installed.
    """

    def __init__(self) -> None:
        self._oxigraph = require("pyoxigraph", extra="kg")

    def quad(self, subject: str, predicate: str, value: Any) -> Any:
        """Return a quad in the default graph; the predicate by its short name."""
        return self._oxigraph.Quad(self.node(subject), self.named(predicate), value)

    def node(self, iri: str) -> Any:
        """Return a node."""
        return self._oxigraph.NamedNode(iri)

    def named(self, name: str) -> Any:
        """Return the node of a short name, ``oa:Annotation``."""
        prefix, _, rest = name.partition(":")
        return self.node(PREFIXES[prefix] + rest)

    def text(self, text: str, *, language: str | None = None) -> Any:
        """Return a text."""
        return self._oxigraph.Literal(text, language=language)

    def number(self, value: float, kind: str) -> Any:
        """Return a number of a type of XML Schema."""
        return self._oxigraph.Literal(str(value), datatype=self.named(f"xsd:{kind}"))

    def literal(self, name: str) -> Any | None:
        """Return what a name in quotes stands for, perhaps with a language; None for another name."""
        found = _LITERAL.match(name)
        return None if found is None else self.text(found[1], language=found[2])

    def place(self, text: str, target: str, span: Span, words: str) -> Iterator[Any]:
        """Yield where some words are: by the offsets of their code points, and by themselves.

        Args:
            text: the IRI of the text.
            target: the IRI of the place.
            span: of the text.
            words: that stand there.
        """
        by_offsets, by_words = f"{target}/position", f"{target}/quote"
        yield self.quad(target, "rdf:type", self.named("oa:SpecificResource"))
        yield self.quad(target, "oa:hasSource", self.node(text))
        yield self.quad(target, "oa:hasSelector", self.node(by_offsets))
        yield self.quad(target, "oa:hasSelector", self.node(by_words))
        yield self.quad(by_offsets, "rdf:type", self.named("oa:TextPositionSelector"))
        yield self.quad(by_offsets, "oa:start", self.number(span.start, "nonNegativeInteger"))
        yield self.quad(by_offsets, "oa:end", self.number(span.end, "nonNegativeInteger"))
        yield self.quad(by_words, "rdf:type", self.named("oa:TextQuoteSelector"))
        yield self.quad(by_words, "oa:exact", self.text(words))
