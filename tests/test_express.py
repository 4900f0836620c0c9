"""Text to triples: names as texts write them, words that express a triple, sentences, RDF, the command."""

import io
import itertools
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.evaluation.linking.expressing import ExpressingRecipe, gold_places, trimmed
from latentalign.formats import triples as triple_files
from latentalign.tasks.linking.express import TripleAligner, relation_words
from latentalign.tasks.linking.link_rdf import LinkGraph
from latentalign.tasks.linking.segmentation import Segment, best
from latentalign.text.entity_names import written_forms
from latentalign.text.names import readable
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span
from tests.test_link import LEXICAL, settings

TEXT = "Aarhus Airport serves the city of Aarhus. Its runway, opened on 2 November 1981, is 2,702 metres long."
TRIPLES = [
    ("Aarhus_Airport", "cityServed", "Aarhus"),
    ("Aarhus_Airport", "runwayLength", '"2702.0"'),
    ("Aarhus_Airport", "runwayOpened", "1981-11-02"),
]


@pytest.fixture(scope="module")
def aligner() -> TripleAligner:
    return TripleAligner.load(scorer=LEXICAL)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("http://dbpedia.org/resource/New_York_City", "New York City"),
        ('"3.50"', "3.5"),
        ('"a word"@en', "a word"),
        ("30843.8 (square metres)", "30843.8 square metres"),
        ("2001-01-23", "23rd January 2001"),
        ("2001-13-45", "2001-13-45"),
        ("Ithaca,_New_York", "Ithaca"),
        ("United_Nations", "UN"),
        ("___", "___"),
    ],
)
def test_a_name_is_written_as_texts_write_it(name: str, form: str) -> None:
    assert form in written_forms(name)


@given(st.text(min_size=1, max_size=30))
def test_every_name_has_a_form(name: str) -> None:
    assert written_forms(name)
    assert isinstance(readable(name), str)


@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(1, 3)), st.floats(-3, 3), max_size=6))
def test_the_best_segments_are_those_of_enumeration(scores: dict[tuple[int, int], float]) -> None:
    segments = {Segment(start, start + size, ""): value for (start, size), value in scores.items()}
    choices = itertools.chain.from_iterable(itertools.combinations(segments, n) for n in range(len(segments) + 1))
    disjoint = [
        one for one in choices if all(a.end <= b.start or b.end <= a.start for a, b in itertools.combinations(one, 2))
    ]
    highest = max(sum(segments[each] for each in one) for one in disjoint)
    found = best(8, segments)
    assert tuple(found) in {tuple(sorted(one)) for one in disjoint}
    assert math.isclose(sum(segments[one] for one in found), highest, abs_tol=1e-9)


def test_the_words_of_each_part_are_found(aligner: TripleAligner) -> None:
    result = aligner.express(TEXT, TRIPLES)
    served, length, opened = result.expressions
    assert [span.of(TEXT) for span in served.subject] == ["Aarhus Airport"]
    assert [span.of(TEXT) for span in served.object] == ["Aarhus"]
    assert served.object[0].start == TEXT.index("Aarhus.")
    assert [span.of(TEXT) for span in length.object] == ["2,702"]
    assert length.relation is not None
    assert length.relation.of(TEXT) == "runway"
    assert [span.of(TEXT) for span in opened.object] == ["2 November 1981"]


def test_the_sentence_of_each_triple_is_found_and_a_pronoun_stands_for_its_subject(aligner: TripleAligner) -> None:
    result = aligner.express(TEXT, TRIPLES)
    assert [one.sentence for one in result.expressions] == [0, 1, 1]
    assert [span.of(TEXT) for span in result.expressions[1].subject] == ["Aarhus Airport", "Its"]
    assert all(0 <= one.probability <= 1 and 0 <= one.covered <= 1 for one in result.expressions)
    assert result.expressions[0].evidence.source == TEXT[slice(*result.sentences[0])]


def test_what_a_text_does_not_say_has_no_words(aligner: TripleAligner) -> None:
    (one,) = aligner.express("Nothing of it.", [("Aarhus_Airport", "cityServed", "Aarhus")]).expressions
    assert (one.subject, one.relation, one.object) == ((), None, ())
    assert one.covered < 0.1


@pytest.mark.parametrize(("text", "triples"), [("", [("a", "b", "c")]), ("a", []), ("a", [("a", " ", "c")])])
def test_a_text_or_a_triple_that_is_blank_is_refused(aligner: TripleAligner, text: str, triples: list) -> None:
    with pytest.raises(InputError):
        aligner.express(text, triples)


@pytest.mark.parametrize("triple", ['["a", "b"]', '["a", "b", 3]', '{"subject": "a"}', '"a b c"'])
def test_a_triple_of_another_form_is_a_failure(triple: str) -> None:
    good = '{"text": "a", "triples": [["b", "is", "c"]]}'
    lines = io.BytesIO(f'{{"text": "a", "triples": [{triple}]}}\nno\n[2]\n{good}\n'.encode())
    assert [isinstance(one, Failure) for one in triple_files.read(lines)] == [True, True, True, False]


def test_relations_are_read_as_words() -> None:
    assert relation_words("cityServed") == "city served"
    assert relation_words("has to its west") == "has to its west"


def test_statements_are_read_back_with_the_places_of_their_parts(aligner: TripleAligner) -> None:
    oxigraph = pytest.importorskip("pyoxigraph", reason="the extra kg is not installed")
    store = oxigraph.Store()
    graph = LinkGraph(texts="http://t/", concepts="http://c/")
    store.extend(graph.quads([aligner.express(TEXT, TRIPLES)]))
    query = """
        PREFIX oa: <http://www.w3.org/ns/oa#> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
        SELECT ?exact WHERE {
          ?statement a rdf:Statement ; rdf:predicate <http://c/runwayLength> ; rdf:object "2702.0" .
          ?part oa:hasBody "2702.0" ; oa:hasTarget/oa:hasSelector/oa:exact ?exact }"""
    assert [one["exact"].value for one in store.query(query)] == ["2,702"]


def test_the_command_writes_the_words_of_each_triple(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps({"id": "p", "text": TEXT, "triples": TRIPLES[:1]}) + "\n{}\n")
    assert main(["link", str(records), "--triples", *settings()]) == 3
    cells = capsys.readouterr().out.splitlines()[0].split("\t")
    assert cells[:5] == ["p", "Aarhus_Airport", "cityServed", "Aarhus", "Aarhus Airport"]
    assert main(["link", "a text", "--triples"]) == 1
    assert main(["link", str(records), "--triples", "-c", "x.csv"]) == 1


def test_gold_mentions_are_found_in_their_order() -> None:
    row = {
        "text": "The dish is a dish of Italy 's north. It is old.",
        "refs": [
            ["A", "Soup", "description", "The dish"],
            ["B", "Italy", "name", "Italy 's"],
            ["A", "Soup", "pronoun", "It"],
        ],
    }
    assert gold_places(row, pronouns=False) == {"Soup": {Span(4, 8)}, "Italy": {Span(22, 27)}}
    assert gold_places(row, pronouns=True)["Soup"] == {Span(4, 8), Span(38, 40)}
    assert trimmed("the", Span(0, 3)) == Span(0, 3)


def test_the_evaluation_says_which_file_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"webnlg-enriched/dev\.jsonl\.gz: wanted a file that can be read"):
        ExpressingRecipe().measure(tmp_path)
