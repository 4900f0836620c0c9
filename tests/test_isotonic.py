"""Isotonic probabilities: against scikit-learn, and that they calibrate what a temperature cannot."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from latentalign import config
from latentalign.errors import InputError
from latentalign.metrics.brier import brier
from latentalign.models.matcher.calibration import Calibration
from latentalign.models.matcher.isotonic import Isotonic


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 50), st.booleans(), min_size=1, max_size=30))
def test_it_is_the_regression_of_least_squares(told: dict[int, bool]) -> None:
    stated, right = np.array([one / 50 for one in told]), np.array([float(one) for one in told.values()])
    found = Isotonic.fit(stated, right)
    wanted = IsotonicRegression().fit(stated, right).predict(stated)
    assert list(found.values) == pytest.approx(sorted(set(np.round(wanted, 9))))
    for place, value in zip(found.places, found.values, strict=True):
        assert place == pytest.approx(stated[np.isclose(wanted, value)].mean())


def test_rows_stay_distributions_and_the_best_stays_the_best() -> None:
    found = Isotonic(places=(0.2, 0.6), values=(0.1, 0.1)).shares(torch.tensor([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]]))
    assert found.sum(dim=1).tolist() == pytest.approx([1.0, 1.0])
    assert found.argmax(dim=1).tolist() == [0, 0]


def test_it_mends_what_no_temperature_can() -> None:
    """Values whose odds are the cube of the truth's below one half, and the truth's above."""
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(4000, generator=generator)
    labels = (torch.rand(4000, generator=generator) > truth).long()
    log_odds = torch.logit(truth, eps=1e-4)
    values = torch.stack([torch.where(log_odds < 0, 3 * log_odds, log_odds), torch.zeros(4000)], dim=1)
    counts = torch.ones(2)
    plain, rising = (
        Calibration.fit(values[:2000], labels[:2000], counts, isotonic=one).shares(values[2000:], counts)
        for one in (False, True)
    )
    told = labels[2000:].tolist()
    assert brier(rising.tolist(), told) < brier(plain.tolist(), told) - 0.005


def test_it_comes_back_from_a_table() -> None:
    from dataclasses import asdict

    made = Calibration(isotonic=Isotonic(places=(0.1, 0.9), values=(0.2, 0.8)))
    table = {key: one for key, one in asdict(made).items() if one is not None}
    assert config.parse(Calibration, table) == made


@pytest.mark.parametrize("bad", [{"places": (), "values": ()}, {"places": (0.1, 0.2), "values": (0.5, 0.4)}])
def test_what_does_not_rise_is_refused(bad: dict) -> None:
    with pytest.raises(InputError, match="Isotonic"):
        Isotonic(**bad)
    with pytest.raises(InputError, match=r"Isotonic\.fit"):
        Isotonic.fit([], [])
