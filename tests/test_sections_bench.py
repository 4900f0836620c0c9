"""Versions of documents that sections are measured on, and the figures of answers by hand."""

from pathlib import Path

import pytest
import torch

from latentalign.evaluation.perturbations import Perturbations
from latentalign.evaluation.sections.bench import AS_IT_IS, STRANGERS, SectionsBench, SentenceAnswers
from latentalign.families import Independent, LatentAlignment
from latentalign.tasks.sections.labelled_documents import Labelled
from latentalign.text.split_texts import SplitText

TEST = [
    Labelled(SplitText.of_sentences(["We ask.", "We found it."]), ("aim", "end"), (1.0, 0.5)),
    Labelled(SplitText.of_sentences(["It was found."]), ("end",), (0.7,)),
]


def answers(chances: list[float], fits: list[float]) -> SentenceAnswers:
    """Those whose probability of the aim is given."""
    aim = torch.tensor(chances)
    return SentenceAnswers(names=("aim", "end"), given=torch.stack([aim, 1 - aim], dim=1), fits=torch.tensor(fits))


def test_versions_keep_the_sentences_and_a_stranger_is_one_more() -> None:
    bench = SectionsBench(
        test=TEST, perturbations=Perturbations.of(("casing", "punctuation"), Path()), strangers=["Call me a cab!"]
    )
    versions = bench.versions
    assert list(versions) == [AS_IT_IS, "casing", "punctuation", STRANGERS]
    assert versions[AS_IT_IS] == [row.document for row in TEST]
    assert [one.strings for one in versions["punctuation"]] == [("We ask", "We found it"), ("It was found",)]
    assert [len(one.strings) for one in versions[STRANGERS]] == [3, 2]
    for one, row in zip(versions[STRANGERS], TEST, strict=True):
        assert [text for text in one.strings if text != "Call me a cab!"] == list(row.document.strings)
    assert SectionsBench(test=TEST).versions == {AS_IT_IS: [row.document for row in TEST]}


def test_the_figures_are_those_counted_by_hand() -> None:
    bench = SectionsBench(test=TEST, perturbations=Perturbations.of(("typos",), Path()), strangers=["Call me a cab!"])
    strange = [one == "Call me a cab!" for document in bench.versions[STRANGERS] for one in document.strings]
    row = bench.row(
        {
            AS_IT_IS: answers([0.8, 0.6, 0.1], [1.0, 0.5, 1.0]),
            "typos": answers([0.4, 0.6, 0.1], [1.0, 1.0, 1.0]),
            STRANGERS: answers([0.5] * 5, [0.1 if one else 0.7 for one in strange]),
        }
    )
    assert row["accuracy"] == pytest.approx(2 / 3)
    assert row["sure"] == 1.0  # half of the annotators are not enough for the second
    assert row["Brier"] == pytest.approx((2 * 0.2**2 + 2 * 0.6**2 + 2 * 0.1**2) / 3)
    assert row["risk area"] == pytest.approx((0 + 0 + 1 / 3) / 3)  # the wrong one is the least sure, 0.3
    assert row["AUROC"] == 1.0
    assert row["FPR95"] == 0.0
    assert row["typos"] == pytest.approx(33.33)
    assert row["turned away"] == "–"


def test_answers_of_an_alignment_are_given_that_a_section_fits() -> None:
    scores = torch.tensor([[[1.0, 0.0], [-9.0, -8.0]], [[0.0, 2.0], [0.0, 0.0]]])
    mask = torch.tensor([[[True, True], [True, True]], [[True, True], [False, False]]])
    found = SentenceAnswers.of(LatentAlignment(family=Independent(), scores=scores, mask=mask), ("aim", "end"))
    chances = torch.tensor([[1.0, 0.0], [-9.0, -8.0], [0.0, 2.0]]).exp()
    torch.testing.assert_close(found.given, chances / chances.sum(dim=1, keepdim=True))
    torch.testing.assert_close(found.fits, 1 - 1 / (1 + chances.sum(dim=1)))
    assert found.turned is not None
    assert found.turned.tolist() == [False, True, False]
