"""What the laws do not ask of the monotone lattice: long texts against formulas, and what is refused."""

import dataclasses
import functools
import math

import pytest
import torch

from latentalign.errors import InputError
from latentalign.families.family import AlignmentFamily
from latentalign.families.monotonic import Monotonic
from latentalign.families.numerics import NEG

SIZES = [(1, 1), (7, 3), (3, 7), (40, 90), (90, 40)]


def log_choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_all_chains_are_counted_once(n: int, m: int) -> None:
    """Choose k queries and k keys: the sum over k is n + m over n, and k has the mean n m / (n + m)."""
    scores = torch.zeros(n, m, dtype=torch.float64)
    for ends in ("global", "semi-global", "local"):
        family = Monotonic(ends=ends)
        assert float(family.value(scores)) == pytest.approx(log_choose(n + m, n), rel=1e-9)
        assert float(family.expected(scores).sum()) == pytest.approx(n * m / (n + m), rel=1e-9)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_all_labellings_are_counted_once(n: int, m: int) -> None:
    scores = torch.zeros(n, m, dtype=torch.float64)
    assert float(Monotonic.labelling().value(scores)) == pytest.approx(log_choose(n + m - 1, n), rel=1e-9, abs=1e-9)
    torch.testing.assert_close(
        Monotonic.labelling().expected(scores).sum(dim=1), torch.ones(n, dtype=torch.float64), rtol=1e-9, atol=0
    )
    value = float(Monotonic.labelling(skip=None).value(scores))
    wanted = log_choose(n - 1, m - 1) if n >= m else NEG
    assert value == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("temperature", [1e-3, 1.0, 1e5])
def test_an_item_without_an_alignment_is_known_at_any_temperature(temperature: float) -> None:
    family = Monotonic(gap_query=None, temperature=temperature)
    scores = torch.ones(2, 3, 2, requires_grad=True)
    mask = torch.tensor([[[True, True]] * 3, [[True, True], [True, True], [False, False]]])
    value = family.value(scores, mask)
    torch.testing.assert_close(value, torch.tensor([NEG, 2.0]))
    (gradient,) = torch.autograd.grad(value.sum(), scores)
    for found in (gradient, family.expected(scores, mask), family.best(scores, mask).float()):
        torch.testing.assert_close(found.sum(dim=(1, 2)), torch.tensor([0.0, 2.0]))
    assert not bool(family.entropy(scores, mask).any())
    assert not bool(family.sample(scores, mask)[0].any())


@pytest.mark.parametrize(("n", "m"), [(30, 30), (12, 35), (35, 12)])
def test_the_best_chain_is_the_longest_common_subsequence(n: int, m: int) -> None:
    generator = torch.Generator().manual_seed(n)
    first = torch.randint(4, (n,), generator=generator).tolist()
    second = torch.randint(4, (m,), generator=generator).tolist()

    @functools.cache
    def longest(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return 0
        matched = longest(i - 1, j - 1) + (first[i - 1] == second[j - 1])
        return max(matched, longest(i - 1, j), longest(i, j - 1))

    scores = (torch.tensor(first)[:, None] == torch.tensor(second)).double()
    best = Monotonic().best(scores)
    assert float(Monotonic().score(best, scores)) == longest(n, m)


def test_both_sides_are_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 5, 40, generator=generator, dtype=torch.float64)
    family = Monotonic(gap_query=-0.3, gap_key=-0.1, repeat_query=True)
    turned = Monotonic(gap_query=-0.1, gap_key=-0.3, repeat_key=True)
    torch.testing.assert_close(family.value(scores), turned.value(scores.mT))
    torch.testing.assert_close(family.expected(scores), turned.expected(scores.mT).mT)
    assert torch.equal(family.best(scores), turned.best(scores.mT).mT)


def test_the_band_is_laid_by_real_lengths() -> None:
    """A band of 0 is the diagonal of the real tokens, however the item is padded."""
    scores = torch.zeros(1, 7, 9)
    mask = torch.zeros_like(scores, dtype=torch.bool)
    mask[0, 1:6, 2:7] = True
    diagonal = torch.zeros_like(mask)
    diagonal[0, 1:6, 2:7] = torch.eye(5, dtype=torch.bool)
    assert torch.equal(Monotonic(band=0.0).expected(scores, mask) > 0, diagonal)
    assert int((Monotonic(band=1.0).expected(scores, mask) > 0).sum()) == 13


def test_long_texts_in_single_precision() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = 20 * torch.randn(1, 300, 250, generator=generator)
    for family in (Monotonic(gap_query=-5.0, gap_key=-5.0), Monotonic.labelling(skip=-5.0)):
        mass = family.expected(scores)
        assert float(mass.sum(dim=-1).max()) == pytest.approx(1.0, abs=1e-6)
        torch.testing.assert_close(mass.double(), family.expected(scores.double()), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "family",
    [
        Monotonic(),
        Monotonic(band=1.0, ends="local", repeat_query=True, repeat_key=True),
        Monotonic.labelling(skip=None),
    ],
)
def test_nothing_waits_for_the_cpu(family: AlignmentFamily) -> None:
    """On the meta device a value that Python looks at, or a tensor of another device, is an error."""
    for shape in ((2, 4, 3), (2, 3, 4)):
        scores = torch.zeros(shape, device="meta")
        results = [family.value(scores), family.expected(scores), family.best(scores), family.entropy(scores)]
        results += [family.sample(scores), family.score(scores > 0, scores)]
        assert {result.device.type for result in results} == {"meta"}


@pytest.mark.parametrize(
    ("valid", "invalid"),
    [
        ({"temperature": 1e-3}, {"temperature": -1.0}),
        ({"gap_query": -1e3}, {"gap_query": -math.inf}),
        ({"gap_key": None}, {"gap_key": math.nan}),
        ({"ends": "semi-global"}, {"ends": "semiglobal"}),
        ({"band": 0.0}, {"band": -1.0}),
        ({"band": None}, {"band": math.inf}),
    ],
)
def test_what_is_refused(valid: dict, invalid: dict) -> None:
    assert bool(dataclasses.replace(Monotonic(), **valid).value(torch.ones(2, 2)).isfinite())
    with pytest.raises(InputError, match="Monotonic"):
        Monotonic(**invalid)
