"""The commands on translations: what they print, where failures go, and their exit status."""

import io
import json
import sys
from pathlib import Path

import pytest

from latentalign.cli.main import main
from latentalign.formats import tmx, xliff

CONLLU = "# sent_id = s1\n1\tthe\t_\tDET\t_\t_\t2\tdet\t_\t_\n2\tcat\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "a.txt": "the <b>black</b> cat\n<i>yes\n<br/>no\n",
        "b.txt": "le chat noir\noui\nnon < 1\n",
        "plain.txt": "the black cat paid 5 euros\nyes\n",
        "translated.txt": "le chat noir a payé 6 euros\noui\n",
        "l.txt": "0-0 1-2 2-1\n0-0\n0-0\n",
        "two.txt": "0-0 1-2 2-1 3-4 4-5 5-6\n0-0\n",
        "short.txt": "0-0\n",
        "ones.txt": "0-0\n" * 3,
        "a.conllu": CONLLU + "1\tx\n\n",
        "a.bio": "the O\ncat B-X\n\nyes O\n",
        "c.txt": "le chat\noui\n",
    }.items():
        (tmp_path / name).write_text(content, encoding="utf8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


def test_markup_of_two_texts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "transfer", "markup", "a <b>cat</b>", "un chat", "--links", "l.txt")[0] == 1  # too many lines
    (folder / "one.txt").write_text("0-0 1-1\n", encoding="utf8")
    given = ("transfer", "markup", "a <b>cat</b>", "un chat", "--links", "one.txt")
    assert run(capsys, *given) == (0, "un <b>chat</b>\n", "")
    (folder / "one.txt").write_text("1-1 2-2\n", encoding="utf8")
    assert run(capsys, *given, "--base", "1") == (0, "un <b>chat</b>\n", "")


def test_markup_of_files_under_each_policy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("transfer", "markup", "a.txt", "b.txt", "--links", "l.txt", "--tokenized")
    first, last = "le chat <b>noir</b>\n", "<br/>non &lt; 1\n"
    status, out, err = run(capsys, *given)
    assert (status, out) == (1, first)
    assert "a.txt:2" in err
    status, out, err = run(capsys, *given, "--on-error", "skip")
    assert (status, out, err.count("\n")) == (3, first + last, 1)
    status, out, _ = run(capsys, *given, "--on-error", "null")
    assert (status, out) == (3, first + "\n" + last)
    status, out, _ = run(capsys, *given, "--on-error", "null", "--json")
    one, two, three = (json.loads(line) for line in out.splitlines())
    assert (one["markup"], three["markup"]) == (first.strip(), last.strip())
    assert one["tags"][0]["target"] == [8, 12]
    assert one["evidence"]["links"][2]["target"] == "chat"
    assert "a.txt:2" in two["error"]["where"]


def test_an_uncertain_tag_is_told_on_stderr(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("transfer", "markup", "a <b>cat</b>", "un chat", "--links", "short.txt")
    status, out, err = run(capsys, *given)
    assert (status, out) == (0, "un <b>chat</b>\n")
    assert "1 uncertain tag;" in err
    assert json.loads(run(capsys, *given, "--json")[1])["uncertain"] == [0]


@pytest.mark.parametrize(("form", "read"), [("tmx", tmx.read), ("xliff", xliff.read)])
def test_markup_from_file_to_file(form: str, read, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write = {"tmx": tmx.write_file, "xliff": xliff.write_file}[form]
    from latentalign.text.pairs import TextPair

    pair = TextPair(source='a <g id="1">cat</g>', target="un &lt;chat", id="7")
    (folder / f"in.{form}").write_text("".join(write([pair], markup=True)), encoding="utf8")
    (folder / "one.txt").write_text("0-0 1-2\n", encoding="utf8")
    given = ("transfer", "markup", f"in.{form}", "--links", "one.txt", "--format", form, "-o", f"out.{form}")
    assert run(capsys, *given, "--source-language", "und", "--target-language", "und") == (0, "", "")
    (result,) = read(f"out.{form}", markup="both")
    assert (result.source, result.target) == (pair.source, 'un &lt;<g id="1">chat</g>')
    assert result.id == "7"


def test_labels_of_conllu_and_bio(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "links.txt").write_text("0-0 1-1\n0-0\n", encoding="utf8")
    given = ("transfer", "labels", "a.conllu", "c.txt", "--links", "links.txt", "--on-error", "null")
    status, out, err = run(capsys, *given)
    assert status == 3
    assert "2\tchat\t_\tNOUN\t_\t_\t_\t_\t_\tConfidence=1.00\n" in out
    assert "a.conllu:5" in err
    status, out, err = run(capsys, "transfer", "labels", "a.bio", "c.txt", "--links", "links.txt")
    assert (status, out, err) == (0, "le\tO\nchat\tB-X\n\noui\tO\n\n", "")
    lines = run(capsys, "transfer", "labels", "a.bio", "c.txt", "--links", "links.txt", "--json")[1].splitlines()
    assert json.loads(lines[0])["spans"] == [{"label": "X", "source": [1, 2], "target": [1, 2], "confidence": 1.0}]
    status, _, err = run(capsys, "transfer", "labels", "a.bio", "a.txt", "--links", "ones.txt")
    assert (status, "2 in a.bio" in err) == (1, True)
    status, _, err = run(capsys, *given[:-2], "--column", "pos")
    assert (status, "'pos'" in err) == (1, True)


def test_a_lexicon_as_table_and_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("lexicon", "plain.txt", "translated.txt", "--links", "two.txt")
    status, out, err = run(capsys, *given)
    assert (status, err) == (0, "")
    header, *rows = (line.split("\t") for line in out.splitlines())
    assert header[:3] == ["source", "target", "p(target|source)"]
    assert ["cat", "chat", "1", "1", "1", "1", "the black cat paid 5 euros", "le chat noir a payé 6 euros"] in rows
    entries = [json.loads(line) for line in run(capsys, *given, "--json")[1].splitlines()]
    assert [(entry["source"], entry["target"]) for entry in entries] == [(row[0], row[1]) for row in rows]
    assert entries[0]["evidence"][0]["id"] == "1"
    assert run(capsys, *given, "--least-count", "2")[1].count("\n") == 1
    assert run(capsys, "lexicon", "plain.txt", "translated.txt", "--links", "short.txt")[0] == 1


def test_a_check_as_lines_and_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("check", "plain.txt", "translated.txt", "--links", "two.txt")
    assert run(capsys, *given) == (0, "1\tnumber changed\t'5' became '6'\n", "")
    first, second = (json.loads(line) for line in run(capsys, *given, "--json")[1].splitlines())
    assert first["issues"][0]["source"] == [19, 20]
    assert (second["issues"], second["abstained"]) == ([], None)
    assert run(capsys, *given, "--importance", "frequency")[0] == 0
    (folder / "none.txt").write_text("\n0-0\n", encoding="utf8")
    assert "1\tnot judged\tonly 0%" in run(capsys, *given[:-1], "none.txt")[1]
    assert run(capsys, "check", "-", "--importance", "frequency")[0] == 1


def test_pairs_come_from_stdin(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"5 cats\t6 chats\n"), encoding="utf-8"))
    (folder / "one.txt").write_text("0-0 1-1\n", encoding="utf8")
    assert run(capsys, "check", "-", "--links", "one.txt")[1] == "1\tnumber changed\t'5' became '6'\n"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["transfer"], 2, ""),
        (["transfer", "markup", "a"], 1, "a second text"),
        (["transfer", "markup", "a", "b", "--links", "absent.txt"], 1, "absent.txt"),
        (["transfer", "markup", "a", "b", "--links", "short.txt", "--format", "docx"], 2, "docx"),
        (["transfer", "markup", "a", "b", "--links", "short.txt", "--threshold", "2"], 2, "threshold"),
        (["transfer", "labels", "absent.bio", "c.txt", "--links", "l.txt"], 1, "absent.bio"),
        (["lexicon", "a.txt", "c.txt", "--links", "ones.txt"], 1, "same number of lines"),
        (["lexicon", "plain.txt", "translated.txt", "--links", "a.txt"], 1, "a.txt:1"),
        (["check", "", "a", "--links", "short.txt"], 1, "at least one word"),
        (["check", "a", "b", "--links", "short.txt", "--threshold", "-1"], 2, "threshold"),
    ],
)
def test_bad_use_is_answered_without_a_traceback(
    arguments: list[str], status: int, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = run(capsys, *arguments)
    assert found == status
    assert told in out + err
