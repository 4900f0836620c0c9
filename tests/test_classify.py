"""Classification end to end with a tiny encoder: answers, abstentions, evidence, folders, files and the command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, ModelError, UnknownNameError
from latentalign.models.matcher.calibration import Calibration
from latentalign.tasks.classification.classifier_defaults import FURTHEST, PRIOR_TEXTS, with_default, zero_shot
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.held_out import split
from latentalign.tasks.classification.label_file import read_labels
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from latentalign.tasks.classification.train_classifier import ClassifierTraining, spoken
from latentalign.text.pairs import Failure
from latentalign.text.records import TextRecord
from latentalign.training.config import TrainingConfig
from latentalign.training.optimizer import AdamW
from tests.tiny_models import write

LABELS = {
    "pets": ["the cat sat", "a dog looked at the cat", "the dog sat on it"],
    "streets": ["die Straße ist schön", "schön ist die Straße", "im Café"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    return Classifier.load(LABELS, scorer={"model": str(folder), "device": "cpu"})


def test_a_text_of_the_examples_is_answered_with_its_words_as_evidence(classifier: Classifier) -> None:
    result = classifier.classify("the cat sat")
    assert result.label == "pets"
    assert result.evidence.source == result.evidence.target == "the cat sat"
    assert ("cat", "cat") in [(source, target) for source, target, _ in result.evidence.pairs()]
    assert len(result.carried) == len(result.evidence.source_spans)
    assert len(result.shares) == len(result.evidence.links)
    assert sum(result.shares) <= 1 + 1e-6
    assert sum(carried for _, carried in result.sentences) == pytest.approx(sum(result.carried))
    total = sum(one.probability for one in result.ranked) + result.nothing
    assert total == pytest.approx(1.0, abs=1e-5)
    assert classifier.calibration.fitted_on.startswith("6 of its own examples")


def test_it_abstains_exactly_where_nothing_is_more_probable_than_every_label(classifier: Classifier) -> None:
    never = replace(classifier, calibration=Calibration(null=1e4))
    result = never.classify("the cat sat")
    assert result.abstains
    assert result.label is None
    assert result.labels == ()
    assert result.nothing == pytest.approx(1.0)
    assert result.evidence.links
    always = replace(classifier, calibration=Calibration(null=-1e4))
    assert not always.classify("xyzzy 123").abstains


def test_several_labels_compete_with_null_alone(classifier: Classifier) -> None:
    both = replace(classifier, several=True, calibration=Calibration(null=-100.0))
    assert set(both.classify("the cat").labels) == {"pets", "streets"}
    neither = replace(classifier, several=True, calibration=Calibration(null=100.0))
    assert neither.classify("the cat").labels == ()


def test_the_chances_of_several_labels_are_fitted_to_all_that_is_right(classifier: Classifier) -> None:
    texts = ["the cat", "die Straße", "the cat die Straße", "0123"] * 5
    labels = ["pets", "streets", ("pets", "streets"), None] * 5
    fitted = classifier.calibrate(texts, labels).calibration
    values = classifier.values(texts)
    right = torch.tensor([[True, False], [False, True], [True, True], [False, False]] * 5)
    mean = fitted.each(values).mean()
    assert float(mean) == pytest.approx(float(right.float().mean()), abs=0.02)  # as logistic regression does
    with pytest.raises(InputError, match="one kind alone"):
        fitted.fit_each(values, torch.ones_like(right))


def test_a_bad_text_keeps_its_place_and_spoils_no_other(classifier: Classifier) -> None:
    record = TextRecord(text="die Straße", id="7")
    results = list(classifier.classify_many(["the cat sat", " ", record, "a\ud800b"]))
    assert [type(one).__name__ for one in results] == ["Classification", "Failure", "Classification", "Failure"]
    assert results[2].id == "7"
    assert "blank" in str(results[1].error)
    alone = classifier.classify("the cat sat")
    assert results[0].ranked[0].value == pytest.approx(alone.ranked[0].value, abs=1e-2)
    with pytest.raises(InputError, match="a blank one"):
        classifier.classify("")


def test_labels_change_without_training(classifier: Classifier) -> None:
    other = classifier.with_labels({"letters": "abc XYZ", **LABELS})
    assert other.labels == ("letters", "pets", "streets")
    values = other.values(["the cat sat"])
    assert_close(values[:, 1:], classifier.values(["the cat sat"]), atol=1e-2, rtol=1e-2)
    assert other.calibration is classifier.calibration


def test_a_folder_gives_the_same_classifier_again_and_a_changed_file_is_noticed(
    classifier: Classifier, tmp_path: Path
) -> None:
    place = classifier.save(tmp_path / "saved")
    classifier.save(place)  # takes the place of the old one
    again = Classifier.load(folder=place)
    assert again.calibration == classifier.calibration
    texts = ["the cat sat", "im Café", "0123"]
    assert_close(again.probabilities(texts), classifier.probabilities(texts))
    assert not list(tmp_path.glob(".*"))
    labels = place / "labels.jsonl"
    labels.write_text(labels.read_text(encoding="utf8").replace("cat", "cow"), encoding="utf8")
    with pytest.raises(ModelError, match=r"labels\.jsonl"):
        Classifier.load(folder=place)
    with pytest.raises(ModelError, match="the folder of a classifier"):
        Classifier.load(folder=tmp_path / "absent")


def test_training_fits_saves_and_answers(folder: Path, tmp_path: Path) -> None:
    rows = [(text, label) for label, texts in LABELS.items() for text in texts]
    training = TrainingConfig(epochs=3, optimizer=AdamW(learning_rate=5e-3), save_every=100, evaluate_every=100)
    settings = ClassifierTraining(training=training, held_out=0.34, names=True)
    settings = replace(settings, matcher=settings.matcher.with_model(folder))
    made = settings.fit(rows, out_of_scope=["0123456789", "ABC XYZ"], folder=tmp_path / "run")
    assert (tmp_path / "run" / "metrics.jsonl").exists()
    assert made.calibration.fitted_on == "6 texts held out and 2 out of scope"
    assert [len(one.texts) for one in made.memory.candidates] == [4, 4]  # with the name
    again = Classifier.load(folder=made.save(tmp_path / "saved"))
    assert_close(again.probabilities(["the cat"]), made.probabilities(["the cat"]))
    plain = replace(settings, fine_tune=False, names=False).fit(rows)
    assert torch.equal(plain.memory.counts, torch.tensor([3, 3]))


def test_the_held_out_share_is_of_each_label() -> None:
    rows = [(str(number), "many") for number in range(30)] + [("a", "few"), ("b", "few")]
    kept, aside = split(rows, share=0.1)
    assert [label for _, label in aside] == ["many"] * 3
    assert sorted(kept + aside) == sorted(rows)
    assert split(rows, share=0.0) == (rows, [])
    assert spoken("a_b") == "a b"
    assert spoken("__") == "__"


FILES = {
    "labels.toml": 'pets = ["the cat", "the dog"]\nstreets = "die Straße"\n',
    "labels.json": '{"pets": ["the cat", "the dog"], "streets": "die Straße"}',
    "labels.csv": "text,label\nthe cat,pets\nthe dog,pets\ndie Straße,streets\n",
    "labels.jsonl": '{"text": "the cat", "label": "pets"}\n{"text": "the dog", "label": "pets"}\n'
    '{"text": "die Straße", "label": "streets"}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_labels_are_read_from_every_form(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf8")
    found = read_labels(path)
    assert found["pets"] == ["the cat", "the dog"]
    assert found["streets"] in ("die Straße", ["die Straße"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", "x = 1\n", "a description, or a list"),
        ("a.toml", "x =", "a TOML file"),
        ("a.json", "[]", "a table such as"),
        ("a.csv", "words,label\nx,y\n", "KeyError"),
        ("a.jsonl", "{", "a.jsonl:1: wanted a JSON object"),
        ("absent.toml", None, "a file of labels"),
        ("absent.csv", None, "absent.csv: wanted a file that can be read"),
    ],
)
def test_a_file_that_holds_no_labels_is_refused(name: str, content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf8")
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / name)


def test_few_texts_of_each_label_are_drawn_by_the_seed(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"text": f"t{n}", "label": f"l{n % 2}"}) + "\n" for n in range(20))
    (tmp_path / "a.jsonl").write_text(rows, encoding="utf8")
    drawn = [LabelledTexts(file="a.jsonl", per_label=3, seed=seed).read(tmp_path) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert sorted(label for _, label in drawn[0]) == ["l0"] * 3 + ["l1"] * 3


@pytest.fixture
def command(folder: Path, tmp_path: Path) -> list[str]:
    (tmp_path / "labels.json").write_text(json.dumps(LABELS), encoding="utf8")
    return ["--labels", str(tmp_path / "labels.json"), "--set", f'scorer.model="{folder}"']


def test_the_command_answers_in_order_with_errors_in_their_place(command: list[str], tmp_path: Path, capsys) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("the cat sat\n\ndie Straße\n", encoding="utf8")
    assert main(["classify", str(texts), *command, "--json"]) == 3
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [row.get("text") for row in rows] == ["the cat sat", None, "die Straße"]
    assert rows[1]["error"]["where"] == f"{texts}:2"
    assert rows[0]["label"] == "pets"
    assert ":2: wanted a text with a word" in captured.err
    assert main(["classify", str(texts), *command, "--on-error", "skip"]) == 3
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["classify", str(texts), *command, "--on-error", "fail"]) == 1


def test_the_command_takes_texts_and_json_lines(command: list[str], tmp_path: Path, capsys) -> None:
    assert main(["classify", "the cat sat", "die Straße", *command, "--top", "1"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("pets\n")
    assert "cat -> cat" in shown
    lines = tmp_path / "in.jsonl"
    lines.write_text('{"id": 3, "said": "the cat sat"}\n{"id": 4, "text": "x"}\n', encoding="utf8")
    assert main(["classify", str(lines), *command, "--column", "said", "--json"]) == 3
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], "error" in row) for row in rows] == [("3", False), ("4", True)]


def test_a_wrong_command_says_what_to_do(command: list[str], tmp_path: Path, capsys) -> None:
    assert main(["classify", "x"]) == 1
    assert '-l "refund=wants the money back"' in capsys.readouterr().err
    assert main(["classify", "x", "--label", "refund"]) == 1
    assert "name=description" in capsys.readouterr().err
    assert main(["classify", "x", *command, "--set", "aligend=3"]) == 1
    assert "did you mean 'aligned'" in capsys.readouterr().err
    assert main(["classify", "x", "--model", str(tmp_path), "--set", "aligned=3"]) == 1
    assert main(["classify"]) == 2
    with pytest.raises(UnknownNameError, match="aligned"):
        Classifier.load(LABELS, aligend=3)


def test_a_failure_that_comes_in_goes_out(classifier: Classifier) -> None:
    failure = Failure(error=InputError(wanted="a", came="b"))
    assert list(classifier.classify_many([failure])) == [failure]


def test_a_few_examples_that_do_not_explain_each_other_leave_the_default_standing() -> None:
    """The name of an intent and its description are examples of it, and may have nothing in common."""
    labels = {
        "FindThing": ["find thing", "search for hotels by city and stars"],
        "BookIt": ["book it", "reserve a room"],
    }
    made = Classifier.load(labels)
    share = 4 / (4 + PRIOR_TEXTS)
    assert abs(made.calibration.null - zero_shot(2).null) <= share * FURTHEST + 1e-6
    wild = Calibration(null=200.0, temperature=50.0, slope=1e-3, floor=0.2, fitted_on="x")
    drawn = with_default(wild, texts=4, labels=2)
    assert drawn.null == pytest.approx(zero_shot(2).null + share * FURTHEST)
    assert drawn.temperature == pytest.approx(zero_shot(2).temperature * FURTHEST**share)
    assert drawn.slope == pytest.approx(zero_shot(2).slope * FURTHEST**-share)
    assert drawn.floor == 0.2
