"""A classifier that teaches a faster one: the loss against its formula, what the teacher says, and what is learned."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, ModelError, ShapeError
from latentalign.models.matcher.candidate import candidates_of
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import units_of
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.scorer import ScorerConfig
from latentalign.objectives.neighbours import neighbours
from latentalign.objectives.soft_labels import soft_labels
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.teacher import TeacherConfig, opinions
from latentalign.tasks.classification.train_classifier import ClassifierTraining
from latentalign.training.matching import MatcherInTraining, MatchingConfig
from latentalign.training.taught_matcher import TaughtMatcher
from tests.tiny_models import write
from tests.toy_training import descend

LABELS = {
    "pets": ["the cat sat", "a dog looked at the cat", "the dog sat on it"],
    "streets": ["die Straße ist schön", "schön ist die Straße", "im Café"],
    "lone": ["0123"],
}
FREE = ["the cat looked at the Straße", "Café"]


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    scorer = ScorerConfig(model=str(write(tmp_path / "bert", "bert")), device="cpu")
    return MatcherConfig(scorer=scorer, whole_weight=3.0).build()


@pytest.fixture
def teacher(matcher: Matcher) -> Classifier:
    return Classifier.load(
        {**LABELS, "more": ["a mat", "the mat"]}, scorer={"model": str(matcher.scorer.encoder.origin)}
    )


def student(matcher: Matcher) -> MatcherInTraining:
    memory = matcher.remember(candidates_of(LABELS))
    return MatcherInTraining(matcher, memory, MatchingConfig(dropout=0.0, mined=6))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_loss_of_soft_labels_is_its_formula(temperature: float) -> None:
    values, told = torch.randn(2, 5, 4, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    mine, theirs = (one.div(temperature).exp() for one in (values, told))
    mine, theirs = (one / one.sum(dim=1, keepdim=True) for one in (mine, theirs))
    expected = temperature**2 * (theirs * (theirs.log() - mine.log())).sum(dim=1)
    found = soft_labels(values, told, temperature=temperature, reduction="none")
    assert_close(found, expected)
    assert bool((found > 0).all())
    assert_close(soft_labels(values, told, temperature=temperature), expected.mean())
    assert_close(
        soft_labels(told + 3.0, told, reduction="sum"), torch.zeros((), dtype=torch.double), atol=1e-12, rtol=0
    )


def test_the_gradient_of_soft_labels_is_that_of_the_paper() -> None:
    values, told = torch.randn(2, 3, 4, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    values.requires_grad_()
    assert torch.autograd.gradcheck(lambda given: soft_labels(given, told, temperature=2.0), values)
    (found,) = torch.autograd.grad(soft_labels(values, told, temperature=2.0, reduction="sum"), values)
    assert_close(found, 2.0 * ((values / 2).softmax(dim=1) - (told / 2).softmax(dim=1)).detach())
    # eq. 4: at a high temperature it is the difference of the logits, each less its mean, over their number
    (found,) = torch.autograd.grad(soft_labels(values, told, temperature=1e4, reduction="sum"), values)
    apart = values.detach() - told
    assert_close(found, (apart - apart.mean(dim=1, keepdim=True)) / 4, atol=1e-3, rtol=1e-3)


def test_soft_labels_of_other_candidates_or_without_a_temperature_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        soft_labels(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(InputError, match="positive temperature"):
        soft_labels(torch.zeros(2, 3), torch.zeros(2, 3), temperature=0.0)


def test_texts_beside_the_memory_have_the_values_that_answer_later(matcher: Matcher) -> None:
    units = [units_of(text) for text in FREE]
    memory = matcher.remember(candidates_of(LABELS))
    expected = replace(matcher, aligned=6).values(units, memory)
    found = student(matcher).eval().values(torch.tensor([0, 3]), units)
    assert_close(found[2:].detach(), expected, atol=2e-2, rtol=2e-3)
    assert_close(student(matcher).eval().values(torch.tensor([], dtype=torch.long), units), found[2:])


def test_the_loss_of_a_student_is_the_weighted_sum_of_both(matcher: Matcher) -> None:
    units = [units_of(text) for text in FREE]
    one, told = student(matcher).eval(), torch.randn(9, 3).log_softmax(dim=1)
    batch = torch.tensor([8, 0, 6, 3])  # 8 has no label, and 6 is the only text of its own
    values = one.values(torch.tensor([0, 3]), [units[1]])
    hard = neighbours(values[:2], torch.tensor([0, 1]), reduction="sum")
    soft = soft_labels(values, told[[0, 3, 8]], temperature=2.0, reduction="sum")
    taught = TaughtMatcher(one, told, unlabelled=units, weight=0.25, temperature=2.0).eval()
    assert_close(taught.loss(batch)[0], (0.75 * hard + 0.25 * soft) / 4, atol=1e-3, rtol=1e-3)
    with pytest.raises(ShapeError, match=r"\(7, 3\)"):
        TaughtMatcher(one, told, weight=0.5, temperature=1.0)


def test_a_student_moves_towards_its_teacher_even_against_the_labels(matcher: Matcher) -> None:
    torch.manual_seed(0)
    told = torch.tensor([[0.1, 0.8, 0.1]] * 3 + [[0.7, 0.1, 0.2]] * 3 + [[0.1, 0.1, 0.8]]).log()
    model = TaughtMatcher(student(matcher), told, weight=1.0, temperature=1.0)
    first = model.eval().loss(torch.arange(7))[0].item()
    descend(model, torch.arange(7), steps=40)
    assert model.eval().loss(torch.arange(7))[0].item() < first / 3
    trained = model.student.trained(matcher)
    memory = trained.remember(candidates_of(LABELS))
    values = trained.values(list(memory.units), memory, without=list(range(7)))
    assert values[:6].argmax(dim=1).tolist() == [1, 1, 1, 0, 0, 0]


def test_a_teacher_says_what_it_makes_of_a_text_without_having_it(teacher: Classifier) -> None:
    names = ["streets", "lone", "pets"]
    texts = ["the cat sat", FREE[0], "0123"]
    found = opinions(teacher, [units_of(text) for text in texts], names)
    assert_close(found.exp().sum(dim=1), torch.ones(3))
    for row, without in ((0, [0]), (1, None), (2, None)):  # a text that is alone for its label stays
        values = teacher.values([texts[row]], without=without)
        shares = teacher.calibration.shares(values, teacher.memory.counts)[0]
        kept = shares[[teacher.labels.index(name) for name in names]]
        assert_close(found[row].exp(), kept / kept.sum(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("settings", [{"weight": 0.0}, {"weight": 1.5}, {"temperature": 0.0}])
def test_a_teacher_that_cannot_count_is_refused(settings: dict) -> None:
    assert TeacherConfig(folder="x", weight=1.0).temperature == 2.0
    with pytest.raises(InputError, match="a weight in"):
        TeacherConfig(folder="x", **settings)


def test_a_teacher_that_is_not_there_or_lacks_a_label_is_refused(teacher: Classifier, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the folder of a classifier"):
        TeacherConfig.of(str(tmp_path / "none")).load(["pets"])
    teacher.save(tmp_path / "teacher")
    config = TeacherConfig(folder=str(tmp_path / "teacher"))
    assert config.load(["pets", "streets"]).labels == teacher.labels
    with pytest.raises(InputError, match=r"every label of the training texts, got one without 'fish'"):
        config.load(["pets", "fish"])


def test_a_teacher_wants_a_student_that_learns() -> None:
    with pytest.raises(InputError, match="fine_tune with a teacher"):
        ClassifierTraining(teacher="x", fine_tune=False)
    with pytest.raises(InputError, match="a teacher for texts without labels"):
        ClassifierTraining().fit([("a", "x"), ("b", "y")], unlabelled=["c"])


@pytest.mark.parametrize("table", ['"{folder}"', '{{ folder = "{folder}", weight = 0.7, temperature = 3.0 }}'])
def test_a_recipe_trains_a_student_of_fewer_layers(table: str, teacher: Classifier, tmp_path: Path, capsys) -> None:
    folder = teacher.save(tmp_path / "teacher")
    rows = [(text, label) for label in ("pets", "streets") for text in LABELS[label]]
    for name, some in (("train", rows), ("free", [(text, "") for text in FREE])):
        lines = "".join(json.dumps({"text": t, "label": n}, ensure_ascii=False) + "\n" for t, n in some)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf8")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'trainer = "classifier"\ntexts = { file = "train.jsonl" }\nunlabelled = { file = "free.jsonl" }\n'
        f"[settings]\nteacher = {table.format(folder=folder)}\n[settings.training]\nepochs = 1\n"
        f'[settings.matcher.scorer]\nmodel = "{tmp_path / "bert"}"\nlayer = 2\npooled_layer = 2\n',
        encoding="utf8",
    )
    assert main(["train", str(recipe), "--data", str(tmp_path), "-o", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    made = Classifier.load(folder=tmp_path / "out")
    assert len(made.matcher.scorer.encoder.model.layers) == 2
    assert made.labels == ("pets", "streets")
