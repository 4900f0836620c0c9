"""Labels carried over to texts without labels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import InputError, UnknownNameError
from latentalign.models.matcher import cotraining
from latentalign.models.matcher.cotraining import cotrain
from latentalign.models.matcher.spreading import passing
from latentalign.tasks.classification import label_spreading
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.label_spreading import with_unlabelled
from latentalign.tasks.classification.train_classifier import ClassifierTraining
from latentalign.training.discriminant import DiscriminantConfig
from tests.tiny_models import write


def _islands(*, labels: int, texts: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Texts of some labels, those of each around a point of its own: how alike they are, and their labels."""
    generator = torch.Generator().manual_seed(seed)
    owner = torch.arange(labels).repeat(texts)
    points = 3 * torch.eye(labels)[owner] + 0.3 * torch.randn(len(owner), labels, generator=generator)
    return points @ points.T, owner


def test_the_closed_form_is_the_limit_of_passing_labels_on() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(12, 3, generator=generator)
    likeness = -torch.cdist(points, points)
    labels = torch.tensor([0, 1, *[-1] * 10])
    weights = likeness.double().exp().fill_diagonal_(0)
    graph = weights / (weights.sum(dim=0)[:, None] * weights.sum(dim=1)[None]).sqrt()
    told = torch.eye(2, dtype=torch.float64)[labels.clamp_min(0)] * (labels >= 0)[:, None]
    passed = told
    for _ in range(400):
        passed = 0.7 * graph @ passed + told
    assert_close(passing(likeness, labels, neighbours=11, reach=0.7) @ told, passed, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("rounds", [0, 1, 12])
@pytest.mark.parametrize("even", [False, True])
def test_a_label_stays_in_its_part_of_the_graph(rounds: int, even: bool) -> None:
    likeness, owner = _islands(labels=3, texts=6)
    labels = torch.where(torch.arange(len(owner)) < 3, owner, -1)
    found = cotrain(likeness, labels, rounds=rounds, even=even, neighbours=3)
    assert found.argmax(dim=1).tolist() == owner.tolist()
    assert_close(found.sum(dim=1), torch.ones(len(owner)))
    assert_close(found[:3], torch.eye(3))


def test_even_labels_get_as_many_texts_each() -> None:
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(23, 4, generator=generator)
    labels = torch.tensor([0, 1, 2, *[-1] * 20])
    found = cotrain(points @ points.T, labels, even=True)
    assert_close(found[3:].sum(dim=0), torch.full((3,), 20 / 3), atol=1e-4, rtol=1e-4)


def test_the_kernel_machine_leaves_each_text_out(monkeypatch: pytest.MonkeyPatch) -> None:
    likeness, owner = _islands(labels=2, texts=4)
    labels = torch.where(torch.arange(8) < 2, owner, -1)
    first = cotrain(likeness, labels, rounds=0, neighbours=3).double()
    monkeypatch.setattr(cotraining, "RIDGE_WEIGHT", 1.0)
    monkeypatch.setattr(cotraining, "FLOOR", 1e9)  # the graph then says the same of all labels
    found = cotrain(likeness, labels, rounds=1, ridge=0.5, neighbours=3)
    # With the floor that high the machine learns from even labels; each text is left out by solving without it.
    now = torch.where((labels < 0)[:, None], torch.full_like(first, 0.5), first)
    middle = torch.eye(8, dtype=torch.float64) - 1 / 8
    kernel = middle @ likeness.double() @ middle
    for one in range(2, 8):
        rest = [other for other in range(8) if other != one]
        alone = kernel[one, rest] @ torch.linalg.solve(
            kernel[rest][:, rest] + 0.5 * torch.eye(7, dtype=torch.float64), now[rest]
        )
        assert_close(found[one].double(), alone.softmax(dim=0), atol=1e-4, rtol=1e-4)


def test_what_is_known_of_labels_decides_where_texts_do_not() -> None:
    likeness, owner = _islands(labels=4, texts=6)
    labels = torch.where(torch.arange(24) < 2, owner, -1)
    known = torch.zeros(24, 2)
    known[owner == 2, 1] = known[owner == 3, 0] = 2.0
    known[owner == 2, 0] = known[owner == 3, 1] = -2.0
    found = cotrain(likeness, labels, known=known, neighbours=3).argmax(dim=1)
    assert found.tolist() == torch.tensor([0, 1, 1, 0])[owner].tolist()


@pytest.mark.parametrize(
    ("labels", "settings"),
    [
        ([-1, -1], {}),
        ([0, -1], {"neighbours": 0}),
        ([0, 1], {"reach": 1}),
        ([0, -1], {"ridge": 0}),
        ([0, -1], {"rounds": -1}),
    ],
)
def test_what_cannot_be_spread_is_refused(labels: list[int], settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"a labelled text|a ridge"):
        cotrain(torch.zeros(2, 2), torch.tensor(labels), **settings)


@pytest.fixture
def classifier(tmp_path: Path) -> Classifier:
    labels = {"pets": ["the cat sat on the mat"], "streets": ["die Straße ist schön"]}
    return Classifier.load(labels, scorer={"model": str(write(tmp_path / "bert", "bert")), "device": "cpu"})


TEXTS = ["the cat sat on a mat", "diese Straße ist schön", "the cat sat on the mat", "a cat sat on the mats"]


def test_texts_without_labels_become_examples(classifier: Classifier) -> None:
    more = with_unlabelled(classifier, TEXTS, neighbours=1)
    assert [len(one.texts) for one in more.memory.candidates] == [3, 2]
    assert "a cat sat on the mats" in more.memory.candidates[0].texts
    assert more.calibration == classifier.calibration
    assert more.discriminant is None
    none = with_unlabelled(classifier, TEXTS, least=1.1)
    assert [one.texts for one in none.memory.candidates] == [one.texts for one in classifier.memory.candidates]
    assert with_unlabelled(classifier, ["the cat sat on the mat"]) is classifier


def test_many_texts_teach_a_discriminant_and_probabilities(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_spreading, "ENOUGH", 5)
    more = with_unlabelled(classifier, TEXTS, neighbours=1)
    assert more.discriminant is not None
    assert "held out" in more.calibration.fitted_on
    assert more.labels == classifier.labels
    assert more.probabilities(["the cat sat"]).sum().item() == pytest.approx(1)


def test_descriptions_are_of_labels(classifier: Classifier) -> None:
    described = with_unlabelled(classifier, TEXTS, descriptions={"pets": "A cat. It sat."}, neighbours=1)
    assert sum(len(one.texts) for one in described.memory.candidates) == 5
    with pytest.raises(UnknownNameError, match="pets"):
        with_unlabelled(classifier, TEXTS, descriptions={"pet": "A cat."})


def test_with_few_texts_a_discriminant_stays(tmp_path: Path) -> None:
    """Below the number from which on weights are learned anew, those that were learned go on to count."""
    settings = ClassifierTraining(fine_tune=False, discriminant=DiscriminantConfig(ngrams=()))
    rows = [
        (f"{text} {end}", label)
        for text, label in (("the cat", "pets"), ("a dog", "pets"), ("die Straße", "streets"), ("the Café", "streets"))
        for end in ("it", "on", "and")
    ]
    few = replace(settings, matcher=settings.matcher.with_model(write(tmp_path / "bert", "bert"))).fit(rows)
    assert few.discriminant is not None
    grown = with_unlabelled(few, ["the cat sat on it"], neighbours=2)
    assert grown.discriminant is few.discriminant
    assert grown.calibration == few.calibration
    assert len(grown.memory.units) == len(few.memory.units) + 1
