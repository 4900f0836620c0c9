"""The index on the disk: what is added, deleted, compacted, verified, locked, and what a kill leaves."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import write

from latentalign.errors import DamageError, IndexBusyError, InputError, ModelError
from latentalign.formats.documents import form_of, read_beir, read_csv, read_folder, read_jsonl
from latentalign.index import manifest, store
from latentalign.index.adaptation import adapt, alike, singular
from latentalign.index.filters import All, Condition, Either, Not, conjunction, parse_filter
from latentalign.index.lock import writing
from latentalign.index.passages import passages
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.text.documents import Document
from latentalign.text.pairs import Failure
from latentalign.text.words import words

ROOT = Path(__file__).parent.parent
LEXICAL = IndexSettings(model="none", adapt=False)


def documents(*names: str) -> list[Document]:
    return [
        Document(id=name, text=f"The {name} one. It is about {name}.", fields={"size": len(name)}) for name in names
    ]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index.create(tmp_path / "index", LEXICAL)
    made.add(documents("red", "green", "blue"))
    return made


def names(index: Index) -> set[str]:
    return set(index.snapshot().places)


def test_what_is_added_is_there_and_what_is_deleted_is_gone(index: Index) -> None:
    assert index.add(documents("black")) == 1
    assert index.delete(["green", "nothing"]) == 1
    assert names(Index.open(index.path)) == {"red", "blue", "black"}
    assert index.snapshot().document("red").fields == {"size": 3}
    with pytest.raises(InputError, match="name of a document"):
        index.snapshot().document("green")


def test_a_document_of_a_name_that_is_there_takes_its_place(index: Index) -> None:
    index.add([Document(id="red", text="Quite another text.")])
    assert len(index.snapshot()) == 3
    assert index.snapshot().document("red").text == "Quite another text."


def test_two_documents_of_one_name_are_refused_and_change_nothing(index: Index) -> None:
    with pytest.raises(InputError, match="a second 'x'"):
        index.add(documents("x", "x"))
    assert names(index) == {"red", "green", "blue"}


def test_compaction_keeps_everything_and_frees_what_was_deleted(index: Index) -> None:
    index.add(documents("black", "white"))
    index.delete(["red", "black"])
    before = {name: index.snapshot().document(name) for name in names(index)}
    counted = {term: [one.counts(term) for one in index.snapshot().segments] for term in ("white", "about")}
    index.compact()
    after = index.snapshot()
    assert len(after.segments) == 1
    assert not after.segments[0].deleted.any()
    assert {name: after.document(name) for name in names(index)} == before
    for term, parts in counted.items():
        assert sum(len(places) for places, _ in parts) == len(after.segments[0].counts(term)[0])
    text = b"".join(path.read_bytes() for path in index.path.rglob("*") if path.is_file())
    assert b"The red one" not in text
    assert "red" not in after.segments[0].terms


def test_a_reader_goes_on_with_what_it_has_while_others_write(index: Index) -> None:
    old = index.snapshot()
    index.delete(["red"])
    index.add(documents("black"))
    index.compact()
    assert {name: old.document(name).id for name in old.places} == {name: name for name in ("red", "green", "blue")}
    assert old.segments[0].counts("about")[1].tolist() == [1, 1, 1]
    assert names(index) == {"green", "blue", "black"}


def test_many_small_parts_do_not_pile_up(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MANY", 4)
    for number in range(9):
        index.add(documents(f"n{number}"))
    assert len(index.snapshot().segments) < 4
    assert names(index) == {"red", "green", "blue", *(f"n{number}" for number in range(9))}


def test_everything_can_be_deleted_and_added_again(index: Index) -> None:
    index.delete(["red", "green", "blue"])
    index.compact()
    assert len(index.snapshot()) == 0
    index.add(documents("red"))
    assert names(index) == {"red"}


@pytest.mark.parametrize("kind", ["documents.jsonl", "states.npy", "words.npy", "manifest.json", "deleted-"])
def test_verify_finds_a_flipped_bit(index: Index, kind: str) -> None:
    index.delete(["green"])
    assert index.verify() == []
    path = next(path for path in index.path.rglob("*") if path.name.startswith(kind))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    (line,) = index.verify()
    assert path.name in line


def test_verify_finds_a_file_that_is_gone_and_reading_says_so(index: Index) -> None:
    next(index.path.rglob("words.npy")).unlink()
    assert [line.partition(": ")[2] for line in index.verify()] == ["absent"]
    with pytest.raises(DamageError, match="index verify"):
        index.snapshot()


def test_a_second_writer_gets_a_clear_error(index: Index) -> None:
    program = (
        "import sys; from latentalign.index.lock import writing; from pathlib import Path\n"
        "with writing(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, index.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(IndexBusyError, match=f"process {holder.pid}"):
        index.add(documents("black"))
    assert names(index) == {"red", "green", "blue"}
    holder.communicate("")
    assert index.add(documents("black")) == 1
    with writing(index.path), pytest.raises(IndexBusyError):
        index.delete(["red"])


def test_a_folder_that_is_no_index_or_is_not_empty_is_an_error(tmp_path: Path, index: Index) -> None:
    with pytest.raises(InputError, match="index build"):
        Index.open(tmp_path)
    with pytest.raises(InputError, match="empty folder"):
        Index.create(index.path)


def test_what_a_killed_writer_leaves_is_ignored_and_swept(index: Index) -> None:
    stray = index.path / "segment-99999999"
    stray.mkdir()
    (stray / "words.npy").write_bytes(b"half")
    (index.path / ".manifest.json.partial").write_bytes(b"{")
    assert names(index) == {"red", "green", "blue"}
    index.compact()
    assert not stray.exists()


def kills(rounds: int) -> dict[str, int]:
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.index_kills", "--rounds", str(rounds), "--no-table"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    counts: dict[str, int] = json.loads(finished.stdout)
    return counts


def test_nothing_acknowledged_is_lost_when_it_is_killed() -> None:
    counts = kills(4)
    assert counts["kills"] == 4
    assert counts["lost writes"] == counts["undead documents"] == counts["unreadable"] == 0


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_a_thousand_kills() -> None:
    counts = kills(1000)
    assert counts["acknowledged"] > 100
    assert counts["lost writes"] == counts["undead documents"] == counts["unreadable"] == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["One", "two.", "three!", "four?\n", "5", "—", "é"]), max_size=80), st.integers(8, 20))
def test_every_word_is_in_one_passage(parts: list[str], most: int) -> None:
    text = " ".join(parts)
    found = passages(text, most=most)
    inside = [span for _, units in found for span in units]
    assert inside == [span for span in words(text) if any(map(str.isalnum, span.of(text)))]
    assert all(len(units) <= most for _, units in found)
    assert all(span.start <= units[0].start and units[-1].end <= span.end for span, units in found)


VALUES = st.one_of(st.integers(-3, 3), st.sampled_from(["a", "ab", "3"]), st.booleans())
CONDITIONS = st.builds(
    Condition, st.sampled_from(["x", "y"]), st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~"]), VALUES
)


@given(st.dictionaries(st.sampled_from(["x", "y"]), VALUES), CONDITIONS, CONDITIONS)
def test_filters_combine_as_logic_does(fields, one, other) -> None:
    a, b = one.matches(fields), other.matches(fields)
    assert All((one, other)).matches(fields) == (a and b)
    assert Either((one, other)).matches(fields) == (a or b)
    assert Not(one).matches(fields) == (not a)


@pytest.mark.parametrize(
    ("text", "fields", "wanted"),
    [
        ("year>2000", {"year": 2001}, True),
        ("year>2000", {"year": 2000}, False),
        ("year>2000", {}, False),
        ("year >= 2000 and not kind=review", {"year": 2000, "kind": "paper"}, True),
        ("kind=a or kind=b and year<1", {"kind": "a", "year": 5}, True),
        ("(kind=a or kind=b) and year<1", {"kind": "a", "year": 5}, False),
        ('name="Anna Smith"', {"name": "Anna Smith"}, True),
        ("name~smith", {"name": "Anna Smith"}, True),
        ("open=true", {"open": True}, True),
        ("code=7", {"code": "7"}, True),
        ("code!=7", {"code": "8"}, True),
    ],
)
def test_a_filter_means_what_it_says(text: str, fields: dict[str, object], wanted: bool) -> None:
    assert parse_filter(text).matches(fields) is wanted


@pytest.mark.parametrize("text", ["", "year>", "year 2000", "(year>1", "year>1 2", "and", "year=(", "a=1 b=2", "!"])
def test_a_filter_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="filter"):
        parse_filter(text)


def test_several_filters_hold_together() -> None:
    both = conjunction(["x>1", "y=a"])
    assert both is not None
    assert both.matches({"x": 2, "y": "a"})
    assert not both.matches({"x": 2, "y": "b"})
    assert conjunction([]) is None


def read(found) -> list[object]:
    return [one.error.where if isinstance(one, Failure) else (one.id, one.text, dict(one.fields)) for one in found]


def test_documents_are_read_from_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"_id": 7, "title": "T", "text": "B", "year": 1, "metadata": {"k": "v"}, "list": [1]}\n'
        '{"text": "T again"}\n{"id": "x"}\n[1]\n{"text": 5}\n{"id": "y", "title": "T", "text": "T b"}\n',
        encoding="utf-8",
    )
    assert read(read_jsonl(path)) == [
        ("7", "T\nB", {"k": "v", "year": 1}),
        ("2", "T again", {}),
        f"{path}:3",
        f"{path}:4",
        f"{path}:5",
        ("y", "T b", {}),
    ]


def test_documents_are_read_from_tables_folders_and_beir(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text('id,text,year\n01,"one, two",1999\n2,b,\n3,,5\n', encoding="utf-8")
    assert read(read_csv(table))[:2] == [("01", "one, two", {"year": 1999}), ("2", "b", {"year": ""})]
    assert isinstance(list(read_csv(table))[2], Failure)
    folder = tmp_path / "notes"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "a.txt").write_text("A text", encoding="utf-8")
    (folder / "b.md").write_bytes(b"\xff")
    (folder / "c.png").write_bytes(b"\x00")
    assert [one[:2] if isinstance(one, tuple) else one for one in read(read_folder(folder))] == [
        str(folder / "b.md"),
        ("in/a.txt", "A text"),
    ]
    assert read(read_folder(folder / "in" / "a.txt"))[0][0] == "a.txt"
    (folder / "corpus.jsonl").write_text('{"_id": "d", "title": "", "text": "x"}\n', encoding="utf-8")
    assert form_of(folder) == "beir"
    assert read(read_beir(folder)) == [("d", "x", {})]


def test_singular_directions_are_those_of_the_dense_decomposition() -> None:
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed (extra index)")
    dense = np.random.default_rng(0).standard_normal((40, 30)) * (np.arange(30) < 6)
    found = singular(sparse.csr_matrix(dense), most=6)
    wanted = np.linalg.svd(dense)[2][:6].T
    assert np.allclose(np.abs(found.T @ wanted), np.eye(6), atol=1e-3)


def test_neighbours_are_other_passages_and_their_shares_sum_to_one() -> None:
    pytest.importorskip("scipy.sparse", reason="scipy is not installed (extra index)")
    chance = np.random.default_rng(0)
    words_, bounds = chance.integers(0, 50, 600), np.arange(0, 601, 10)
    vectors = chance.standard_normal((60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = adapt(words_, bounds, vectors, terms=50, whole=3.0, topics=2.0)
    assert np.allclose(found.nearness.sum(axis=1), 1.0, atol=1e-5)
    assert not (found.neighbours == np.arange(60)[:, None]).any()


def test_an_index_is_not_read_with_another_encoder(tmp_path: Path) -> None:
    write(tmp_path / "encoder", "bert")
    made = Index.create(tmp_path / "index", IndexSettings(model=str(tmp_path / "encoder"), adapt=False))
    made.add(documents("red", "green"))
    made.compact()
    assert Index.open(made.path).scorer.encoder is not None
    shutil.rmtree(tmp_path / "encoder")
    write(tmp_path / "encoder", "roberta")
    with pytest.raises(ModelError, match=r"built with, .*encoder of .* features.*index build") as raised:
        Index.open(made.path).add(documents("blue"))
    assert str(tmp_path / "encoder") in raised.value.wanted
    assert names(Index.open(made.path)) == {"red", "green"}


@pytest.mark.parametrize("change", [{"format": 2}, {"settings": {"model": "none", "colour": "red"}}])
def test_an_index_of_a_newer_version_is_an_error_that_says_so(index: Index, change: dict[str, object]) -> None:
    path = index.path / "manifest.json"
    table = {**json.loads(path.read_bytes()), **change}
    del table["sha256"]
    path.write_text(json.dumps({"sha256": manifest._digest(table), **table}), encoding="utf-8")
    with pytest.raises(InputError, match="update latentalign"):
        Index.open(index.path)


def test_a_folder_that_is_absent_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of that name"):
        Index.open(tmp_path / "nowhere")


def test_parts_of_many_passages_are_alike_and_whole() -> None:
    chance = np.random.default_rng(0)
    vectors = np.repeat(np.eye(4, dtype=np.float32), 25, axis=0) + 0.01 * chance.standard_normal((100, 4), np.float32)
    found = list(alike(vectors, np.arange(100), most=30))
    assert sorted(np.concatenate(found).tolist()) == list(range(100))
    assert all(len(one) <= 30 for one in found)
    assert np.mean([len({place // 25 for place in one.tolist()}) == 1 for one in found]) >= 0.5
