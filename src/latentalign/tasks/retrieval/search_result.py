"""What a search finds: documents with their best passages, why, and whether any of them is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.text.documents import Value
from latentalign.text.spans import Evidence, Span


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A document that was found.

    Args:
        id: its name.
        title: its title, or nothing.
        fields: what else is known of it.
        text: of its best passage.
        span: of that passage in the text of the document.
        passages: the best passages of the document, the best one first, as spans.
        value: of the match.
        probability: calibrated, that the passage is about what the query asks; comparable across queries.
        evidence: the words of the query, the source, aligned with those of the passage.
        shares: of each link of the evidence, its share of what all links carry.
        carried: of each word of the query, what it carries of the value.
        duplicates: the names of documents with the same text, which are left out.
    """

    id: str
    title: str
    fields: Mapping[str, Value]
    text: str
    span: Span
    passages: tuple[Span, ...]
    value: float
    probability: float
    evidence: Evidence
    shares: tuple[float, ...]
    carried: tuple[float, ...]
    duplicates: tuple[str, ...] = ()

    def to_fields(self, *, evidence: bool = True) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        found: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "fields": dict(self.fields),
            "text": self.text,
            "span": list(self.span),
            "passages": [list(one) for one in self.passages],
            "value": self.value,
            "probability": self.probability,
            "duplicates": list(self.duplicates),
        }
        if evidence:
            found |= {
                "evidence": evidence_fields(self.evidence),
                "shares": list(self.shares),
                "carried": list(self.carried),
            }
        return found

    def metadata(self) -> dict[str, Any]:
        """Return what other libraries keep beside the text: the fields of the document, and why it was found."""
        known = self.to_fields()
        names = ("id", "title", "span", "value", "probability", "evidence")
        return {**self.fields, **{name: known[name] for name in names}}

    def highlighted(self, *, before: str = "**", after: str = "**", least: float = 0.03) -> str:
        """Return the passage with the words marked that carry at least a share of the match."""
        marked = {link.target for link, share in zip(self.evidence.links, self.shares, strict=True) if share >= least}
        text = self.text
        for start, end in sorted(marked, reverse=True):
            text = f"{text[:start]}{before}{text[start:end]}{after}{text[end:]}"
        return text


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """The answer to one query.

    Args:
        query: the text.
        hits: documents, the best one first.
        nothing: the probability that no document is about what the query asks.
        id: of the record, if it has one.
    """

    query: str
    hits: tuple[Hit, ...]
    nothing: float
    id: str | None = None

    @property
    def abstains(self) -> bool:
        """Whether it is more likely that nothing in the index answers than that the best hit does."""
        return self.nothing > 0.5

    @property
    def evidence(self) -> Evidence | None:
        """Why the best hit was found; None if there is none."""
        return self.hits[0].evidence if self.hits else None

    def to_fields(self, *, evidence: bool = True) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "id": self.id,
            "query": self.query,
            "abstains": self.abstains,
            "nothing": self.nothing,
            "hits": [one.to_fields(evidence=evidence) for one in self.hits],
        }
