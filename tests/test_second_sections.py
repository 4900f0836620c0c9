"""Structured abstracts: what their headings say of sentences, and what is lost on them, by hand."""

import json
from pathlib import Path

import pytest
import torch

from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.evaluation.sections.bench import AS_IT_IS, SentenceAnswers
from latentalign.evaluation.sections.second_sections import SecondDocuments, SecondSections
from latentalign.tasks.sections.labelled_documents import Labelled
from latentalign.tasks.sections.structured_abstracts import StructuredAbstract, StructuredAbstracts
from latentalign.text.split_texts import SplitText
from tests.test_sections import SETTINGS, data, folder  # noqa: F401 - fixtures

HEADINGS = {"AIM": "aim", "MAIN RESULTS": "end"}
STRUCTURED = """A cat: on the mat.
 Cats sit.
 AIM: We ask: where
 does it sit?
 It may stand.
 SETTING & TIME:
 A house.
 MAIN RESULTS: DNA was found.
 Note: S.
 mitis was not.
"""
PLAIN = "The title.\n AIM: only one heading.\n A sentence.\n"


def written(place: Path, *texts: object) -> Path:
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    (place / "abstracts.jsonl").write_text(lines, encoding="utf8")
    return place


def abstracts(**settings: object) -> StructuredAbstracts:
    return StructuredAbstracts(**{"file": "abstracts.jsonl", "headings": HEADINGS, **settings})


def test_a_heading_holds_until_the_next_one_and_is_taken_out(tmp_path: Path) -> None:
    (found,) = abstracts().read(written(tmp_path, STRUCTURED, PLAIN))
    assert list(zip(found.document.strings, found.headings, found.labels, strict=True)) == [
        ("Cats sit.", None, None),
        ("We ask: where does it sit?", "AIM", "aim"),
        ("It may stand.", "AIM", "aim"),
        ("A house.", "SETTING & TIME", None),
        ("DNA was found.", "MAIN RESULTS", "end"),
        ("Note: S. mitis was not.", "MAIN RESULTS", "end"),
    ]


def test_how_many_headings_and_whether_there_is_a_title_can_be_said(tmp_path: Path) -> None:
    written(tmp_path, STRUCTURED, PLAIN)
    assert [len(one.labels) for one in abstracts(at_least=1).read(tmp_path)] == [6, 2]
    assert [one.document.strings[0] for one in abstracts(title=False).read(tmp_path)] == ["A cat: on the mat."]
    written(tmp_path, "AIM: We ask.\n\n ZIEL DER ÜBUNG: Ü.\n IgG: no heading.\n 3 A: nor here.\n AIM:none\n")
    (found,) = abstracts(title=False, headings={"ZIEL DER ÜBUNG": "aim"}).read(tmp_path)
    assert found.labels == (None, "aim", "aim", "aim", "aim")
    assert found.document.strings[2:] == ("IgG: no heading.", "3 A: nor here.", "AIM:none")


@pytest.mark.parametrize(
    ("texts", "settings", "message"),
    [
        ([PLAIN], {}, "structured abstracts, 2 lines or more .* got none among 1 texts"),
        ([STRUCTURED, 7], {}, r"abstracts\.jsonl:2: wanted a string under 'text', got 7"),
        ([STRUCTURED], {"text": "abstract"}, "a string under 'abstract', got None"),
        (["T.\n AIM:\n END:\n"], {}, "a document with sentences"),
        ([STRUCTURED], {"file": "absent.jsonl"}, "a file that can be read"),
    ],
)
def test_a_file_without_structured_abstracts_is_refused(
    tmp_path: Path, texts: list, settings: dict, message: str
) -> None:
    written(tmp_path, *texts)
    with pytest.raises(InputError, match=message):
        abstracts(**settings).read(tmp_path)


@pytest.mark.parametrize("settings", [{"headings": {}}, {"at_least": 0}])
def test_settings_that_find_nothing_are_refused(settings: dict) -> None:
    with pytest.raises(InputError, match="headings with a section each"):
        abstracts(**settings)


@pytest.mark.parametrize(
    ("headings", "message"),
    [
        ({"AIM": "aim", "AIMS": "aim"}, "headings of the second set, got 'AIMS'"),
        ({"AIM": "goal"}, "sections of the first set, got 'goal'"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(tmp_path: Path, headings: dict, message: str) -> None:
    written(tmp_path, STRUCTURED)
    second = SecondSections(name="theirs", abstracts=abstracts(headings=headings))
    with pytest.raises(InputError, match=f"second set theirs: wanted {message}"):
        second.read(tmp_path, known=("aim", "end"))


FIRST = [
    Labelled(SplitText.of_sentences(["a", "b", "c"]), ("aim", "other", "end")),
    Labelled(SplitText.of_sentences(["d"]), ("end",)),
]
NAMES = ("aim", "other", "end")


def answers(chosen: list[str], turned: list[bool] | None = None) -> SentenceAnswers:
    given = torch.nn.functional.one_hot(torch.tensor([NAMES.index(one) for one in chosen]), 3).float()
    away = None if turned is None else torch.tensor(turned)
    return SentenceAnswers(names=NAMES, given=given, fits=torch.ones(len(chosen)), turned=away)


def second() -> SecondDocuments:
    def one(*labels: str | None) -> StructuredAbstract:
        return StructuredAbstract(SplitText.of_sentences(["x"] * len(labels)), ("H",) * len(labels), labels)

    return SecondDocuments(name="theirs", rows=[one("aim", None, "end"), one("end"), one(None)])


def test_the_figures_are_those_counted_by_hand() -> None:
    theirs = second()
    assert theirs.counts(FIRST) == (
        "theirs: 3 documents with 3 sentences (aim 1, end 2) against 3 sentences (aim 1, end 2) of the first set; 2 "
        "below other headings or none, read with the others and not counted"
    )
    runs = [
        {
            AS_IT_IS: answers(["aim", "aim", "end", "end"], [False, True, False, False]),
            theirs.version: answers(["aim", "aim", "aim", "end", "end"], [True, True, False, False, True]),
        },
        {
            AS_IT_IS: answers(["aim", "aim", "end", "other"], [False, True, True, False]),
            theirs.version: answers(["other", "end", "aim", "end", "end"], [False] * 5),
        },
    ]
    row = theirs.row(FIRST, runs)
    assert row["accuracy, first set"] == pytest.approx(5 / 6)  # the sentence of `other` is not looked at
    assert row["accuracy, second set"] == pytest.approx(3 / 6)
    assert row["95%"] == "0.250 to 1.000"  # all resamples are of the one document (1 of 4 right) and the other (2 of 2)
    assert row["lost"] == pytest.approx(33.33)
    assert row["each section, first set"] == "aim 100.0, end 75.0"
    assert row["each section, second set"] == "aim 50.0, end 50.0"
    assert row["balanced, first set"] == pytest.approx((1 + 3 / 4) / 2)
    assert row["balanced, second set"] == pytest.approx(1 / 2)
    assert row["lost, balanced"] == pytest.approx(37.5)
    assert row["turned away, first set"] == pytest.approx(1 / 6)
    assert row["turned away, second set"] == pytest.approx(1 / 6)


def test_a_system_that_answers_each_time_turns_nothing_away_and_no_shared_section_is_an_error() -> None:
    theirs = second()
    run = {AS_IT_IS: answers(["end"]), theirs.version: answers(["aim", "aim", "end", "end", "end"])}
    row = theirs.row(FIRST[1:], [run])
    assert row["accuracy, second set"] == 1.0
    assert row["turned away, first set"] == row["turned away, second set"] == "–"
    with pytest.raises(InputError, match="test sentences of the sections of both sets"):
        theirs.row([Labelled(SplitText.of_sentences(["a"]), ("other",))], [run])


def test_a_recipe_tells_what_every_system_loses(data: Path, folder: Path, capsys) -> None:  # noqa: F811 - fixtures
    written(data, "The cat\n AIM: the cat sat\n a dog sat\n A dog sat\n MAIN RESULTS: the mat\n", PLAIN)
    recipe = data / "recipe.toml"
    recipe.write_text(
        'evaluation = "sections"\ntrain = { file = "train.jsonl" }\ntest = { file = "test.jsonl" }\nseeds = [0, 1]\n'
        f'deletions = 0\nperturbations = []\n{SETTINGS.format(folder)}[[second]]\nname = "theirs"\n[second.abstracts]\n'
        'file = "abstracts.jsonl"\n[second.abstracts.headings]\nAIM = "aim"\n"MAIN RESULTS" = "end"\n',
        encoding="utf8",
    )
    settings = ["--set", 'families=[{name="chain"}]']
    assert main(["evaluate", str(recipe), "--data", str(data), "--json", *settings]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in rows if row.get("second set") == "theirs"] == [row["system"] for row in rows[:3]]
    assert [row["system"] for row in rows[3:]] == [
        "TF-IDF + SVM, single sentences",
        "ours, chain",
        "ours, chain, the order left out",
    ]
    assert all(0 <= row["accuracy, second set"] <= 1 for row in rows[3:])
    assert [isinstance(row["turned away, second set"], float) for row in rows[3:]] == [False, True, True]
