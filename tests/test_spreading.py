"""Labels carried over to texts without labels."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import InputError
from latentalign.models.matcher.spreading import spread
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.label_spreading import with_unlabelled
from tests.tiny_models import write


def test_the_closed_form_is_the_limit_of_passing_labels_on() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(12, 3, generator=generator)
    likeness = -torch.cdist(points, points)
    labels = torch.tensor([0, 1, *[-1] * 10])
    found = spread(likeness, labels, neighbours=11, reach=0.7)
    weights = likeness.double().exp().fill_diagonal_(0)
    graph = weights / (weights.sum(dim=0)[:, None] * weights.sum(dim=1)[None]).sqrt()
    told = torch.eye(2, dtype=torch.float64)[labels.clamp_min(0)] * (labels >= 0)[:, None]
    passed = told
    for _ in range(400):
        passed = 0.7 * graph @ passed + told
    passed = passed / passed.sum(dim=0)
    passed = passed / passed.sum(dim=1, keepdim=True)
    assert_close(found[2:], passed[2:].float(), atol=1e-5, rtol=1e-4)
    assert_close(found[:2], torch.eye(2))


def test_a_label_stays_in_its_part_of_the_graph() -> None:
    likeness = torch.full((6, 6), -30.0)
    likeness[:3, :3] = likeness[3:, 3:] = 1.0
    found = spread(likeness, torch.tensor([0, -1, -1, 1, -1, -1]), neighbours=2)
    assert found.argmax(dim=1).tolist() == [0, 0, 0, 1, 1, 1]
    assert_close(found.sum(dim=1), torch.ones(6))


@pytest.mark.parametrize(("labels", "settings"), [([-1, -1], {}), ([0, -1], {"neighbours": 0}), ([0, 1], {"reach": 1})])
def test_what_cannot_be_spread_is_refused(labels: list[int], settings: dict[str, float]) -> None:
    with pytest.raises(InputError, match="a labelled text"):
        spread(torch.zeros(2, 2), torch.tensor(labels), **settings)


def test_texts_without_labels_become_examples(tmp_path: Path) -> None:
    labels = {"pets": ["the cat sat on the mat"], "streets": ["die Straße ist schön"]}
    classifier = Classifier.load(labels, scorer={"model": str(write(tmp_path / "bert", "bert")), "device": "cpu"})
    texts = ["the cat sat on a mat", "diese Straße ist schön", "the cat sat on the mat", "a cat sat on the mats"]
    more = with_unlabelled(classifier, texts, vector_weight=0.0, letter_weight=20.0)
    assert [len(one.texts) for one in more.memory.candidates] == [3, 2]
    assert "a cat sat on the mats" in more.memory.candidates[0].texts
    assert more.calibration == classifier.calibration
    none = with_unlabelled(classifier, texts, least=1.1)
    assert [one.texts for one in none.memory.candidates] == [one.texts for one in classifier.memory.candidates]
