"""SSSOM/TSV: the table of the Simple Standard for Sharing Ontological Mappings."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from latentalign.errors import InputError
from latentalign.formats.lines import Line, Source, read_lines, source_name
from latentalign.formats.mappings.curies import Curies
from latentalign.formats.mappings.mapping import ConceptMapping, MappingSet, Relation

PREDICATES: dict[Relation, str] = {
    "exact": "skos:exactMatch",
    "broader": "skos:broadMatch",
    "narrower": "skos:narrowMatch",
}
NOT_FOUND = "sssom:NoTermFound"
COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "comment",
)
_RELATIONS: dict[str, Relation] = {
    "owl:equivalentClass": "exact",
    **{predicate: relation for relation, predicate in PREDICATES.items()},
}


def write(found: MappingSet, *, license: str = "https://w3id.org/sssom/license/unspecified") -> str:
    r"""Return mappings as SSSOM/TSV: a head with the metadata and prefixes, and one row a mapping.

    Concepts that correspond to nothing are rows with ``sssom:NoTermFound`` on the other side. Ids that are IRIs or
    compact IRIs keep their meaning; any other id gets the prefix ``subject`` or ``object``.

    Args:
        found: the mappings.
        license: an IRI.

    >>> mapping = ConceptMapping(source="HP:1", target="http://a.org/b#Fit", confidence=0.9, source_label="Seizure")
    >>> print(write(MappingSet(mappings=[mapping])).splitlines()[-1].replace("\t", " | "))
    HP:1 | Seizure | skos:exactMatch | b:Fit |  | semapv:CompositeMatching | 0.9 |

    References:
        Matentzoglu et al. 2022, A Simple Standard for Sharing Ontological Mappings; the SSSOM/TSV specification.
    """
    curies = Curies()
    table = io.StringIO()
    rows = csv.writer(table, delimiter="\t", lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_rows(found, curies))
    fields = {
        "mapping_set_id": "https://w3id.org/sssom/mappings/latentalign",
        "license": license,
        "mapping_tool": "latentalign",
        "subject_source": found.source,
        "object_source": found.target,
    }
    head = [f"#{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value]
    head += ["#curie_map:"] + [f"#  {prefix}: {json.dumps(base)}" for prefix, base in sorted(curies.table.items())]
    return "".join(f"{line}\n" for line in head) + table.getvalue()


def _rows(found: MappingSet, curies: Curies) -> Iterator[tuple[str, ...]]:
    for one in found.mappings:
        source, target = curies.compact(one.source, side="subject"), curies.compact(one.target, side="object")
        yield _row((source, one.source_label), PREDICATES[one.relation], (target, one.target_label), one)
    for name, label in found.unmapped_source:
        yield _row((curies.compact(name, side="subject"), label), PREDICATES["exact"], (NOT_FOUND, ""))
    for name, label in found.unmapped_target:
        yield _row((NOT_FOUND, ""), PREDICATES["exact"], (curies.compact(name, side="object"), label))


def _row(
    source: tuple[str, str], predicate: str, target: tuple[str, str], mapping: ConceptMapping | None = None
) -> tuple[str, ...]:
    texts = (*source, predicate, *target, "semapv:CompositeMatching")
    last = ("", "") if mapping is None else (f"{mapping.confidence:.4g}", mapping.comment)
    return tuple(" ".join(text.split()) for text in (*texts, *last))


def read(source: Source) -> MappingSet:
    """Return the mappings of an SSSOM/TSV file; rows of other predicates, and negated ones, are left out.

    Raises:
        InputError: no row with the names of the columns, a confidence that is no number, a source that cannot be read.
    """
    lines = list(read_lines(source))
    head = [line.text[1:] for line in lines if line.text.startswith("#")]
    body = [line for line in lines if not line.text.startswith("#") and line.text.strip()]
    curies = Curies(_prefixes(head))
    names = body[0].text.split("\t") if body else []
    if not {"subject_id", "predicate_id", "object_id"} <= set(names):
        raise InputError(
            wanted="a row with the columns subject_id, predicate_id and object_id",
            came=repr(names[:5]),
            where=source_name(source),
        )
    cells = list(_cells(names, body[1:]))
    kept = [(row, where) for row, where in cells if _RELATIONS.get(row["predicate_id"]) and not _negated(row)]
    return MappingSet(
        mappings=[_mapping(row, where, curies) for row, where in kept if NOT_FOUND not in _ids(row)],
        unmapped_source=[
            (curies.expand(row["subject_id"]), row.get("subject_label", ""))
            for row, _ in kept
            if row["object_id"] == NOT_FOUND
        ],
        unmapped_target=[
            (curies.expand(row["object_id"]), row.get("object_label", ""))
            for row, _ in kept
            if row["subject_id"] == NOT_FOUND
        ],
    )


def _ids(row: dict[str, str]) -> tuple[str, str]:
    return row["subject_id"], row["object_id"]


def _negated(row: dict[str, str]) -> bool:
    return bool(row.get("predicate_modifier"))


def _cells(names: list[str], lines: list[Line]) -> Iterator[tuple[dict[str, str], str]]:
    for line in lines:
        cells = next(csv.reader([line.text], delimiter="\t"))
        row = dict(zip(names, cells, strict=False))
        if not {"subject_id", "predicate_id", "object_id"} <= set(row):
            raise InputError(wanted=f"{len(names)} columns", came=str(len(cells)), where=line.where)
        yield row, line.where


def _mapping(row: dict[str, str], where: str, curies: Curies) -> ConceptMapping:
    stated = row.get("confidence") or "1"
    try:
        confidence = float(stated)
    except ValueError:
        raise InputError(wanted="a number as confidence", came=repr(stated), where=where) from None
    return ConceptMapping(
        source=curies.expand(row["subject_id"]),
        target=curies.expand(row["object_id"]),
        relation=_RELATIONS[row["predicate_id"]],
        confidence=confidence,
        source_label=row.get("subject_label", ""),
        target_label=row.get("object_label", ""),
        comment=row.get("comment", ""),
    )


def _prefixes(head: Iterable[str]) -> dict[str, str]:
    """Return the prefixes of the head: the indented lines below ``curie_map``."""
    found, inside = {}, False
    for line in head:
        indented = line[:1].isspace()
        if not indented or line.strip() == "curie_map:":
            inside = line.strip() == "curie_map:"
        elif inside:
            prefix, _, base = line.strip().partition(":")
            found[prefix.strip("\"'")] = base.strip().strip("\"'")
    return found
