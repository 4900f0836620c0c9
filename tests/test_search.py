"""Search: what is found, why, under which filter, exactly or by candidates, and what the command prints."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.evaluation.search import SearchRecipe
from latentalign.index.candidates.exact import ExactCandidates
from latentalign.index.content import Content
from latentalign.index.filters import parse_filter
from latentalign.index.pooling import pooled
from latentalign.index.proposals import GraphProposals
from latentalign.index.query import Query
from latentalign.index.query_values import QueryValues
from latentalign.index.relevance import RelevanceWeights, align_words
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.index.vectors import normalized
from latentalign.index.word_scores import lexical_values, word_alignments, word_and_stretch_values, word_values
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.tasks.retrieval.search import Searcher
from latentalign.text.documents import Document
from latentalign.text.pairs import Failure

TEXTS = {
    "passport": "Passports are renewed at the city office. Bring your old passport and a photo.",
    "library": "The library opens at nine. Books can be borrowed for three weeks.",
    "parking": "A parking permit costs forty euros a year. Residents may park in the blue zone.",
    "waste": "Glass and paper are collected on Mondays. Batteries go to the recycling centre.",
    "pool": "The swimming pool is closed in August. Children under six swim for free.",
}
WORDS = [
    "red",
    "green",
    "blue",
    "black",
    "white",
    "iron",
    "stone",
    "river",
    "cloud",
    "paper",
    "glass",
    "lamp",
    "door",
    "wheel",
    "engine",
    "wing",
    "heat",
    "shock",
    "flow",
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("town") / "index"
    Index.create(path).add(
        Document(id=name, text=text, fields={"number": number}) for number, (name, text) in enumerate(TEXTS.items())
    )
    return path


@pytest.fixture(scope="module")
def searcher(town: Path) -> Searcher:
    return Searcher.load(town)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of 300 random texts, with topics and neighbours, in two segments."""
    path = tmp_path_factory.mktemp("words") / "index"
    chance = np.random.default_rng(0)
    texts = [" ".join(chance.choice(WORDS, size=chance.integers(3, 30))) for _ in range(300)]
    index = Index.create(path, IndexSettings(model="none"))
    documents = [Document(id=f"d{i}", text=text, fields={"i": i}) for i, text in enumerate(texts)]
    index.add(documents[:250])
    index.compact()
    index.add(documents[250:])
    index.delete([f"d{i}" for i in range(0, 300, 7)])
    return Searcher.load(path)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("Where can I renew my travel document?", "passport"),
        ("how long may I keep a novel", "library"),
        ("what do I pay for leaving my car in the street", "parking"),
        ("may a child swim without paying", "pool"),
    ],
)
def test_the_right_document_is_found_and_its_words_are_named(searcher: Searcher, query: str, wanted: str) -> None:
    result = searcher.search(query, k=2)
    hit = result.hits[0]
    assert hit.id == wanted
    assert hit.text == TEXTS[wanted]
    assert hit.span == (0, len(hit.text))
    assert result.evidence is hit.evidence
    assert len(hit.shares) == len(hit.evidence.links)
    assert len(hit.carried) == len(hit.evidence.source_spans)
    assert hit.evidence.score == pytest.approx(hit.value)


def test_a_hit_marks_the_words_that_carry_it(searcher: Searcher) -> None:
    hit = searcher.search("renew a passport").hits[0]
    assert "**renewed**" in hit.highlighted()
    assert hit.highlighted(before="", after="") == hit.text


def test_the_evidence_is_the_gradient_of_the_value() -> None:
    generator = torch.Generator().manual_seed(0)
    cosines = (2 * torch.rand(4, 3, 6, generator=generator) - 1).requires_grad_()
    found = align_words(
        terms=torch.tensor([0, 1, 2]),
        cosines=cosines,
        weights=torch.tensor([1.0, 2.0, 0.5]),
        passage_terms=torch.randint(-1, 3, (4, 6), generator=generator),
        lengths=torch.tensor([6, 2, 0, 5]),
        mean=4.0,
        settings=RelevanceWeights(),
    )
    (gradient,) = torch.autograd.grad(found.values.sum(), cosines)
    slope = RelevanceWeights().similarity
    assert torch.allclose(gradient, slope * found.weights[:, None] * found.expected, atol=1e-5)
    assert not found.expected[2].any()
    assert float(found.values[2].detach()) == 0.0


def query_of(searcher: Searcher, text: str) -> Query:
    return Query.of(text, searcher.snapshot.manifest.settings, searcher.index.scorer)


def weights_of(searcher: Searcher, query: Query):
    known = QueryValues(corpus=searcher.ranker.corpus, query=query)
    return known.weights, known.postings


def test_values_are_those_of_the_alignments(searcher: Searcher, words: Searcher) -> None:
    for one, text in ((searcher, "renew an old passport at nine"), (words, "red iron flow red")):
        corpus, query = one.ranker.corpus, query_of(one, text)
        weights, _ = weights_of(one, query)
        places = np.flatnonzero(corpus.live)[::-1].copy()
        wanted = word_alignments(corpus, query, weights, places).values.numpy()
        assert np.allclose(word_values(corpus, query, weights, places), wanted, atol=1e-4)


def nearest_stretches(searcher: Searcher, query: Query) -> list[float]:
    """The largest cosine of the query and the mean of eight states in a row, each stretch looked at."""
    found = []
    for segment in searcher.snapshot.segments:
        states = np.asarray(segment.states, dtype=np.float64)
        if segment.pools is not None:
            owners = np.repeat(segment.state_bounds[:-1], segment.lengths)
            states = states[owners + segment.pools]
        for row in np.flatnonzero(segment.live).tolist():
            own = states[slice(*segment.bounds[row : row + 2].tolist())]
            parts = [own[start : start + 8].mean(axis=0) for start in range(max(1, len(own) - 7))]
            found.append(max(float(query.vector @ one / np.linalg.norm(one)) for one in parts))
    return found


@pytest.mark.parametrize("settings", [{}, {"states": "int8"}, {"pool": 2}], ids=str)
def test_the_nearest_stretch_of_a_passage_counts(settings: dict, tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed (extra index)")
    index = Index.create(tmp_path / "i", IndexSettings(adapt=False, **settings))
    index.add([Document(id="short", text="Old photo."), *(Document(id=name, text=TEXTS[name]) for name in TEXTS)])
    index.add([Document(id="all", text=" ".join(TEXTS.values()))])
    index.delete(["waste"])
    index.compact()
    found = Searcher.load(index.path)
    corpus, query = found.ranker.corpus, query_of(found, "renew an old passport at nine")
    weights, _ = weights_of(found, query)
    places = np.flatnonzero(corpus.live)
    near = word_and_stretch_values(corpus, query, weights, places[::-1].copy())[1][::-1]
    assert np.allclose(near, corpus.weights.stretch * np.array(nearest_stretches(found, query)), atol=1e-4)
    (segment,) = found.snapshot.segments
    old = replace(segment, arrays={name: one for name, one in segment.arrays.items() if name != "stretches"})
    assert "stretches" in segment.arrays
    assert np.allclose(old.stretches, segment.stretches)


def test_a_passage_that_is_a_neighbour_of_many_has_less(words: Searcher) -> None:
    corpus = words.ranker.corpus
    assert corpus.neighbours is not None
    places, near = corpus.neighbours
    often = np.zeros(len(corpus.live))
    for row in np.flatnonzero(corpus.live).tolist():
        for place, one in zip(places[row].tolist(), near[row].tolist(), strict=True):
            often[place] += one > 0
    assert np.allclose(corpus.own, -corpus.weights.hubness * np.log(1 + often), atol=1e-5)
    assert not corpus.own[~corpus.live].any()


def test_a_value_is_the_sum_of_its_parts(searcher: Searcher) -> None:
    alone = RelevanceWeights(context_size=0, whole=0.0, topics=0.0, stretch=0.0)
    text = "renew an old passport at nine"
    stretches = Searcher.load(searcher.index.path, weights=replace(alone, stretch=3.0), exact=True)
    words = {
        one.id: one.value for one in Searcher.load(searcher.index.path, weights=alone, exact=True).search(text).hits
    }
    wanted = dict(zip(stretches.snapshot.places, nearest_stretches(stretches, query_of(stretches, text)), strict=True))
    for hit in stretches.search(text).hits:
        assert hit.value == pytest.approx(words[hit.id] + 3.0 * wanted[hit.id], abs=1e-4)


def test_without_states_the_candidates_have_the_exact_value(words: Searcher) -> None:
    corpus, query = words.ranker.corpus, query_of(words, "red iron flow red")
    weights, postings = weights_of(words, query)
    places = np.flatnonzero(corpus.live)
    exact = word_values(corpus, query, weights, places)
    assert np.allclose(lexical_values(corpus, query, weights, postings=postings)[places], exact, atol=1e-4)


def test_candidates_find_what_an_exact_search_finds(words: Searcher) -> None:
    exact = Searcher.load(words.index.path, exact=True)
    for text in ("red iron", "cloud paper glass", "engine", "wing heat shock flow"):
        wanted = [one.id for one in exact.search(text).hits]
        assert [one.id for one in words.search(text).hits] == wanted


@pytest.mark.parametrize("condition", ["i<20", "i>100 and not i>=120", "id=d3 or id=d4", "title~x"])
def test_a_filter_equals_filtering_afterwards(words: Searcher, condition: str) -> None:
    meets = parse_filter(condition)
    exact = Searcher.load(words.index.path, exact=True)
    values = {one.id: one.value for one in exact.search("red iron flow", k=1000).hits}
    fields = {name: {**words.snapshot.document(name).fields, "id": name, "title": ""} for name in words.snapshot.places}
    kept = {name for name, one in fields.items() if meets.matches(one)}
    found = exact.search("red iron flow", k=1000, filter=condition).hits
    assert {name for one in found for name in (one.id, *one.duplicates)} == kept
    assert all(one.value == pytest.approx(values[one.id], abs=1e-4) for one in found if one.id in values)
    short = words.search("red iron flow", k=5, filter=condition).hits
    assert [one.id for one in short] == [one.id for one in found[:5]]


def test_deleted_documents_are_not_found_and_are_nobodys_neighbours(words: Searcher) -> None:
    found = words.search("red green blue", k=1000).hits
    assert not {one.id for one in found} & {f"d{i}" for i in range(0, 300, 7)}
    assert words.ranker.corpus.neighbours is not None
    places, near = words.ranker.corpus.neighbours
    assert not near[~words.ranker.corpus.live[places]].any()
    assert np.allclose(near.sum(axis=1), 1.0, atol=1e-4)


def test_compaction_changes_no_value_that_does_not_come_from_the_corpus(words: Searcher) -> None:
    weights = RelevanceWeights(topics=0.0, neighbours=0.0, hubness=0.0)
    before = Searcher.load(words.index.path, weights=weights).search("red iron", k=20).hits
    words.index.compact()
    after = Searcher.load(words.index.path, weights=weights).search("red iron", k=20).hits
    assert [round(one.value, 4) for one in before] == [round(one.value, 4) for one in after]
    assert sorted(one.id for one in before) == sorted(one.id for one in after)


def test_a_build_that_fails_leaves_nothing_in_the_way(tmp_path: Path, capsys) -> None:
    path, texts = tmp_path / "index", tmp_path / "texts.jsonl"
    assert main(["index", "build", str(path), str(texts), "--model", "none"]) == 1
    assert not path.exists()
    texts.write_text('{"id": "a", "text": "A red cat."}\nbroken\n', encoding="utf-8")
    assert main(["index", "build", str(path), str(texts), "--model", "none", "--on-error", "fail"]) == 1
    assert main(["index", "build", str(path), str(texts), "--model", "none"]) == 3
    assert f"{texts}:2" in capsys.readouterr().err
    assert main(["index", "build", str(texts), str(texts), "--model", "none"]) == 1
    assert "got a file" in capsys.readouterr().err


def test_a_document_is_a_query_and_is_not_its_own_answer(searcher: Searcher) -> None:
    found = searcher.like("passport")
    assert "passport" not in [one.id for one in found.hits]
    assert found.id == "passport"
    with pytest.raises(InputError, match=r"name of a document.*such as"):
        searcher.like("nothing")
    with pytest.raises(InputError, match="at least 1"):
        searcher.like("passport", k=0)


def test_texts_that_are_the_same_are_one_hit(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "i", IndexSettings(model="none"))
    index.add(Document(id=name, text=text) for name, text in {**TEXTS, "copy": TEXTS["pool"].upper()}.items())
    hits = Searcher.load(tmp_path / "i").search("swimming pool").hits
    (pool,) = [one for one in hits if one.id in ("pool", "copy")]
    assert {pool.id, *pool.duplicates} == {"pool", "copy"}


def test_a_long_document_is_found_by_its_best_passage(tmp_path: Path) -> None:
    text = "\n".join([*(TEXTS[name] for name in ("waste", "library", "passport", "parking")), TEXTS["pool"]])
    index = Index.create(tmp_path / "i", IndexSettings(model="none", passage_words=16))
    index.add([Document(id="guide", text=text), Document(id="other", text="Trams run every ten minutes.")])
    hit = Searcher.load(tmp_path / "i").search("swimming pool").hits[0]
    assert hit.id == "guide"
    assert hit.text == hit.span.of(text)
    assert "swimming pool" in hit.text
    assert "Glass" not in hit.text


def large(tmp_path: Path, *, approximate_from: int) -> Searcher:
    """Return a searcher of 400 texts with random vectors: texts of the same first word are near each other."""
    chance = np.random.default_rng(1)
    centres = {word: chance.standard_normal(8) for word in WORDS}
    texts = [" ".join(chance.choice(WORDS, size=8)) for _ in range(400)]
    content = Content.of(
        [Document(id=f"d{i}", text=text, fields={"i": i}) for i, text in enumerate(texts)],
        IndexSettings(model="none"),
        PairScorer.load(ScorerConfig(potentials=[{"name": "lexical"}])),
    )
    vectors = normalized(np.stack([centres[text.split()[0]] + chance.standard_normal(8) / 4 for text in texts]))
    index = Index.create(tmp_path / "large", IndexSettings(model="none", approximate_from=approximate_from))
    index.add_content(replace(content, vectors=vectors))
    index.delete([f"d{i}" for i in range(0, 400, 9)])
    return Searcher.load(tmp_path / "large")


def test_a_field_that_no_document_has_is_an_error_that_names_the_nearest(searcher: Searcher) -> None:
    with pytest.raises(InputError, match=r"'numer'.*did you mean 'number'"):
        searcher.search("swim", filter="number>1 or not numer=2")


def ask(searcher: Searcher, text: str, *, filter: str | None = None) -> list[int]:
    corpus, query = searcher.ranker.corpus, query_of(searcher, text)
    row = int(np.flatnonzero(corpus.live)[7])
    query = replace(query, vector=np.asarray(corpus.segments[0].vectors[row]))
    allowed = corpus.allowed(None if filter is None else parse_filter(filter))
    ranking: list[int] = searcher.ranker.rank(query, allowed=allowed).passages[:10].tolist()
    return ranking


@pytest.mark.parametrize("filter", [None, "i<30"])
def test_graphs_and_engines_propose_what_a_scan_finds(
    tmp_path: Path, filter: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch", reason="usearch is not installed (extra index)")
    monkeypatch.setattr("latentalign.index.ranking.PROPOSED", 120)
    searcher = large(tmp_path, approximate_from=300)
    assert isinstance(searcher.ranker.proposer, GraphProposals)
    scan = replace(searcher, ranker=replace(searcher.ranker, proposer=None))
    engine = ExactCandidates(tmp_path / "engine")
    searcher.offer(engine)
    asked = Searcher.load(tmp_path / "large", candidates=engine)
    for text in ("red iron", "cloud", "nothing known"):
        wanted = ask(scan, text, filter=filter)
        assert len(set(ask(searcher, text, filter=filter)) & set(wanted)) >= len(wanted) - 1
        assert len(set(ask(asked, text, filter=filter)) & set(wanted)) >= len(wanted) - 1
    assert searcher.index.verify() == []


def test_a_bad_query_harms_no_other(searcher: Searcher) -> None:
    found = list(searcher.search_many(["passport", " ?", "library"], k=1))
    assert [isinstance(one, Failure) for one in found] == [False, True, False]
    with pytest.raises(InputError, match="word in it"):
        searcher.search("...")
    with pytest.raises(InputError, match="at least 1"):
        searcher.search("passport", k=0)


def test_an_empty_index_finds_nothing_and_abstains(tmp_path: Path) -> None:
    Index.create(tmp_path / "i", IndexSettings(model="none"))
    found = Searcher.load(tmp_path / "i").search("anything")
    assert found.hits == ()
    assert found.abstains
    assert found.evidence is None


def test_states_as_bytes_find_the_same(town: Path, tmp_path: Path, searcher: Searcher) -> None:
    index = Index.create(tmp_path / "i", IndexSettings(states="int8"))
    index.add(Document(id=name, text=text) for name, text in TEXTS.items())
    small = Searcher.load(tmp_path / "i")
    for text in ("renew a passport", "swim"):
        one, other = small.search(text).hits[0], searcher.search(text).hits[0]
        assert one.id == other.id
        assert one.value == pytest.approx(other.value, abs=0.02)


def test_the_command_prints_one_object_a_query_in_order(town: Path, tmp_path: Path, capsys) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("renew a passport\n \nopening hours of the library\n", encoding="utf-8")
    status = main(["search", str(town), str(queries), "--json", "--evidence", "-k", "1", "--filter", "number<3"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 3
    assert [line["hits"][0]["id"] if "hits" in line else "error" for line in lines] == ["passport", "error", "library"]
    assert lines[0]["hits"][0]["evidence"]["links"]


def test_the_commands_build_add_delete_and_verify(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    path = str(tmp_path / "index")
    assert main(["index", "build", path, str(folder), "--model", "none"]) == 0
    assert main(["index", "delete", path, "pool.txt"]) == 0
    assert main(["index", "delete", path, "pool.txt"]) == 3
    assert main(["search", path, "swimming pool", "-k", "1"]) == 0
    assert main(["index", "add", path, str(folder / "pool.txt")]) == 0
    assert main(["index", "compact", path]) == 0
    assert main(["index", "verify", path]) == 0
    out = capsys.readouterr().out
    assert "5 documents" in out
    assert "swimming" not in out
    assert main(["search", path]) == 1
    assert main(["search", str(folder), "x"]) == 1


def test_a_recipe_measures_search_beside_simpler_ways(tmp_path: Path) -> None:
    documents = [{"id": name, "text": text} for name, text in TEXTS.items()]
    queries = [{"qid": 1, "text": "swimming pool"}, {"qid": 2, "text": "books"}, {"qid": 3, "text": "not judged"}]
    for name, rows in (("docs", documents), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("1\tpool\t1\n2\tlibrary\t1\n2\tpool\t0\n", encoding="utf-8")
    recipe = SearchRecipe(
        documents="docs.jsonl",
        queries="queries.jsonl",
        judgments="qrels.tsv",
        settings=IndexSettings(model="none", adapt=False),
    )
    report = recipe.measure(tmp_path)
    assert [row["system"] for row in report.rows] == ["stems alone", "ours"]
    assert all(row["nDCG@10"] == row["MAP"] == row["MRR"] == 1.0 for row in report.rows)
    assert report.notes[0] == "5 documents, 2 queries"


def test_sketches_choose_and_the_values_stay_exact(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    centres = {word: chance.standard_normal(256) for word in WORDS}
    texts = [" ".join(chance.choice(WORDS, size=12)) for _ in range(400)]
    content = Content.of(
        [Document(id=f"d{i}", text=text) for i, text in enumerate(texts)],
        IndexSettings(model="none"),
        PairScorer.load(ScorerConfig(potentials=[{"name": "lexical"}])),
    )
    rows = [centres[word] + chance.standard_normal(256) / 3 for text in texts for word in text.split()]
    states = normalized(np.stack(rows)).astype(np.float16)
    vectors = normalized(np.stack(rows).reshape(400, 12, 256).mean(axis=1))
    index = Index.create(tmp_path / "i", IndexSettings(model="none", adapt=False))
    index.add_content(replace(content, vectors=vectors, states=[(states, np.ones(len(states), np.bool_))]))
    ranker = Searcher.load(tmp_path / "i").ranker
    (segment,) = ranker.corpus.segments
    assert segment.sketch["sketch"].shape == (4800, 96)
    words, cloud = ("red", "cloud", "heat"), ranker.corpus.live
    asked = normalized(np.stack([centres[word] + chance.standard_normal(256) / 3 for word in words]))
    query = replace(query_of(Searcher.load(tmp_path / "i"), " ".join(words)), states=asked, vector=vectors[0])
    quick, exact = ranker.rank(query, allowed=cloud), ranker.rank(query, allowed=cloud, exact=True)
    assert len(quick.passages) == ranker.rescored
    assert len(set(quick.passages[:10].tolist()) & set(exact.passages[:10].tolist())) >= 9
    values = dict(zip(exact.passages.tolist(), exact.values.tolist(), strict=True))
    found = dict(zip(quick.passages.tolist(), quick.values.tolist(), strict=True))
    assert all(value == pytest.approx(values[passage], abs=1e-4) for passage, value in found.items())


def test_sketches_leave_out_words_that_tell_nothing_and_are_not_asked_for(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    texts = ["often often", *(f"often rare{i} often" for i in range(199))]
    settings = IndexSettings(model="none", adapt=False)
    content = Content.of(
        [Document(id=f"d{i}", text=text) for i, text in enumerate(texts)],
        settings,
        PairScorer.load(ScorerConfig(potentials=[{"name": "lexical"}])),
    )
    states = normalized(chance.standard_normal((len(content.words), 256))).astype(np.float16)
    index = Index.create(tmp_path / "i", settings)
    index.add_content(replace(content, states=[(states, np.ones(len(states), np.bool_))]))
    corpus, every = Searcher.load(tmp_path / "i").ranker.corpus, np.arange(200)
    (segment,) = corpus.segments
    assert segment.telling.sum() == 199
    for term, row in (("rare7", 1 + 2 + 7 * 3), ("often", 0)):
        query = replace(query_of(Searcher.load(tmp_path / "i"), term), states=normalized(states[[row]]))
        found = word_values(corpus, query, np.ones(1, np.float32), every, sketch=True)
        exact = word_values(corpus, query, np.ones(1, np.float32), every)
        assert np.isfinite(found).all()
        assert (found[0] == 0) == (term == "rare7")
        assert found.argmax() == exact.argmax()


def test_neighbours_of_the_best_proposed_are_looked_at(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed (extra index)")
    searcher = large(tmp_path, approximate_from=1000)
    corpus = searcher.ranker.corpus
    (some,) = np.flatnonzero(corpus.live)[[7]].tolist()
    vector = np.asarray(corpus.segments[0].vectors[some])
    known = QueryValues(corpus=corpus, query=replace(query_of(searcher, "nothing known"), vector=vector))
    found = searcher.ranker._spread(known, known.asked, np.array([some])).tolist()
    assert corpus.neighbours is not None
    near, live = corpus.neighbours[0], corpus.live
    beside = {one for one in near[some].tolist() if live[one]}
    theirs = {one for row in beside for one in near[row].tolist() if live[one]}
    assert beside
    assert theirs - beside
    assert set(found) == {some} | beside | theirs
    assert len(found) == len(set(found))


def test_as_many_documents_are_found_as_are_asked_for(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "i", IndexSettings(model="none", passage_words=8, adapt=False))
    index.add(Document(id=f"d{i}", text="A red lamp of iron stands near the river. " * 20) for i in range(3))
    index.add(
        Document(id=f"e{i}", text=f"Number {i} is a white cloud over a red {word}.") for i, word in enumerate(WORDS)
    )
    hits = Searcher.load(tmp_path / "i", rescored=2).search("red lamp", k=12).hits
    assert len(hits) == 12


def test_pooled_states_stand_for_their_words(town: Path, tmp_path: Path, searcher: Searcher) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed (extra index)")
    index = Index.create(tmp_path / "i", IndexSettings(pool=2, adapt=False))
    for name, text in TEXTS.items():
        index.add([Document(id=name, text=text)])
    index.delete(["waste"])
    index.compact()
    small = Searcher.load(tmp_path / "i")
    (segment,) = small.snapshot.segments
    (whole,) = searcher.snapshot.segments
    assert segment.pools is not None
    assert len(segment.states) < 0.6 * len(segment.words) < len(whole.states)
    for text, wanted in (("renew a passport", "passport"), ("may children swim", "pool")):
        hit = small.search(text).hits[0]
        assert hit.id == wanted
        assert len(hit.evidence.target_spans) == len(searcher.search(text).hits[0].evidence.target_spans)
        assert "**" in hit.highlighted()
        query = query_of(small, text)
        weights, _ = weights_of(small, query)
        places = np.flatnonzero(small.ranker.corpus.live)[::-1].copy()
        aligned = word_alignments(small.ranker.corpus, query, weights, places).values.numpy()
        assert np.allclose(word_values(small.ranker.corpus, query, weights, places), aligned, atol=1e-4)
    assert small.like("passport").hits
    with pytest.raises(InputError, match="at least 1 word"):
        IndexSettings(pool=0)


def test_a_pooled_state_is_the_mean_of_what_it_stands_for() -> None:
    pytest.importorskip("scipy", reason="scipy is not installed (extra index)")
    states = np.random.default_rng(0).standard_normal((17, 6))
    found, numbers = pooled(states, pool=3)
    assert len(found) <= 6 == -(-17 // 3)
    assert sorted(set(numbers.tolist())) == list(range(len(found)))
    unit = normalized(states)
    wanted = normalized(np.stack([unit[numbers == one].mean(axis=0) for one in range(len(found))]))
    assert np.allclose(found, wanted, atol=1e-5)
    alone, own = pooled(states, pool=1)
    assert np.allclose(alone, unit)
    assert own.tolist() == list(range(17))
