"""The evaluation of classification: perturbations, the deletion test, baselines, and a whole run of a recipe."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latentalign.cli.main import main
from latentalign.errors import InputError, UnknownNameError
from latentalign.evaluation.baselines import FineTunedHead, TfidfSvm
from latentalign.evaluation.calibrated_system import fitted
from latentalign.evaluation.deletion_test import deletion_test, removals, without
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.probability_figures import ProbabilityFigures
from latentalign.models.matcher.calibration import Calibration
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.tasks.classification.classify import Classifier
from latentalign.text.spans import Span
from latentalign.training.config import TrainingConfig
from latentalign.training.optimizer import AdamW
from tests.tiny_models import write

LABELS = {
    "pets": ["the cat sat", "a dog looked at the cat", "the dog sat on it", "the cat and the dog"],
    "streets": ["die Straße ist schön", "schön ist die Straße", "im Café", "die Straße im Café"],
}
RECIPE = """
evaluation = "classification"
train = {{ file = "train.jsonl" }}
test = {{ file = "test.jsonl" }}
outside_test = {{ file = "outside.jsonl" }}
heads = ["frozen", "fine-tuned"]
deletions = 4
[settings]
held_out = 0.25
[settings.matcher.scorer]
model = "{model}"
[settings.training]
epochs = 1
save_every = 100
[settings.training.optimizer]
learning_rate = 1e-3
"""


@given(st.text(max_size=40), st.sampled_from(sorted(PERTURBATIONS)), st.integers(0, 3))
def test_a_perturbation_depends_on_the_seed_alone_and_leaves_words(text: str, name: str, seed: int) -> None:
    first = PERTURBATIONS[name](text, Random(seed))
    assert first == PERTURBATIONS[name](text, Random(seed))
    assert bool(first.strip()) == bool(text.strip())


def test_each_perturbation_does_what_its_name_says() -> None:
    text = "where can i renew my passport, please?"
    ways = Perturbations.of(tuple(PERTURBATIONS), Path())
    assert sorted(ways.changed([text], "word order")[0].split()) == sorted(text.split())
    with pytest.raises(UnknownNameError, match="did you mean 'typos'"):
        Perturbations.of(("tipos",), Path())
    assert ways.changed([text], "casing")[0].lower() == text
    assert ways.changed([text], "punctuation")[0] == "where can i renew my passport please"
    assert ways.changed([text], "typos")[0] != text
    assert ways.changed([text], "typos") == ways.changed([text], "typos")
    assert ways.notes([text]) == ()


def test_synonyms_are_one_more_perturbation_where_their_file_is_given(tmp_path: Path) -> None:
    (tmp_path / "index.sense").write_text("renew%2:30:00:: 1 1 9\nrevive%2:30:00:: 1 1 9\n", encoding="utf8")
    ways = Perturbations.of(("casing",), tmp_path, synonyms="index.sense")
    assert ways.names == ("casing", "synonyms")
    assert ways.changed(["renew it", "a cat"], "synonyms") == ["revive it", "a cat"]
    assert ways.notes(["renew it", "a cat"]) == ("synonyms: 1 of 2 texts have a word that is replaced",)


def test_a_baseline_has_its_probabilities_from_as_many_texts_as_ours() -> None:
    rows = [(f"{word} {number}", label) for label, word in (("a", "cat"), ("b", "dog")) for number in range(30)]
    found = fitted("x", TfidfSvm(), rows, [], held_out=0.1)  # six texts: each is held out once
    assert found.probabilities(["cat", "dog"]).argmax(dim=1).tolist() == [0, 1]
    with pytest.raises(InputError, match="two texts of a label at least"):
        fitted("x", TfidfSvm(), [("cat", "a"), ("dog", "b")], [], held_out=0.1)


def test_words_are_deleted_by_their_places() -> None:
    assert without("the black cat", [Span(0, 3), Span(10, 13)]) == " black "


def test_the_deletion_test_removes_what_carries_most(tmp_path: Path) -> None:
    # words that are the same are all that counts here, so the test cannot fail to find them
    potentials = [{"name": "lexical", "weight": 9.0}, {"name": "null", "bias": 2.0}]
    classifier = Classifier.load({"cats": "cat", "dogs": "dog"}, scorer={"potentials": potentials})
    texts = ["my cat is here today", "one dog and two more", "cat"]
    result = classifier.classify(texts[0])
    assert removals(result.carried, Random(0), share=0.2)[0] == [1]
    found = deletion_test(classifier, texts)
    assert len(found.linked) == 2  # a text of one word is left out
    assert found.effect.value > 0
    assert found.share == 1.0


def test_the_figures_of_probabilities_by_hand() -> None:
    inside = torch.tensor([[0.6, 0.2, 0.2], [0.1, 0.4, 0.5]])
    figures = ProbabilityFigures(
        inside=inside, labels=[0, 0], outside=torch.tensor([[0.2, 0.2, 0.6]]), calibration=Calibration(floor=0.3)
    )
    assert figures.given[0].tolist() == pytest.approx([0.75, 0.25])
    row = figures.row()
    assert row["accuracy"] == 0.5
    assert row["ECE"] == pytest.approx(0.5 * abs(1 - 0.75) + 0.5 * abs(0 - 0.8))
    assert row["AUROC"] == 1.0
    assert row["in set"] == 0.5
    assert row["set size"] == 1.0
    alone = ProbabilityFigures(inside=inside, labels=[0, 0], outside=torch.zeros(0, 3), calibration=Calibration()).row()
    assert alone["AUROC"] == "–"


def test_a_baseline_is_calibrated_on_what_it_was_not_trained_on() -> None:
    rows = [(text, label) for label, texts in LABELS.items() for text in texts]
    system = fitted("svm", TfidfSvm(), rows, ["0123"], held_out=0.25)
    found = system.probabilities(["the cat", "die Straße"])
    assert found.sum(dim=1).tolist() == pytest.approx([1.0, 1.0])
    assert found[:, :2].argmax(dim=1).tolist() == [0, 1]


def test_a_head_is_trained_with_the_encoder_under_it(tmp_path: Path) -> None:
    rows = [(text, label) for label, texts in LABELS.items() for text in texts]
    training = TrainingConfig(epochs=24, optimizer=AdamW(learning_rate=5e-3), save_every=100, evaluate_every=100)
    head = FineTunedHead(matcher=MatcherConfig().with_model(write(tmp_path / "bert", "bert")), training=training)
    head.fit([text for text, _ in rows], [int(label == "streets") for _, label in rows])
    values = head.values(["the cat", "die Straße"])
    assert values.argmax(dim=1).tolist() == [0, 1]
    assert not values.requires_grad
    assert torch.equal(head.values(["the cat"]), head.values(["the cat"]))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"text": text, "label": label} for label, texts in LABELS.items() for text in texts]
    for name, some in {
        "train": rows,
        "test": [*rows[::2], {"text": "x", "label": "unknown"}],
        "outside": [{"text": "0123 ABC", "label": ""}],
    }.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf8")
    return tmp_path


def test_a_recipe_prints_a_table_with_the_baselines_and_draws(data: Path, capsys) -> None:
    recipe = data / "recipe.toml"
    recipe.write_text(RECIPE.format(model=write(data / "bert", "bert")), encoding="utf8")
    pictures = data / "pictures"
    assert main(["evaluate", str(recipe), "--data", str(data), "--json", "--pictures", str(pictures)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in rows] == [
        "TF-IDF + SVM",
        "logistic head, frozen",
        "logistic head, fine-tuned",
        "ours",
    ]
    assert set(PERTURBATIONS) < set(rows[0])
    assert rows[3]["deletion"] != "–"
    assert len(list(pictures.glob("*.svg"))) == 4


def test_a_trained_folder_comes_out_of_the_train_command(data: Path, capsys) -> None:
    recipe = data / "train.toml"
    recipe.write_text(
        f'trainer = "classifier"\ntexts = {{ file = "train.jsonl" }}\nout_of_scope = {{ file = "outside.jsonl" }}\n'
        f'[settings.matcher.scorer]\nmodel = "{write(data / "bert", "bert")}"\n[settings.training]\nepochs = 1\n',
        encoding="utf8",
    )
    assert main(["train", str(recipe), "--data", str(data), "-o", str(data / "out")]) == 0
    assert main(["classify", "the cat sat", "--model", str(data / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["text"] == "the cat sat"


def test_a_model_without_a_label_of_the_training_texts_is_refused(data: Path, capsys) -> None:
    model = write(data / "bert", "bert")
    settings = {"scorer": {"model": str(model), "device": "cpu"}}
    Classifier.load({"pets": LABELS["pets"], "parks": LABELS["streets"]}, **settings).save(data / "other")
    recipe = data / "recipe.toml"
    recipe.write_text(f'model = "{data / "other"}"\n' + RECIPE.format(model=model), encoding="utf8")
    assert main(["evaluate", str(recipe), "--data", str(data)]) == 1
    assert "one without 'streets'" in capsys.readouterr().err
