"""Readers and writers: what is written is read again, a bad line harms no other, and every message says where."""

import gzip
import io
import itertools
import json
import math
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from strategies import close, evidences, filled_texts, pairs, plain_pairs, quick, split_pairs

from latentalign import registry
from latentalign.errors import InputError, UnknownNameError
from latentalign.formats import jsonl, parallel, pharaoh, plain, tsv
from latentalign.formats.fields import to_evidence
from latentalign.formats.lines import one_line, read_lines
from latentalign.formats.pharaoh import IndexedLink, parse_links
from latentalign.formats.policy import apply_policy, attempt
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence

FAILURE = Failure(error=InputError(wanted="text", came="none", where="a.txt:3", fix="add it"), id="7")
SURROGATE = chr(0xD83D)


def stream(content: str | bytes) -> io.BytesIO:
    return io.BytesIO(content.encode() if isinstance(content, str) else content)


def only(records: Iterator) -> object:
    (record,) = records
    return record


def message(records: Iterator) -> str:
    """The error of the only failure."""
    (failure,) = (record for record in records if isinstance(record, Failure))
    return str(failure.error)


class Endless(io.BytesIO):
    """A stream whose lines never end."""

    def __iter__(self) -> Iterator[bytes]:
        return itertools.repeat(b'{"source": "a", "target": "b"}\n')


# Lines


@quick
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=6)))
def test_only_a_line_feed_ends_a_line(parts: list[str]) -> None:
    content = "".join(part + "\n" for part in parts)
    expected = [line.removesuffix("\r") for line in content.removeprefix("\ufeff").split("\n")[:-1]]
    assert [line.text for line in read_lines(stream(content), may_be_empty=True)] == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\n", ["a\rb"]),
        (b"\xef\xbb\xbfa\nb\n", ["a", "b"]),
        (b"a\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
        (b"\n\n", ["", ""]),
        ("a\u2028b\x85c\x0bd\n".encode(), ["a\u2028b\x85c\x0bd"]),
    ],
)
def test_lines_are_read_alike_from_file_stream_stdin_and_gzip(
    content: bytes, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, packed = tmp_path / "a.txt", tmp_path / "packed"
    file.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream(content)))
    for source in (file, str(file), packed, "-", stream(content)):
        assert [line.text for line in read_lines(source)] == expected
    assert [line.where for line in read_lines(file)] == [f"{file}:{number + 1}" for number in range(len(expected))]


def test_a_stream_is_left_open_and_named() -> None:
    given_stream = stream("a\n")
    assert only(read_lines(given_stream)).where == "<stream>:1"
    assert not given_stream.closed


@pytest.mark.parametrize(
    ("content", "place", "told"),
    [
        (b"caf\xc3\xa9\ncaf\xe9 noir\n", 2, "byte 0xe9 at byte 4 of the line"),
        (b"a\n\n\xff\n", 3, "byte 0xff at byte 1 of the line"),
        (b"ok\n\xed\xa0\xbd\n", 2, "byte 0xed"),
        ("cat\n".encode("utf-16"), 1, "iconv -f UTF-16"),
    ],
)
def test_a_line_that_is_not_utf_8_is_named_with_its_byte(content: bytes, place: int, told: str, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    found = [attempt(lambda line: line.text, line) for line in read_lines(file)]
    failures = [(number, record) for number, record in enumerate(found, 1) if isinstance(record, Failure)]
    assert failures[0][0] == place
    assert failures[0][1].error.where == f"{file}:{place}"
    assert told in str(failures[0][1].error)


def test_sources_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    good, folder, empty, torn = (tmp_path / name for name in ("good", "folder", "empty", "torn.gz"))
    good.write_bytes(b"a\n")
    folder.mkdir()
    empty.touch()
    torn.write_bytes(gzip.compress(b"a\n" * 10_000)[:-20])
    closed = good.open("rb")
    closed.close()
    assert len(list(read_lines(good))) == 1
    for source, told in (
        (tmp_path / "absent", "absent: .*No such file"),
        (folder, "folder: .*directory"),
        (empty, "empty: .*an empty file"),
        (torn, "torn.gz: .*before the end"),
        ("a\0b", "null"),
        (io.StringIO("a\n"), "<stream>: wanted a binary stream"),
        (closed, "closed file"),
    ):
        with pytest.raises(InputError, match=told):
            list(read_lines(source))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 40_000):
        file = tmp_path / f"{count}.txt"
        file.write_text("the cat ||| le chat\n" * count)
        tracemalloc.start()
        assert sum(1 for _ in parallel.read(file)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 20_000


@pytest.mark.parametrize("read", [jsonl.read, parallel.read, tsv.read, pharaoh.read, jsonl.read_evidence])
def test_records_come_before_the_end_of_the_stream(read) -> None:
    assert len(list(itertools.islice(read(Endless()), 3))) == 3


# Policy


def test_the_policy_decides_what_becomes_of_a_failure() -> None:
    records = ["a", FAILURE, "b"]
    seen: list[Failure] = []
    assert list(apply_policy(records, on_error="null", report=seen.append)) == records
    assert list(apply_policy(records, on_error="skip", report=seen.append)) == ["a", "b"]
    stopped = apply_policy(records, report=seen.append)
    assert next(stopped) == "a"
    with pytest.raises(InputError, match=r"a\.txt:3"):
        next(stopped)
    assert seen == [FAILURE] * 3
    with pytest.raises(UnknownNameError, match="did you mean 'skip'"):
        apply_policy(records, on_error="skp")


# Parallel


def two_files(folder: Path, left: bytes, right: bytes) -> tuple[Path, Path]:
    paths = folder / "a.txt", folder / "b.txt"
    for path, content in zip(paths, (left, right), strict=True):
        path.write_bytes(content)
    return paths


def test_two_files_are_read_line_by_line(tmp_path: Path) -> None:
    paths = two_files(tmp_path, b"\xef\xbb\xbfthe cat\r\nyes\r\n", b"le chat\noui")
    assert list(parallel.read(*paths)) == [
        TextPair(source="the cat", target="le chat"),
        TextPair(source="yes", target="oui"),
    ]
    assert next(parallel.read(*paths, tokenized=True)) == TextPair.from_words(["the", "cat"], ["le", "chat"])


@pytest.mark.parametrize(
    ("left", "right", "counts"),
    [
        (b"a\nb\nc\n", b"a\n", "3 in A and 1 in B"),
        (b"a\n", b"a\nb\nc\nd", "1 in A and 4 in B"),
        (b"", b"a\n", "0 in A and 1 in B"),
        (b"a\n", b"", "1 in A and 0 in B"),
    ],
)
def test_unequal_files_are_named_with_both_counts(left: bytes, right: bytes, counts: str, tmp_path: Path) -> None:
    paths = two_files(tmp_path, left, right)
    told = counts.replace("A", str(paths[0])).replace("B", str(paths[1]))
    with pytest.raises(InputError) as caught:
        list(apply_policy(parallel.read(*paths), on_error="skip"))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        (b"a\n \nc\n", b"a\nb\nc\n", "a.txt:2: wanted text on both sides, got a blank source"),
        (b"a\nb\nc\n", b"a\n\nc\n", "b.txt:2: wanted text on both sides, got a blank target"),
        (b"a\n\nc\n", b"a\n\xe2\x80\x8b\nc\n", "a.txt:2: wanted text on both sides, got a blank source"),
        (b"a\nb\nc\n", b"a\n\xff\nc\n", "b.txt:2: wanted UTF-8"),
    ],
)
def test_a_bad_line_of_one_file_is_named_and_harms_no_other(
    left: bytes, right: bytes, told: str, tmp_path: Path
) -> None:
    found = list(parallel.read(*two_files(tmp_path, left, right)))
    assert told in message(iter(found))
    assert [isinstance(record, TextPair) for record in found] == [True, False, True]
    assert len(list(apply_policy(found, on_error="skip"))) == 2


def test_two_empty_files_or_stdin_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two empty files"):
        list(parallel.read(*two_files(tmp_path, b"", b"")))
    with pytest.raises(InputError, match="'-' twice"):
        parallel.read("-", "-")


@pytest.mark.parametrize(
    ("content", "source", "target"),
    [
        ("the cat ||| le chat", "the cat", "le chat"),
        ("the cat|||le chat", "the cat", "le chat"),
        ("the cat\tle chat", "the cat", "le chat"),
        ("a ||| b\tc", "a ||| b", "c"),
        ("a\tb ||| c\td", "a\tb", "c\td"),
    ],
)
def test_one_stream_is_split_at_bars_or_at_a_tab(content: str, source: str, target: str) -> None:
    assert only(parallel.read(stream(content))) == TextPair(source=source, target=target)


@pytest.mark.parametrize(
    ("content", "separator", "told"),
    [
        ("a ||| b ||| c", None, "one '|||' between, got 3 columns"),
        ("a\tb\tc", None, "one TAB between, got 3 columns"),
        ("just one", None, "one TAB or '|||' between, got 1 column."),
        ("a\tb", "|||", "one '|||' between, got 1 column"),
        ("a ||| b", "\t", "one TAB between, got 1 column"),
        ("a ||| ", None, "<stream>:1: wanted text on both sides, got a blank target"),
        ("\tb", None, "a blank source"),
    ],
)
def test_a_line_that_is_no_pair_says_what_it_has(content: str, separator: str | None, told: str) -> None:
    assert told in message(parallel.read(stream(content), separator=separator))


def test_the_separator_is_that_of_the_first_line_which_has_one() -> None:
    first, second, third = parallel.read(stream("none\na\tb\nc ||| d\n"))
    assert (second.source, isinstance(first, Failure), isinstance(third, Failure)) == ("a", True, True)
    with pytest.raises(InputError, match="separator: wanted"):
        parallel.read(stream("a;b"), separator=";")


def flat(pair: TextPair) -> TextPair:
    """The pair as a line can hold it."""
    return TextPair(source=one_line(pair.source), target=one_line(pair.target))


@quick
@given(plain_pairs, st.sampled_from(["|||", "\t"]))
def test_parallel_lines_are_read_again(pair: TextPair, separator: str) -> None:
    if separator == "|||" and "|||" in pair.source + " " + pair.target:
        with pytest.raises(InputError, match=r"without '\|\|\|'"):
            parallel.write(pair, separator=separator)
        return
    line = parallel.write(pair, separator=separator)
    assert "\n" not in line
    assert only(parallel.read(stream(line), separator=separator)) == without_mark(flat(pair))


def without_mark(pair: TextPair) -> TextPair:
    """The pair as the first of a file, where a byte order mark is dropped."""
    return replace(pair, source=pair.source.removeprefix("\ufeff"))


# TSV


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("the cat\tle chat\n", TextPair(source="the cat", target="le chat")),
        ("source\ttarget\nthe cat\tle chat\n", TextPair(source="the cat", target="le chat")),
        ("target\tnote\tid\tsource\nle chat\tx\t7\tthe cat\n", TextPair(source="the cat", target="le chat", id="7")),
        ("id\tsource\ttarget\n\tthe cat\tle chat\n", TextPair(source="the cat", target="le chat")),
        ('"the\tle"\n', TextPair(source='"the', target='le"')),
    ],
)
def test_tables_are_read_with_and_without_a_header(content: str, expected: TextPair) -> None:
    assert only(tsv.read(stream(content))) == expected


def test_columns_of_a_table_can_be_named() -> None:
    content = "en\tfr\tde\nthe cat\tle chat\tdie Katze\n"
    assert only(tsv.read(stream(content), columns=("de", "en"))) == TextPair(source="die Katze", target="the cat")
    with pytest.raises(InputError, match=r"<stream>:1: wanted a column 'enn' .*did you mean 'en'"):
        list(tsv.read(stream(content), columns=("enn", "fr")))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a\tb\tc\n", "<stream>:1: wanted two columns, or a header"),
        ("one\n", "<stream>:1: wanted two columns, or a header"),
        ("source\ttarget\na\tb\tc\n", "<stream>:2: wanted 2 columns as in the header, got 3"),
        ("source\ttarget\tid\na\tb\n", "<stream>:2: wanted 3 columns as in the header, got 2"),
        ("source\ttarget\na\t \n", "<stream>:2: wanted text on both sides, got a blank target"),
    ],
)
def test_a_row_that_does_not_fit_is_named(content: str, told: str) -> None:
    assert told in message(tsv.read(stream(content)))


def test_a_header_without_a_column_is_refused() -> None:
    with pytest.raises(InputError, match=r"wanted a column 'target' in the header, .*did you mean 'targets'"):
        list(tsv.read(stream("source\ttargets\na\tb\n")))


@quick
@given(st.lists(pairs | evidences(), min_size=1, max_size=4))
def test_rows_are_read_again(records: list[TextPair | Evidence]) -> None:
    rows = "\n".join(tsv.write(record, header=not index) for index, record in enumerate(records))
    expected = [
        TextPair(source=one_line(record.source), target=one_line(record.target), id=one_line(record.id or "") or None)
        for record in records
    ]
    assert list(tsv.read(stream(rows))) == expected


@quick
@given(evidences())
def test_a_row_holds_score_and_links(evidence: Evidence) -> None:
    fields = tsv.write(evidence).split("\t")
    assert len(fields) == len(tsv.COLUMNS)
    assert float(fields[3]) == evidence.score
    assert fields[4] == pharaoh.write(evidence, probabilities=True)


# JSON lines


@quick
@given(st.lists(pairs, min_size=1, max_size=4))
def test_pairs_are_read_again_from_json(records: list[TextPair]) -> None:
    lines = [jsonl.write(record) for record in records]
    assert not any("\n" in line for line in lines)
    assert list(jsonl.read(stream("\n".join(lines)))) == records


@quick
@given(st.lists(evidences(), min_size=1, max_size=3))
def test_results_are_read_again_from_json(records: list[Evidence]) -> None:
    lines = "\n".join(map(jsonl.write, records))
    assert list(jsonl.read_evidence(stream(lines))) == records
    assert [(pair.id, pair.source, pair.target_spans) for pair in jsonl.read(stream(lines))] == [
        (record.id, record.source, record.target_spans) for record in records
    ]


@quick
@given(evidences())
def test_json_of_a_result_stands_alone(evidence: Evidence) -> None:
    record = json.loads(evidence.to_json())
    for link, (source, target, weight) in zip(record["links"], evidence.pairs(), strict=True):
        assert record["source"][slice(*link["source_span"])] == source == link["source"]
        assert record["target"][slice(*link["target_span"])] == target == link["target"]
        assert record["source_spans"][link["source_index"]] == link["source_span"]
        assert record["target_spans"][link["target_index"]] == link["target_span"]
        assert link["weight"] == weight
    assert len(record["null_source"]) == len(record["source_spans"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"source": "the cat", "target": "le chat"}, TextPair(source="the cat", target="le chat")),
        (
            {"source": ["the", "cat"], "target": ["le", "chat"], "id": 7, "note": [None, {}]},
            TextPair.from_words(["the", "cat"], ["le", "chat"], id="7"),
        ),
        ({"source": "😀", "target": "é", "id": None}, TextPair(source="😀", target="é")),
        (
            {"source": "New York", "target": "ville", "source_spans": [[0, 8]], "target_spans": [[0, 5]]},
            TextPair(source="New York", target="ville", source_spans=((0, 8),), target_spans=((0, 5),)),
        ),
    ],
)
def test_objects_are_read_as_pairs(fields: dict, expected: TextPair) -> None:
    for ascii_only in (True, False):
        line = json.dumps(fields, ensure_ascii=ascii_only)
        assert only(jsonl.read(stream(line))) == expected


def test_keys_and_tokens_can_be_chosen() -> None:
    line = '{"en": "don\'t go !", "de": "geh nicht"}'
    pair = only(jsonl.read(stream(line), columns=("en", "de"), tokenized=True))
    assert pair == TextPair.from_tokens("don't go !", "geh nicht")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"source": "a", "target"}', "got expecting ':' delimiter at column 25"),
        ('{"source": "a\tb", "target": "c"}', "invalid control character at at column 14"),
        ("", "wanted a JSON object, got expecting value at column 1"),
        ('["a", "b"]', "wanted a JSON object, got list"),
        ("[" * 100_000, "one too large to read"),
        ('{"source": ' + "9" * 5000 + "}", "one too large to read"),
        ('{"source": "a", "traget": "b"}', "wanted the key 'target', got no key 'target'. To fix it: did you mean 'tr"),
        ('{"source": 1, "target": "b"}', "wanted a string as 'source', got int"),
        ('{"source": "a", "target": ["b"]}', "wanted a string as 'target', got list"),
        ('{"source": ["a", ""], "target": ["b"]}', "source: wanted words that are not blank, got '' at 1"),
        ('{"source": ["a", 1], "target": ["b"]}', "source word 1: wanted a string, got int"),
        ('{"source": [], "target": ["b"]}', "a blank source"),
        ('{"source": "a", "target": " "}', "a blank target"),
        ('{"source": "a \\ud83d", "target": "b"}', "source: wanted text without lone surrogates"),
        ('{"source": "a", "target": "b", "id": 1.5}', "wanted a string or an integer as 'id', got float"),
        ('{"source": "a", "target": "b", "id": "\\ud83d"}', "id: wanted text without lone surrogates"),
        ('{"source": "a", "target": "b", "source_spans": [[0, 2]], "target_spans": [[0, 1]]}', "source_spans span 0"),
        ('{"source": "a", "target": "b", "source_spans": [[0]], "target_spans": [[0, 1]]}', "wanted [start, end]"),
    ],
)
def test_an_object_that_is_no_pair_says_why_and_harms_no_other(line: str, told: str) -> None:
    good = '{"source": "a \\ud83d\\ude00", "target": "b"}'
    found = list(jsonl.read(stream(f"{good}\n{line}\n{good}\n")))
    assert [isinstance(record, TextPair) for record in found] == [True, False, True]
    assert "<stream>:2" in message(iter(found))
    assert told in message(iter(found))


def test_a_failure_keeps_its_name_in_json() -> None:
    failure = only(jsonl.read(stream('{"id": 7, "source": "a"}')))
    assert failure.id == "7"
    record = json.loads(jsonl.write(failure))
    assert record == {"id": "7", "error": {**{k: getattr(failure.error, k) for k in ("wanted", "came", "where", "fix")},
                                           "message": str(failure.error)}}  # fmt: skip
    for again in (
        only(jsonl.read_evidence(stream(jsonl.write(FAILURE)))),
        only(jsonl.read(stream(jsonl.write(FAILURE)))),
    ):
        assert (again.id, str(again.error)) == (FAILURE.id, str(FAILURE.error))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"family": None}, "wanted a string as 'family'"),
        ({"score": True}, "wanted a number as 'score', got bool"),
        ({"score": math.inf}, "finite"),
        ({"links": [7]}, "wanted an object with 'source_index'"),
        ({"links": [{"source_index": 9, "target_index": 0, "weight": 1.0}]}, "got 9 to 0"),
        ({"links": [{"source_index": -1, "target_index": 0, "weight": 1.0}]}, "got -1 to 0"),
        ({"links": [{"source_index": 0, "target_index": 0}]}, "the key 'weight'"),
        ({"null_source": ["x"]}, "wanted numbers in 'null_source'"),
        ({"null_target": []}, "one null mass a unit"),
        ({"matrix": [1]}, "wanted numbers in 'matrix'"),
        ({"source_spans": [[0, 99]]}, "source_spans span 0"),
        ({"target": 3}, "wanted a string as 'target'"),
    ],
)
def test_a_result_that_does_not_fit_together_is_named(changes: dict, told: str) -> None:
    good = example_fields()
    assert only(jsonl.read_evidence(stream(json.dumps(good)))) == to_evidence(good)
    assert told in message(jsonl.read_evidence(stream(json.dumps(good | changes))))


def example_fields() -> dict:
    """A result as it looks when it was read from JSON."""
    link = {"source_index": 1, "target_index": 0, "weight": 0.5}
    return {
        "id": "7", "source": "the cat", "target": "chat", "source_spans": [[0, 3], [4, 7]], "target_spans": [[0, 4]],
        "links": [link], "null_source": [1.0, 0.5], "null_target": [0.5], "score": 2, "family": "transport",
    }  # fmt: skip


# Pharaoh


@quick
@given(evidences(), st.sampled_from([0, 1]))
def test_links_are_read_again(evidence: Evidence, base: int) -> None:
    expected = sorted(evidence.indexed_links())
    size = len(evidence.source_spans), len(evidence.target_spans)
    line = pharaoh.write(evidence, base=base, probabilities=True)
    found = only(pharaoh.read(stream(line + "\n"), base=base, sizes=[size]))
    assert [(link.source, link.target, link.possible) for link in found] == [(i, j, False) for i, j, _ in expected]
    assert all(close(link.weight, weight) for link, (_, _, weight) in zip(found, expected, strict=True))
    bare = only(pharaoh.read(stream(evidence.to_pharaoh(base=base) + "\n"), base=base))
    assert [link[:2] for link in bare] == [link[:2] for link in found]


@pytest.mark.parametrize(
    ("text", "base", "links"),
    [
        ("", 0, []),
        ("0-0 2-1", 0, [IndexedLink(0, 0), IndexedLink(2, 1)]),
        ("1-1 3-2", 1, [IndexedLink(0, 0), IndexedLink(2, 1)]),
        ("0-0 2?1 2p2", 0, [IndexedLink(0, 0), IndexedLink(2, 1, possible=True), IndexedLink(2, 2, possible=True)]),
        ("0-0:0.87 1?1:1e-3", 0, [IndexedLink(0, 0, 0.87), IndexedLink(1, 1, 0.001, possible=True)]),
        ("  0-0\t1-1 ", 0, [IndexedLink(0, 0), IndexedLink(1, 1)]),
    ],
)
def test_the_forms_of_links(text: str, base: int, links: list) -> None:
    assert list(parse_links(text, base=base, size=(3, 3))) == links


@pytest.mark.parametrize(
    ("text", "base", "told"),
    [
        ("0-0 x", 0, "got 'x'"),
        ("0–0", 0, "wanted links"),
        ("-1-0", 0, "wanted links"),
        ("٣-٣", 0, "wanted links"),
        ("0-0:", 0, "wanted links"),
        ("0-0:1.2.3", 0, "wanted a probability"),
        ("0-0:-1", 0, "wanted a probability"),
        ("0-0:1e999", 0, "wanted a probability"),
        ("0-1", 1, "wanted links that count from 1, got '0-1'. To fix it: read it with base 0"),
        ("0-0 3-0", 0, "between 3 source and 3 target units, counted from 0, got '3-0'"),
        ("1-4", 1, "between 3 source and 3 target units, counted from 1, got '1-4'"),
        ("9" * 5000 + "-0", 0, "wanted links"),
    ],
)
def test_what_is_no_link_is_named(text: str, base: int, told: str) -> None:
    first, second = pharaoh.read(stream(f"1-1\n{text}\n"), base=base, sizes=[(3, 3)] * 2)
    assert first and isinstance(second, Failure)
    assert told in str(second.error) and second.error.where == "<stream>:2"


def test_links_need_a_base_and_as_many_lines_as_pairs() -> None:
    with pytest.raises(InputError, match="base: wanted 0 or 1"):
        pharaoh.read(stream("0-0"), base=2)
    for count, told in ((1, "more than 1 lines"), (3, "got 2 lines")):
        with pytest.raises(InputError, match=told):
            list(pharaoh.read(stream("0-0\n0-0\n"), sizes=[(1, 1)] * count))


# Terminal


@quick
@given(evidences(), st.sampled_from([40, 100]))
def test_a_terminal_shows_every_line_within_its_width(evidence: Evidence, width: int) -> None:
    lines = plain.write(evidence, width=width).split("\n")
    assert all(cell_len(line) <= width for line in lines)
    assert not any(ord(character) < 32 or character in "\u202e\x7f\x9b" for line in lines for character in line)
    assert f"{len(evidence.links)} link" in lines[0]
    assert all(any(f"{weight:.2f}" in line for line in lines[2:]) for *_, weight in evidence.pairs())


def test_a_terminal_shows_links_weights_and_what_is_left() -> None:
    shown = plain.write(to_evidence(example_fields())).splitlines()
    assert shown[0] == "transport, score 2, 1 link"
    assert shown[2].split() == ["cat", "chat", "0.50", "█" * 5]
    assert shown[-2:] == ["source without a link: the", "target without a link: none"]


@quick
@given(filled_texts)
def test_a_long_unit_is_wrapped_and_cut(text: str) -> None:
    fields = example_fields() | {"source": text + "x" * 2000, "source_spans": [[0, len(text) + 2000]]}
    fields["links"] = [{"source_index": 0, "target_index": 0, "weight": 1.0}]
    lines = plain.write(to_evidence(fields | {"null_source": [0.0]})).split("\n")
    assert len(lines) <= 9
    assert all(cell_len(line) <= 100 for line in lines)
    assert any("…" in line for line in lines)


# All writers


@pytest.mark.parametrize(
    ("form", "expected"),
    [("pharaoh", ""), ("tsv", "7\t\t\t\t"), ("text", "7: a.txt:3: wanted text, got none. To fix it: add it.")],
)
def test_a_failure_keeps_its_line(form: str, expected: str) -> None:
    assert registry.writers.load(form)(FAILURE) == expected


def test_a_failure_of_a_pair_is_an_empty_line() -> None:
    assert parallel.write(FAILURE) == ""
    assert parallel.write(TextPair(source="a", target="b")) == "a ||| b"


@quick
@given(evidences(), st.sampled_from(["pharaoh", "json", "tsv"]))
def test_a_record_is_one_line(evidence: Evidence, form: str) -> None:
    assert not set("\n\r") & set(evidence.render(form))


@pytest.mark.parametrize("form", ["parallel", "tsv", "jsonl"])
@quick
@given(pair=split_pairs)
def test_the_registered_readers_take_the_same_options(form: str, pair: TextPair) -> None:
    write = {"parallel": lambda p: parallel.write(p, separator="\t"), "tsv": tsv.write, "jsonl": jsonl.write}[form]
    row = write(pair)
    if form == "tsv":
        row = "\t".join(row.split("\t")[1:3])
    found = only(registry.readers.load(form)(stream(row), tokenized=True))
    assert [span.of(found.source) for span in found.source_spans] == pair.source.split()
