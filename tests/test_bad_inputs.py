"""Forty bad inputs, each beside what it should be answered with: a message that helps, an exit status, no traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from latentalign.cli.main import main

LEXICAL = [
    "--set",
    'potentials=[{name="lexical", weight=4.0}, {name="null", weight=1.0, bias=2.0}]',
    "--device",
    "cpu",
]
GOOD = "the cat sat\tthe cat sat\n"


def stream(content: bytes) -> Callable[[Path, pytest.MonkeyPatch], list[str]]:
    """A case that reads pairs from stdin."""

    def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        return ["align", "-", *LEXICAL]

    return prepare


def file(name: str, content: bytes, *options: str) -> Callable[[Path, pytest.MonkeyPatch], list[str]]:
    """A case that reads pairs from one file."""

    def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        (folder / name).write_bytes(content)
        return ["align", str(folder / name), *LEXICAL, *options]

    return prepare


def files(left: bytes, right: bytes, *options: str) -> Callable[[Path, pytest.MonkeyPatch], list[str]]:
    """A case that reads two files."""

    def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        (folder / "a.txt").write_bytes(left)
        (folder / "b.txt").write_bytes(right)
        return ["align", str(folder / "a.txt"), str(folder / "b.txt"), *LEXICAL, *options]

    return prepare


def texts(*arguments: str) -> Callable[[Path, pytest.MonkeyPatch], list[str]]:
    """A case on the command line alone."""
    return lambda folder, monkeypatch: ["align", *arguments, *LEXICAL]


def command(*arguments: str) -> Callable[[Path, pytest.MonkeyPatch], list[str]]:
    """A case with no options added."""
    return lambda folder, monkeypatch: [argument.replace("FOLDER", str(folder)) for argument in arguments]


# name: (what to run, exit status, what the message has to say)
CASES = {
    "an empty text": (texts("", "the cat"), 1, "at least one word"),
    "blanks only": (texts("the cat", " \t \u3000 "), 1, "at least one word"),
    "one text only": (texts("the cat"), 1, "a second text"),
    "no text at all": (command("align"), 2, "'source'"),
    "NUL inside": (texts("the\0cat", "the cat"), 0, ""),
    "NUL only": (texts("\0", "the cat"), 1, "at least one word"),
    "a lone surrogate": (texts("the \ud800 cat", "the cat"), 1, "surrogate"),
    "a million characters": (texts("cat " * 250_000, "cat " * 250_000), 1, "sentence"),
    "a word of a million characters": (texts("c" * 1_000_000, "the cat"), 0, ""),
    "right to left": (texts("القط جلس", "החתול ישב"), 0, ""),
    "emoji sequences": (texts("👩‍👩‍👧‍👦 🏳️‍🌈 cat", "cat 👩‍👩‍👧‍👦"), 0, ""),
    "combining marks only": (texts("\u0301\u0302", "e\u0301"), 0, ""),
    "bidi overrides": (texts("cat \u202e dog \u202c", "cat"), 0, ""),
    "two files that are not there": (command("align", "nosuch.txt", "other.txt"), 1, "a file that exists, or a text"),
    "a text and a file": (command("align", __file__, "the cat"), 1, "two files or two texts"),
    "a file that is absent": (command("align", "absent.txt"), 1, "a second text"),
    "a folder as a file": (command("align", "FOLDER", "FOLDER"), 1, "directory"),
    "an empty file": (file("a.tsv", b""), 1, "empty"),
    "more lines on the left": (files(b"a\nb\nc\n", b"a\nb\n"), 1, "3"),
    "more lines on the right": (files(b"a\n", b"a\nb\n"), 1, "2"),
    "a blank line on one side": (files(b"a\n\nc\n", b"a\nb\nc\n"), 1, "a.txt:2"),
    "a blank line, skipped": (files(b"a\n\nc\n", b"a\nb\nc\n", "--on-error", "skip"), 3, "a.txt:2"),
    "a blank line, kept as null": (files(b"a\n\nc\n", b"a\nb\nc\n", "--on-error", "null"), 3, "a.txt:2"),
    "bytes that are not UTF-8": (files(b"caf\xe9\n", b"caf\n"), 1, "a.txt:1"),
    "UTF-16": (files("the cat\n".encode("utf-16"), b"the cat\nsat"), 1, "UTF-8"),
    "a line with three columns": (stream(b"a\tb\tc\n"), 1, "3"),
    "a line with one column": (stream(b"just one\n"), 1, ":1"),
    "stdin that is empty": (stream(b""), 1, "empty"),
    "JSON lines that are broken": (file("a.jsonl", b'{"source": "a", "target": \n'), 1, "a.jsonl:1"),
    "JSON that is a list": (file("a.jsonl", b'["a", "b"]\n'), 1, "a.jsonl:1"),
    "JSON without a target": (file("a.jsonl", b'{"source": "a"}\n'), 1, "target"),
    "JSON with a number for a text": (file("a.jsonl", b'{"source": 1, "target": "a"}\n'), 1, "a.jsonl:1"),
    "JSON with an empty word": (file("a.jsonl", b'{"source": ["a", ""], "target": ["a"]}\n'), 1, "a.jsonl:1"),
    "a second bad line of JSON": (
        file("a.jsonl", b'{"source": "a", "target": "a"}\nnonsense\n', "--on-error", "null", "--json"),
        3,
        "a.jsonl:2",
    ),
    "a table without the columns": (file("a.tsv", b"source\tlabel\na\tb\n"), 1, "target"),
    "an unknown family": (texts("a", "a", "--family", "makrov"), 1, "markov"),
    "an unknown setting": (texts("a", "a", "--set", "famly.temperature=1"), 1, "family"),
    "an unknown setting of a family": (texts("a", "a", "--set", "family.temprature=1"), 1, "temperature"),
    "a setting without a value": (texts("a", "a", "--set", "threshold"), 1, "key=value"),
    "a threshold above 1": (texts("a", "a", "--threshold", "1.5"), 2, "threshold"),
    "an unknown format": (texts("a", "a", "--format", "docx"), 2, "docx"),
    "an unknown command": (command("aling", "a", "b"), 2, "align"),
    "an unknown option": (texts("a", "a", "--treshold", "0.5"), 2, "--threshold"),
    "a temperature of 0": (texts("a", "a", "--family", "independent", "--set", "family.temperature=0"), 1, "positive"),
    "a model that is absent": (command("align", "a", "b", "--model", "FOLDER/none"), 1, "none"),
    "a device that is absent": (command("align", "a", "b", "--device", "quantum"), 1, "quantum"),
    "an output folder that is absent": (texts("a", "a", "--output", "/nowhere/at/all.txt"), 1, "/nowhere/at"),
    "a view of no alignments": (command("view", __file__), 1, "JSON"),
    "a recipe that is absent": (command("evaluate", "FOLDER/none.toml", "--data", "FOLDER"), 1, "none.toml"),
    "a data folder that is empty": (command("evaluate", "recipes/sts.toml", "--data", "FOLDER"), 1, "--data"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_answered_without_a_traceback(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare, status, message = CASES[name]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(prepare(tmp_path, monkeypatch)) == status
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert "fault of latentalign" not in err
    assert message in err
    assert bool(err) == bool(status)


def test_one_bad_record_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"source": "the cat sat", "target": "the cat sat"}
    lines = [json.dumps({**good, "id": "a"}), "{broken", json.dumps({**good, "id": "c"})]
    prepare = file("a.jsonl", "\n".join(lines).encode(), "--json", "--on-error", "null")
    assert main(prepare(tmp_path, monkeypatch)) == 3
    first, second, third = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["links"] == third["links"] != []
    assert "error" in second and "error" not in first


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(GOOD * 20_000, encoding="utf-8")
    program = [sys.executable, "-m", "latentalign", "align", str(tmp_path / "a.tsv"), *LEXICAL]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"0-0 1-1 2-2\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_there_are_forty_of_them() -> None:
    assert len(CASES) >= 40
