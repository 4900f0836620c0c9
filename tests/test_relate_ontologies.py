"""Two small invented ontologies aligned: names, structure, one-to-one decoding, evidence, and the forms of mappings."""

import io
import json
from collections import Counter
from itertools import permutations

import numpy as np
import pytest

from latentalign import OntologyAligner, registry
from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.mappings.mapping import ConceptMapping, MappingSet
from latentalign.models.concepts.coverage import Comparison
from latentalign.models.concepts.likeness import INITIAL, STEM, Likeness
from latentalign.models.concepts.neighbourhood import Neighbourhood
from latentalign.models.concepts.one_to_one import decode, expected
from latentalign.models.concepts.ontology import Ontology
from latentalign.models.concepts.substitutions import Substitutions
from latentalign.models.concepts.terms import Term
from latentalign.models.concepts.vocabulary import Vocabulary


def concept(id: str, label: str, *synonyms: str, above: str = "", part_of: str = "", kind: str = "class") -> Concept:
    return Concept(
        id=id,
        label=label,
        synonyms=synonyms,
        parents=tuple(above.split()),
        relations=tuple(("part_of", one) for one in part_of.split()),
        kind=kind,
    )


WORKSHOP = [
    concept("w1", "vehicle"),
    concept("w2", "bicycle", "bike", above="w1"),
    concept("w3", "front wheel", part_of="w2"),
    concept("w4", "back wheel", "rear wheel", part_of="w2"),
    concept("w5", "rim of the front wheel", part_of="w3"),
    concept("w6", "folding bicycle", above="w2"),
    concept("w7", "invoice"),
]
SHOP = [
    concept("s1", "Vehicle"),
    concept("s2", "Bike", above="s1"),
    concept("s3", "Front_Wheel", part_of="s2"),
    concept("s4", "Rear_Wheel", part_of="s2"),
    concept("s5", "Front_Wheel_Rim", part_of="s3"),
    concept("s6", "Tricycle", above="s1"),
]


@pytest.fixture(scope="module")
def aligner() -> OntologyAligner:
    return OntologyAligner.load(encoded=False)


def likeness(*ontologies: Ontology) -> tuple[Vocabulary, Likeness]:
    words = Vocabulary.of(ontologies, None)
    names = [
        (1000 * place + number, term)
        for place, one in enumerate(ontologies)
        for number, terms in enumerate(one.terms)
        for term in terms
    ]
    return words, Likeness.of(words, Substitutions.of(names))


def test_concepts_are_aligned_one_to_one_and_the_rest_is_told(aligner: OntologyAligner) -> None:
    found = aligner.align(WORKSHOP, SHOP)
    exact = {one.source.id: one.target.id for one in found.exact}
    assert exact == {"w1": "s1", "w2": "s2", "w3": "s3", "w4": "s4", "w5": "s5"}
    assert [one.id for one in found.unmatched_source] == ["w6", "w7"]
    assert [one.id for one in found.unmatched_target] == ["s6"]
    assert all(0.5 < one.confidence <= 1 for one in found.exact)


def test_what_has_a_word_more_is_narrower_and_keeps_its_head(aligner: OntologyAligner) -> None:
    found = aligner.align(WORKSHOP, [one for one in SHOP if one.id != "s3"])
    inexact = {(one.source.id, one.relation, one.target.id) for one in found.matches if one.relation != "exact"}
    assert ("w6", "broader", "s2") not in inexact  # "bike" is no word of "folding bicycle"
    found = aligner.align(WORKSHOP, [concept("x", "Bicycle"), concept("y", "Bicycle_Rim")])
    inexact = {(one.source.id, one.relation, one.target.id) for one in found.matches if one.relation != "exact"}
    assert inexact == {("w6", "broader", "x")}  # a bicycle rim is no kind of bicycle


def test_evidence_links_words_on_both_sides_and_neighbours(aligner: OntologyAligner) -> None:
    found = {one.source.id: one for one in aligner.align(WORKSHOP, SHOP).exact}
    rim = found["w5"]
    assert {(source, target) for source, target, _ in rim.evidence.pairs()} == {
        ("rim", "Rim"), ("front", "Front"), ("wheel", "Wheel"),
    }  # fmt: skip
    assert rim.evidence.null_source == (0.0, 0.0, 0.0)
    assert ("above", "front wheel", "Front_Wheel") in rim.neighbours
    assert sum(rim.carried) == pytest.approx(1.0)


def test_structure_decides_between_equal_names(aligner: OntologyAligner) -> None:
    source = [concept("1", "hand"), concept("2", "foot"), concept("3", "digit", part_of="2")]
    target = [
        concept("a", "hand"),
        concept("b", "foot"),
        concept("c", "digit", part_of="a"),
        concept("d", "digit", part_of="b"),
    ]
    assert {one.source.id: one.target.id for one in aligner.align(source, target).exact}["3"] == "d"
    flipped = [*target[:2], concept("c", "digit", part_of="b"), concept("d", "digit", part_of="a")]
    assert {one.source.id: one.target.id for one in aligner.align(source, flipped).exact}["3"] == "c"


def test_a_word_may_be_explained_by_what_stands_above() -> None:
    source, target = (
        Ontology.of([concept("1", "retina inner layer")]),
        Ontology.of(
            [concept("a", "eye retina"), concept("b", "inner layer", part_of="a"), concept("c", "inner layer")]
        ),
    )
    compared = Comparison.of(source, target, *likeness(source, target)).coverage(np.array([[0, 1], [0, 2]]))
    assert compared.value[0] > compared.value[1]
    assert compared.shares[0].tolist() == compared.shares[1].tolist()


def test_a_drawing_has_every_match_and_survives_a_circle(aligner: OntologyAligner) -> None:
    found = aligner.align(WORKSHOP, SHOP)
    drawing = found.to_svg(names=("a & b", "shop"), whole=True)
    assert drawing.count("<path") == len(found.matches)
    assert "a &amp; b" in drawing
    assert all(f">{one.label}</text>" in drawing for one in (*WORKSHOP, *SHOP))
    assert "invoice" not in found.to_svg()
    circle = [concept("1", "lung", above="2"), concept("2", "heart", above="1")]
    assert aligner.align(circle, circle).to_svg().count("<path") == 2


def test_kinds_are_not_mixed(aligner: OntologyAligner) -> None:
    found = aligner.align([concept("1", "author", kind="property")], [concept("a", "author")])
    assert not found.matches


def test_the_result_does_not_depend_on_the_order_of_the_concepts(aligner: OntologyAligner) -> None:
    wanted = {(one.source.id, one.target.id) for one in aligner.align(WORKSHOP, SHOP).exact}
    turned = {(one.source.id, one.target.id) for one in aligner.align(WORKSHOP[::-1], SHOP[::-1]).exact}
    exchanged = {(one.target.id, one.source.id) for one in aligner.align(SHOP, WORKSHOP).exact}
    assert wanted == turned == exchanged


def test_substitutions_tell_words_that_mean_the_same_from_words_that_tell_apart() -> None:
    source = Ontology.of(
        [concept("1", "renal vein", "kidney vein"), concept("2", "left lung"), concept("3", "right lung")]
    )
    words, found = likeness(source)
    number = words.numbers

    def alike(one: str, other: str) -> float:
        return float(found.between(np.array([number[one]]), np.array([number[other]]))[0])

    assert alike("renal", "kidney") > 0.6
    assert alike("left", "right") == 0.0
    assert alike("vein", "vein") == 1.0


def test_likeness_of_stems_initials_and_numbers() -> None:
    source = Ontology.of([concept("1", "reviewer"), concept("2", "reviewed c 3 paper"), concept("3", "cervical 4")])
    words, found = likeness(source)
    number = words.numbers
    pairs = {("reviewer", "reviewed"): STEM, ("c", "cervical"): INITIAL, ("3", "4"): 0.0, ("3", "3"): 1.0}
    for (one, other), wanted in pairs.items():
        got = float(found.between(np.array([number[one]]), np.array([number[other]]))[0])
        assert got == pytest.approx(wanted, abs=1e-6) or ((one, other) == ("reviewer", "reviewed") and got >= STEM)


@pytest.mark.parametrize("seed", range(5))
def test_decoding_is_the_best_matching(seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(4, 4)).astype(np.float32)
    pairs = np.stack(np.meshgrid(range(4), range(4), indexing="ij"), axis=-1).reshape(-1, 2)
    links = decode(pairs, scores.reshape(-1))
    got = scores.reshape(-1)[links].sum()
    best = max(
        sum(max(scores[row, column], 0.0) for row, column in enumerate(order)) for order in permutations(range(4))
    )
    assert got == pytest.approx(best, abs=1e-5)
    assert max(Counter(pairs[links, 0].tolist()).values()) == 1


def test_expected_alignment_agrees_with_the_formula() -> None:
    pairs, scores = np.array([[0, 0], [0, 1], [1, 1]]), np.array([1.0, -1.0, 2.0], np.float32)
    mass = np.exp(scores)
    wanted = mass / np.sqrt(
        (1 + np.array([mass[0] + mass[1]] * 2 + [mass[2]])) * (1 + np.array([mass[0], *[mass[1] + mass[2]] * 2]))
    )
    assert expected(pairs, scores, (2, 2)) == pytest.approx(wanted, rel=1e-5)


def test_neighbours_without_a_counterpart_say_nothing() -> None:
    source, target = Ontology.of(WORKSHOP), Ontology.of(SHOP)
    above = Neighbourhood.above(source, target)
    pairs = np.array([[4, 4]])
    assert above(pairs, np.zeros(1, np.float32)).tolist() == [0.0]
    with_parent = np.array([[4, 4], [2, 2]])
    assert above(with_parent, np.array([0.0, 1.0], np.float32))[0] == pytest.approx((2.5 / 3) - 0.5)
    crossed = np.array([[4, 4], [2, 3]])
    assert above(crossed, np.array([0.0, 1.0], np.float32))[0] < 0


@pytest.mark.parametrize("form", ["sssom", "oaei"])
def test_mappings_come_back_from_their_file(form: str) -> None:
    given = [
        ConceptMapping(source="http://a.org/x#A&B", target="HP:0001", relation="exact", confidence=0.5),
        ConceptMapping(source="plain id", target="http://b.org/y/C", relation="broader", confidence=0.25),
        ConceptMapping(source="http://a.org/x#D", target="http://b.org/y/E", relation="narrower", confidence=1.0),
    ]
    text = registry.mapping_writers.load(form)(MappingSet(mappings=given, source="a", target="b"))
    found = registry.mapping_readers.load(form)(io.BytesIO(text.encode()))
    assert list(found.mappings) == given


def test_sssom_has_a_valid_head_and_rows_for_what_was_not_found() -> None:
    given = MappingSet(
        mappings=[ConceptMapping(source="A:1", target="B:2", source_label="tab\there")],
        unmapped_source=[("A:3", "left")],
    )
    lines = registry.mapping_writers.load("sssom")(given).splitlines()
    head = [line for line in lines if line.startswith("#")]
    assert {"#mapping_set_id", "#license", "#curie_map"} <= {line.split(":")[0] for line in head}
    columns = lines[len(head)].split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[len(head) + 1 :]]
    assert rows[0]["subject_label"] == "tab here"
    assert rows[1]["object_id"] == "sssom:NoTermFound"
    prefixes = {line.strip("# ").split(":")[0] for line in head if line.startswith("#  ")}
    assert {
        row[key].split(":")[0]
        for row in rows
        for key in ("subject_id", "predicate_id", "object_id", "mapping_justification")
    } <= prefixes
    assert registry.mapping_readers.load("sssom")(io.BytesIO("\n".join(lines).encode())).unmapped_source == [
        ("A:3", "left")
    ]


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("sssom", "subject_id\tobject_id\nA:1\tB:1\n", "predicate_id"),
        ("sssom", "subject_id\tpredicate_id\tobject_id\tconfidence\nA:1\tskos:exactMatch\tB:1\tmuch\n", "confidence"),
        ("oaei", "<rdf:RDF", "well-formed"),
        (
            "oaei",
            '<R xmlns="n"><Cell><entity1/><relation>=</relation></Cell></R>',
            "entity1 and entity2",
        ),
    ],
)
def test_a_wrong_file_of_mappings_is_told(form: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        registry.mapping_readers.load(form)(io.BytesIO(text.encode()))


def test_a_mapping_is_checked() -> None:
    with pytest.raises(InputError, match="confidence"):
        ConceptMapping(source="a", target="b", confidence=1.5)
    with pytest.raises(InputError, match="ids"):
        Ontology.of([concept("1", "a"), concept("1", "b")])


def test_names_without_a_word_are_aligned_to_nothing(aligner: OntologyAligner) -> None:
    found = aligner.align([concept("1", "..."), concept("2", "lung")], [concept("a", "lung"), concept("b", "of the")])
    assert [(one.source.id, one.target.id) for one in found.matches] == [("2", "a")]


@pytest.mark.parametrize("form", ["text", "sssom", "oaei", "json"])
def test_the_command(form: str, tmp_path, capsys) -> None:
    for name, concepts in (("a", WORKSHOP), ("b", SHOP)):
        lines = [json.dumps({"id": f"http://{name}.org/{one.id}", "label": one.label}) for one in concepts]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    status = main(
        [
            "relate",
            "ontologies",
            str(tmp_path / "a.jsonl"),
            str(tmp_path / "b.jsonl"),
            "--format",
            form,
            "--set",
            "encoded=false",
        ]
    )
    out = capsys.readouterr().out
    assert status == 0
    if form == "json":
        rows = [json.loads(line) for line in out.splitlines()]
        assert {"exact", "none"} <= {row["relation"] for row in rows}
    elif form != "text":
        found = registry.mapping_readers.load(form)(io.BytesIO(out.encode()))
        assert ("http://a.org/w1", "http://b.org/s1") in {(one.source, one.target) for one in found.mappings}
    else:
        assert out.startswith("vehicle\t=\tVehicle\t")


def test_term_heads() -> None:
    assert [Term.of(name).forms[Term.of(name).head] for name in ("wall of the heart", "heart wall", "rim, front")] == [
        "wall", "wall", "rim",
    ]  # fmt: skip
