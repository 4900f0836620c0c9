"""The Alignment format of the ontology alignment evaluation initiative, in RDF/XML."""

from __future__ import annotations

from latentalign.errors import InputError
from latentalign.formats.elements import attribute, read_elements, text_content
from latentalign.formats.lines import Source, source_name
from latentalign.formats.mappings.mapping import ConceptMapping, MappingSet, Relation

NAMESPACE = "http://knowledgeweb.semanticweb.org/heterogeneity/alignment#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SIGNS: dict[Relation, str] = {"exact": "=", "broader": "<", "narrower": ">"}
"""Of the source to the target: the same, less than it, more than it."""
_RELATIONS: dict[str, Relation] = {sign: relation for relation, sign in SIGNS.items()}


def write(found: MappingSet) -> str:
    """Return mappings as an Alignment of level 0, one Cell a mapping.

    Concepts that correspond to nothing have no place in the format and are left out.

    Raises:
        InputError: an id with a character that XML cannot hold.

    References:
        David, Euzenat, Scharffe and Trojahn 2011, The Alignment API 4.0, section 3.1.
    """
    kind = "11" if all(one.relation == "exact" for one in found.mappings) else "**"
    lines = [
        '<?xml version="1.0" encoding="utf-8" standalone="no"?>',
        f'<rdf:RDF xmlns="{NAMESPACE}" xmlns:rdf="{RDF}" xmlns:xsd="http://www.w3.org/2001/XMLSchema#">',
        "<Alignment>",
        "  <xml>yes</xml>",
        "  <level>0</level>",
        f"  <type>{kind}</type>",
        *_ontology("onto1", found.source),
        *_ontology("onto2", found.target),
        *(line for one in found.mappings for line in _cell(one)),
        "</Alignment>",
        "</rdf:RDF>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _ontology(name: str, about: str) -> list[str]:
    return [f"  <{name}><Ontology rdf:about={attribute(about)}/></{name}>"] if about else []


def _cell(one: ConceptMapping) -> list[str]:
    return [
        "  <map><Cell>",
        f"    <entity1 rdf:resource={attribute(one.source)}/>",
        f"    <entity2 rdf:resource={attribute(one.target)}/>",
        f"    <relation>{text_content(SIGNS[one.relation])}</relation>",
        f'    <measure rdf:datatype="http://www.w3.org/2001/XMLSchema#float">{one.confidence:.4g}</measure>',
        "  </Cell></map>",
    ]


def read(source: Source) -> MappingSet:
    """Return the mappings of an Alignment file; cells with another relation than ``=``, ``<`` and ``>`` are left out.

    Raises:
        InputError: not well-formed, a Cell without its two entities, or a measure that is no number in [0, 1].
        MissingExtraError: lxml is not installed.
    """
    found = [
        one
        for event, element in read_elements(source, frozenset({"Cell"}))
        if event == "end" and element.tag.endswith("}Cell") and (one := _mapping(element, source_name(source)))
    ]
    return MappingSet(mappings=found)


def _mapping(cell: object, name: str) -> ConceptMapping | None:
    resources: dict[str, str] = {}
    texts: dict[str, str] = {}
    for child in cell:  # type: ignore[attr-defined]
        field = child.tag.rpartition("}")[2]
        resources[field] = child.get(f"{{{RDF}}}resource", "")
        texts[field] = (child.text or "").strip()
    where = f"{name}:{cell.sourceline}"  # type: ignore[attr-defined]
    relation = _RELATIONS.get(texts.get("relation", "="))
    if relation is None:
        return None
    if not resources.get("entity1") or not resources.get("entity2"):
        raise InputError(wanted="entity1 and entity2 with rdf:resource", came="a Cell without one", where=where)
    measure = texts.get("measure") or "1"
    try:
        return ConceptMapping(
            source=resources["entity1"], target=resources["entity2"], relation=relation, confidence=float(measure)
        )
    except ValueError as error:
        raise InputError(wanted="a measure in [0, 1]", came=repr(measure), where=where) from error
