"""The logistic function that is fitted to values: where its gradient is nought, whatever their scale."""

import pytest
import torch

from latentalign.models.matcher.logistic import evenly, fitted, fitted_at_any_scale


def some(shift: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Values, whether each is right, by a logistic function that is known, and what stands beside."""
    generator = torch.Generator().manual_seed(0)
    values = 2 * torch.randn(4000, generator=generator, dtype=torch.float64)
    beside = torch.randint(1, 6, (4000,), generator=generator).double()
    chances = torch.sigmoid(1.5 * (values - 0.5 - shift * beside))
    return values, torch.rand(4000, generator=generator, dtype=torch.float64) < chances, beside


@pytest.mark.parametrize("even", [False, True])
def test_the_residuals_cancel_and_do_not_go_with_the_value(even: bool) -> None:
    values, right, _ = some()
    weights = evenly(right) if even else torch.full((4000,), 1 / 4000, dtype=torch.float64)
    found = fitted(values, right, weights=weights)
    residuals = weights * (torch.sigmoid(found.slope * (values - found.level)) - right.double())
    assert float(residuals.sum()) == pytest.approx(0, abs=1e-3)
    assert float((residuals * values).sum()) == pytest.approx(0, abs=1e-3)
    if not even:
        assert (found.level, found.slope) == (pytest.approx(0.5, abs=0.1), pytest.approx(1.5, abs=0.1))


def test_what_stands_beside_moves_the_level() -> None:
    values, right, beside = some(shift=0.7)
    found = fitted(values, right, beside=beside)
    chances = torch.sigmoid(found.slope * (values - found.level - found.step * beside))
    for column in (torch.ones(4000, dtype=torch.float64), values, beside):
        assert float(((chances - right.double()) * column).mean()) == pytest.approx(0, abs=1e-3)
    assert found == pytest.approx((0.5, 1.5, 0.7), abs=0.3)


def test_no_scale_and_no_zero_matters() -> None:
    values, right, _ = some()
    one = fitted_at_any_scale(values, right)
    other = fitted_at_any_scale(1000 * values - 7, right)
    assert other.level == pytest.approx(1000 * one.level - 7, rel=1e-6)
    assert other.slope == pytest.approx(one.slope / 1000, rel=1e-6)
