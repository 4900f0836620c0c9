"""A second test set: which of its texts count, and what a system loses on them, by hand."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.evaluation.classification.second_set import SecondSet
from latentalign.evaluation.report import Report
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from tests.test_classification_evaluation import RECIPE, data  # noqa: F401 - a fixture
from tests.tiny_models import write

THEIRS = [
    ("rain tomorrow?", "weather_query"),
    ("sun", "weather_query"),
    ("noise", "play"),
    ("mail", "email"),
    ("x", "odd"),
]
FIRST = [("is it raining", "weather"), ("a song", "music"), ("wake me", "alarm")]
NAMES = ("alarm", "music", "weather")


def second(folder: Path, **settings: object) -> SecondSet:
    rows = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in THEIRS)
    (folder / "second.jsonl").write_text(rows, encoding="utf8")
    made = {"labels": {"weather_query": "weather", "play": "music"}, "outside": ("email",), **settings}
    return SecondSet(name="theirs", texts=LabelledTexts(file="second.jsonl"), **made)


def probabilities(texts: list[str]) -> Tensor:
    """Rain is weather, `sun` is taken for music, noise is nothing, and the rest is an alarm, rather sure."""
    rows = {
        "rain tomorrow?": [0.1, 0.1, 0.6, 0.2],
        "sun": [0.2, 0.5, 0.2, 0.1],
        "noise": [0.1, 0.3, 0.1, 0.5],
        "mail": [0.1, 0.1, 0.1, 0.7],
        "is it raining": [0.0, 0.0, 1.0, 0.0],
        "a song": [0.0, 1.0, 0.0, 0.0],
    }
    return torch.tensor([rows[text] for text in texts])


def test_only_texts_whose_label_is_mapped_are_compared(tmp_path: Path) -> None:
    found = second(tmp_path).read(tmp_path, known=NAMES)
    assert found.rows == [("rain tomorrow?", "weather"), ("sun", "weather"), ("noise", "music")]
    assert found.outside == ["mail"]
    assert found.shared(FIRST) == FIRST[:2]
    assert found.counts(FIRST) == "theirs: 3 texts of 2 labels against 2 of the first set, 1 out of scope, 1 left out"


def test_the_figures_by_hand(tmp_path: Path) -> None:
    row = second(tmp_path).read(tmp_path, known=NAMES).row(FIRST, names=NAMES, probabilities=probabilities)
    assert row["accuracy, first set"] == 1.0
    assert row["accuracy, second set"] == pytest.approx(2 / 3)
    assert row["lost"] == pytest.approx(33.33)
    assert row["turned away, first set"] == 0.0
    assert row["turned away, second set"] == pytest.approx(1 / 3)
    assert row["AUROC"] == 1.0
    alone = second(tmp_path, outside=()).read(tmp_path, known=NAMES)
    assert alone.row(FIRST, names=NAMES, probabilities=probabilities)["AUROC"] == "–"
    with pytest.raises(InputError, match="test texts of the labels of both sets"):
        alone.row(FIRST[2:], names=NAMES, probabilities=probabilities)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": {}}, "labels that mean the same in both sets, got none"),
        ({"labels": {"wether": "weather"}}, "labels of the second set, got 'wether'"),
        ({"labels": {"play": "musik"}}, "labels of the first set, got 'musik'"),
        ({"outside": ("emails",)}, "labels of the second set, got 'emails'"),
        ({"outside": ("play",)}, "either mapped or outside, got 'play'"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(tmp_path: Path, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        second(tmp_path, **settings).read(tmp_path, known=NAMES)


def test_a_further_table_is_printed_below() -> None:
    report = Report(title="A", rows=[{"x": 1}], notes=["n"], further=[Report(title="B", rows=[{"y": 2}])])
    assert report.to_markdown() == "### A\n\n| x |\n|---|\n| 1 |\n\n- n\n\n### B\n\n| y |\n|---|\n| 2 |\n"
    assert [json.loads(line) for line in report.to_json_lines().splitlines()] == [
        {"title": "A", "x": 1},
        {"title": "B", "y": 2},
    ]


def test_a_recipe_tells_what_every_system_loses(data: Path, capsys) -> None:  # noqa: F811 - the fixture
    rows = [("the cat looked at it", "animals"), ("schön im Café", "places"), ("0123", "numbers")]
    lines = "".join(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n" for text, label in rows)
    (data / "second.jsonl").write_text(lines, encoding="utf8")
    recipe = data / "recipe.toml"
    text = RECIPE.format(model=write(data / "bert", "bert")).replace('heads = ["frozen", "fine-tuned"]', "")
    recipe.write_text(
        f'{text}\n[[second]]\nname = "theirs"\ntexts = {{ file = "second.jsonl" }}\noutside = ["numbers"]\n'
        '[second.labels]\nanimals = "pets"\nplaces = "streets"\n',
        encoding="utf8",
    )
    (data / "index.sense").write_text("cat%1:05:00:: 1 1 9\nfeline%1:05:00:: 1 1 2\n", encoding="utf8")
    settings = ["--set", "perturbations=[]", "--set", "synonyms=index.sense"]
    assert main(["evaluate", str(recipe), "--data", str(data), "--json", *settings]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in found if row.get("second set") == "theirs"] == [
        "TF-IDF + SVM",
        "logistic head, frozen",
        "ours",
    ]
    assert all("synonyms" in row for row in found if "second set" not in row)
    assert all(0 <= row["turned away, second set"] <= 1 for row in found if "second set" in row)
