"""Catalogues of concepts: what each form gives, and what each refuses."""

import io
from pathlib import Path

import pytest

from latentalign import registry
from latentalign.errors import InputError
from latentalign.formats.catalogue import obo, rdf, rows
from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.catalogue.reading import FORMS, form_of, load_catalogue, read_catalogue
from latentalign.text.pairs import Failure

FLU = Concept(
    id="http://a.org/flu",
    label="influenza",
    synonyms=("flu",),
    definition="A viral disease.",
    parents=("http://a.org/infection",),
)
JSONL = (
    b'{"id": "http://a.org/flu", "label": "influenza", "synonyms": ["flu"], "definition": "A viral disease.", '
    b'"parents": ["http://a.org/infection"]}\n'
)
CSV = b"id,name,aliases,description,broader\nhttp://a.org/flu,influenza,flu,A viral disease.,http://a.org/infection\n"
OBO = b"""format-version: 1.4

[Term]
id: http://a.org/flu
name: influenza
def: "A viral disease." [book:1]
synonym: "flu" EXACT []
is_a: http://a.org/infection ! infection
"""
SKOS = b"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://a.org/flu> a skos:Concept ; skos:prefLabel "influenza"@en, "Grippe"@de ; skos:altLabel "flu"@en ;
  skos:definition "A viral disease."@en ; skos:broader <http://a.org/infection> .
"""
OWL = b"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY a "http://a.org/"> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
  xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:i="http://www.geneontology.org/formats/oboInOwl#">
<owl:Class rdf:about="&a;flu"><rdfs:label>influenza</rdfs:label><i:hasExactSynonym>flu</i:hasExactSynonym>
<rdfs:comment>A viral disease.</rdfs:comment><rdfs:subClassOf rdf:resource="&a;infection"/></owl:Class>
</rdf:RDF>
"""


FILES = {
    "c.jsonl": JSONL,
    "c.csv": CSV,
    "c.tsv": CSV.replace(b",", b"\t"),
    "c.obo": OBO,
    "c.ttl": SKOS,
    "c.owl": OWL,
}


@pytest.mark.parametrize(("name", "content"), FILES.items())
def test_every_form_gives_the_same_concept(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert load_catalogue(tmp_path / name) == (FLU,)


def test_every_ending_has_a_reader() -> None:
    assert set(FORMS.values()) == set(registry.catalogues)
    assert form_of("medic.jsonl.gz") == "jsonl"
    with pytest.raises(InputError, match=r"\.obo"):
        form_of("medic.docx")


def test_a_bad_entry_stands_in_its_place_and_harms_no_other() -> None:
    lines = JSONL + b"{\n[]\n" + b'{"id": "D1"}\n{"id": "D2", "label": " "}\n' + b'{"id": true, "label": "x"}\n' + JSONL
    found = list(rows.read_jsonl(io.BytesIO(lines)))
    assert [isinstance(one, Failure) for one in found] == [False, True, True, True, True, True, False]
    assert found[3].error.where == "<stream>:4"
    assert "label or name" in found[3].error.wanted


def test_an_id_that_comes_twice_is_refused() -> None:
    with pytest.raises(InputError, match="each id once"):
        load_catalogue(io.BytesIO(JSONL + JSONL), form="jsonl")


def test_a_table_without_a_header_is_told_its_columns() -> None:
    found = next(rows.read_tsv(io.BytesIO(b'Q1\tthe "Lion"\tA|B\n'), header=["id", "label", "types"]))
    assert (found.label, found.types) == ('the "Lion"', ("A", "B"))


def test_a_row_with_too_many_cells_is_a_failure() -> None:
    found = list(rows.read_csv(io.BytesIO(b"id,label\nD1,a,b\nD2,c\n")))
    assert isinstance(found[0], Failure)
    assert found[1].id == "D2"


def test_obo_keeps_scopes_relations_and_escapes_and_leaves_out_the_obsolete() -> None:
    text = b"""[Term]
id: A:1
name: lip {source="x"} ! a comment
synonym: "oral \\"rim\\"" RELATED []
synonym: "mouth" BROAD []
relationship: part_of A:2 ! head
alt_id: A:9
namespace: anatomy

[Term]
id: A:3
name: gone
is_obsolete: true

[Typedef]
id: part_of
"""
    lip, part = obo.read(io.BytesIO(text))
    assert (lip.label, lip.synonyms, lip.near) == ("lip", ('oral "rim"',), ("mouth",))
    assert (lip.related("part_of"), lip.alternatives, lip.types) == (("A:2",), ("A:9",), ("anatomy",))
    assert (part.kind, part.label) == ("property", "part_of")
    assert len(list(obo.read(io.BytesIO(text), obsolete=True))) == 3


def test_owl_restrictions_unions_and_names_without_labels() -> None:
    text = b"""@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix a: <http://a.org/#> .
a:Lip a owl:Class ; rdfs:subClassOf owl:Thing, [ a owl:Restriction ; owl:onProperty a:p1 ; owl:someValuesFrom a:Head ].
a:p1 a owl:ObjectProperty ; rdfs:label "part of" ; rdfs:domain [ owl:unionOf (a:Lip a:Head) ] ; rdfs:range a:Head .
a:hasOldName a owl:DatatypeProperty .
a:Gone a owl:Class ; owl:deprecated true .
"""
    found = {one.label: one for one in rdf.read(io.BytesIO(text), syntax="TURTLE")}
    assert set(found) == {"Lip", "part of", "has old name"}
    assert found["Lip"].relations == (("part_of", "http://a.org/#Head"),)
    assert found["Lip"].parents == ()
    assert found["part of"].related("domain") == ("http://a.org/#Lip", "http://a.org/#Head")


def test_an_rdf_list_that_comes_back_to_itself_ends() -> None:
    text = b"""@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
<http://a.org/p> a owl:ObjectProperty ; rdfs:domain [ owl:unionOf _:l ] .
_:l rdf:first <http://a.org/X> ; rdf:rest _:l .
"""
    (found,) = rdf.read(io.BytesIO(text), syntax="TURTLE")
    assert found.related("domain") == ("http://a.org/X",)


def test_the_language_asked_for_names_the_concept_and_others_help_out() -> None:
    assert next(rdf.read(io.BytesIO(SKOS), syntax="TURTLE", language="de")).names == ("Grippe", "flu")


@pytest.mark.parametrize(
    "entities",
    ['<!ENTITY b "&a;&a;">', "<!ENTITY b '&a;&a;'>", f'<!ENTITY b "{"x" * 301}">', '<!ENTITY % b "&a;">'],
)
def test_entities_that_could_grow_are_refused(entities: str) -> None:
    bomb = OWL.replace(b'"http://a.org/">', b'"http://a.org/">' + entities.encode())
    with pytest.raises(InputError, match="entities"):
        list(rdf.read(io.BytesIO(bomb)))


@pytest.mark.parametrize("form", ["rdf", "jsonl", "csv", "obo"])
def test_an_empty_catalogue_is_an_error(form: str) -> None:
    with pytest.raises(InputError):
        list(read_catalogue(io.BytesIO(b""), form=form))


def test_rdf_that_is_not_well_formed_names_the_line() -> None:
    with pytest.raises(InputError, match="<stream>:2"):
        list(rdf.read(io.BytesIO(b"<http://a> <http://b> <http://c> .\n<http://a> <b"), syntax="TURTLE"))
