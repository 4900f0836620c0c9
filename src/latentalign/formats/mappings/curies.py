"""Ids as compact IRIs, as tables of mappings want them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count

_CURIE = re.compile(r"([A-Za-z_][\w.-]*):(?!//)(\S+)")
_OBO = "http://purl.obolibrary.org/obo/"
KNOWN = {
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
}
"""The prefixes of the format itself."""


class Curies:
    """Compact IRIs and the table of their prefixes, which grows as ids are compacted.

    >>> curies = Curies()
    >>> curies.compact("http://cmt.org/onto#Author", side="subject"), curies.compact("HP:0001250", side="object")
    ('onto:Author', 'HP:0001250')
    >>> curies.expand("onto:Author")
    'http://cmt.org/onto#Author'
    """

    def __init__(self, table: Mapping[str, str] | None = None) -> None:
        self.table: dict[str, str] = dict(table or KNOWN)

    def compact(self, id: str, *, side: str) -> str:
        """Return the compact form of an IRI, of a compact IRI, or of any other id.

        Args:
            id: as the ontology writes it.
            side: ``subject`` or ``object``; the prefix of ids that are neither.
        """
        if "://" in id:
            base, local = _divided(id)
            return f"{self._prefix(base, side)}:{local}"
        found = _CURIE.fullmatch(id)
        if found:
            self.table.setdefault(found[1], f"{_OBO}{found[1]}_")
            return id
        self.table.setdefault(side, f"urn:x-{side}:")
        spaced = re.sub(r"\s", "%20", id)
        return f"{side}:{spaced}"

    def expand(self, curie: str) -> str:
        """Return the id of a compact IRI: the IRI if its prefix was made from one, else what was compacted."""
        prefix, colon, local = curie.partition(":")
        base = self.table.get(prefix, "")
        if not colon or not base or base == f"{_OBO}{prefix}_":
            return curie
        return local.replace("%20", " ") if base == f"urn:x-{prefix}:" else base + local

    def _prefix(self, base: str, side: str) -> str:
        for prefix, known in self.table.items():
            if known == base:
                return prefix
        words = re.findall(r"[A-Za-z][A-Za-z0-9_]*", base.partition("://")[2])
        wanted = (words[-1] if words else side).lower()
        names = (wanted if number < 2 else f"{wanted}{number}" for number in count(1))
        prefix = next(name for name in names if name not in self.table)
        self.table[prefix] = base
        return prefix


def _divided(iri: str) -> tuple[str, str]:
    obo = re.fullmatch(rf"({re.escape(_OBO)}[A-Za-z]+_)(\w+)", iri)
    if obo:
        return obo[1], obo[2]
    cut = max(iri.rfind("#"), iri.rfind("/"))
    return iri[: cut + 1], iri[cut + 1 :]
