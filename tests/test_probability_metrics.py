"""Metrics of probabilities: each against its formula, written out over all pairs or by hand."""

import xml.etree.ElementTree as Xml

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentalign.errors import InputError
from latentalign.metrics.auroc import auroc
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion, deletion
from latentalign.metrics.false_positives import false_positive_rate
from latentalign.metrics.macro_f1 import macro_f1
from latentalign.metrics.risk_coverage import RiskCoverage

SCORES = st.lists(st.tuples(st.integers(0, 5).map(float), st.booleans()), min_size=2, max_size=12)


def both_kinds(rows: list) -> bool:
    return len({truth for _, truth in rows}) == 2


@given(SCORES.filter(both_kinds))
def test_auroc_counts_pairs(rows: list) -> None:
    inside = [score for score, truth in rows if truth]
    outside = [score for score, truth in rows if not truth]
    wins = sum((one > other) + (one == other) / 2 for one in inside for other in outside)
    scores, truths = zip(*rows, strict=True)
    assert auroc(scores, truths) == pytest.approx(wins / (len(inside) * len(outside)))


@given(SCORES.filter(both_kinds), st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_false_positives_at_the_highest_threshold_that_keeps_the_recall(rows: list, recall: float) -> None:
    inside = np.array([score for score, truth in rows if truth])
    outside = np.array([score for score, truth in rows if not truth])
    threshold = max(one for one in inside if (inside >= one).mean() >= recall - 1e-9)
    scores, truths = zip(*rows, strict=True)
    assert false_positive_rate(scores, truths, recall=recall) == (outside >= threshold).mean()


def test_calibration_error_by_hand() -> None:
    # two bins: 0.1 and 0.2 with one right of two; 0.9 with one right of one
    assert calibration_error([0.1, 0.2, 0.9], [True, False, True], bins=2) == pytest.approx(
        2 / 3 * abs(0.5 - 0.15) + 1 / 3 * abs(1 - 0.9)
    )
    assert calibration_error([0.5, 0.5], [True, True], bins=2) == 0.5  # a border belongs to the lower bin
    assert calibration_error([0.0, 1.0], [False, True]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_one_bin_compares_the_means(rows: list) -> None:
    stated, right = zip(*rows, strict=True)
    assert calibration_error(stated, right, bins=1) == pytest.approx(abs(np.mean(stated) - np.mean(right)))


def test_brier_is_between_0_and_2() -> None:
    assert brier([[0.0, 1.0]], [1]) == 0.0
    assert brier([[0.0, 1.0]], [0]) == 2.0
    assert brier([[0.2, 0.8], [0.5, 0.5]], [1, 0]) == pytest.approx((0.04 + 0.04 + 0.25 + 0.25) / 2)


def test_macro_f1_counts_classes_alike_and_an_abstention_as_a_miss() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "a"]) == pytest.approx((2 * 2 / (2 + 3) + 0.0) / 2)
    assert macro_f1([None, "a"], ["a", "a"]) == pytest.approx(2 / 3)
    assert macro_f1([None], [None]) == 1.0


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=20), st.randoms())
def test_risk_does_not_depend_on_the_order_of_ties(rows: list, chance) -> None:
    stated, right = zip(*rows, strict=True)
    curve = RiskCoverage.of(stated, right)
    assert curve.at(1.0) == pytest.approx(1 - np.mean(right))
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert RiskCoverage.of(*zip(*shuffled, strict=True)).risk == pytest.approx(curve.risk)


def test_the_risk_curve_by_hand_and_as_a_picture() -> None:
    curve = RiskCoverage.of([0.9, 0.8, 0.7, 0.6], [True, False, True, True])
    assert curve.risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])
    assert curve.area == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert curve.at(0.3) == 1 / 2
    drawing = Xml.fromstring(curve.to_svg(name="a < b"))
    assert [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")][-1] == "a < b"


def test_deletion_is_the_mean_difference() -> None:
    assert deletion([2.0, 1.0], [1.0, 1.0]) == 0.5
    assert Deletion(linked=[2.0, 1.0], random=[1.0, 1.0]).share == 0.75


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auroc([1.0], [True]), "some of both kinds"),
        (lambda: auroc([1.0, float("nan")], [True, False]), "numbers"),
        (lambda: calibration_error([0.5], []), "as many truths as scores"),
        (lambda: calibration_error([1.5], [True]), r"confidences in \[0, 1\]"),
        (lambda: false_positive_rate([1.0, 0.0], [True, False], recall=0.0), "a recall in"),
        (lambda: brier([[1.0]], [1]), "labels from 0 to 0"),
        (lambda: macro_f1(["a"], []), "as many answers"),
        (lambda: RiskCoverage.of([], []), "at least 1"),
        (lambda: RiskCoverage.of([0.5], [True]).at(0.0), "a coverage in"),
        (lambda: deletion([], []), "two falls"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
