"""Transport against its own definition: optimality conditions, general solvers, linear programs, and its limits."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog, minimize

from latentalign.errors import InputError, UnsupportedError
from latentalign.families import Independent, LatentAlignment, Matching, Transport
from latentalign.families.transport import MODES

torch_close = torch.testing.assert_close


def random_scores(*shape: int, scale: float = 1.0, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64) * scale


def entr(x: torch.Tensor) -> torch.Tensor:
    return torch.special.entr(x).sum()


def objective(
    family: Transport, scores: torch.Tensor, plan: torch.Tensor, *, rest: torch.Tensor | None = None
) -> torch.Tensor:
    """What the plan maximises, written from the definition."""
    temperature, rho = family.temperature, family.reach
    gain, row, column = (scores * plan).sum(), plan.sum(dim=1), plan.sum(dim=0)
    if family.mode == "balanced":
        return gain + temperature * entr(plan)
    gain = gain + temperature * (entr(plan) + plan.sum())
    if family.mode == "unbalanced":
        return gain + rho * (entr(row) + row.sum() + entr(column) + column.sum())
    rest = torch.cat([1 - row, 1 - column]) if rest is None else rest
    return gain + temperature * (entr(rest) + rest.sum() - len(rest))


def masses(family: Transport, scores: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The masses of rows and columns: exact for balanced, upper bounds for dustbin."""
    n, m = scores.shape
    return np.ones(n), np.full(m, n / m if family.mode == "balanced" else 1.0)


def sides(n: int, m: int) -> np.ndarray:
    """The matrix that takes a flattened plan to its masses of rows and columns."""
    return np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))]).reshape(n + m, n * m)


def linear_program(family: Transport, scores: torch.Tensor) -> tuple[float, torch.Tensor]:
    n, m = scores.shape
    bounds = np.concatenate(masses(family, scores))
    matrix = sides(n, m)
    which = {"A_eq": matrix, "b_eq": bounds} if family.mode == "balanced" else {"A_ub": matrix, "b_ub": bounds}
    solved = linprog(-scores.flatten().numpy(), **which, bounds=(0, None), method="highs")
    assert solved.status == 0
    return -solved.fun, torch.tensor(solved.x).reshape(n, m)


@pytest.mark.parametrize("score", [-3.0, 0.0, 2.0])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_one_pair_has_a_closed_form(score: float, temperature: float) -> None:
    scores = torch.tensor([[score]], dtype=torch.float64)
    kernel = np.exp(score / temperature)
    p = float(Transport(temperature=temperature).expected(scores))
    assert p / (1 - p) ** 2 == pytest.approx(kernel, rel=1e-10)
    assert float(Transport(temperature=temperature, mode="balanced").value(scores)) == pytest.approx(score, abs=1e-12)
    relaxed = Transport(temperature=temperature, mode="unbalanced", reach=2.0)
    mass = np.exp(score / (temperature + 4.0))
    assert float(relaxed.expected(scores)) == pytest.approx(mass, rel=1e-10)
    assert float(relaxed.value(scores)) == pytest.approx((temperature + 4.0) * mass, rel=1e-10)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 3), (20, 30)])
def test_the_plan_meets_the_optimality_conditions(shape: tuple[int, int], temperature: float) -> None:
    scores = random_scores(*shape)
    n, m = shape

    plan = Transport(temperature=temperature).expected(scores)
    rest, left = 1 - plan.sum(dim=1), 1 - plan.sum(dim=0)
    assert bool((rest > 0).all() and (left > 0).all())
    torch_close(temperature * (plan / (rest[:, None] * left)).log(), scores, rtol=1e-7, atol=1e-7)

    plan = Transport(temperature=temperature, mode="balanced").expected(scores)
    torch_close(plan.sum(dim=1), torch.ones(n).double())
    torch_close(plan.sum(dim=0), torch.full((m,), n / m).double())
    potential = temperature * plan.log() - scores  # must be a sum of one number a row and one a column
    centred = potential - potential[:1] - potential[:, :1] + potential[:1, :1]
    torch_close(centred, torch.zeros(shape).double(), rtol=0, atol=1e-7)

    plan = Transport(temperature=temperature, mode="unbalanced", reach=2.0).expected(scores)
    slope = temperature * plan.log() + 2.0 * (plan.sum(dim=1).log()[:, None] + plan.sum(dim=0).log())
    torch_close(slope, scores, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_value_is_the_objective_at_the_plan_and_its_entropy_part_the_entropy(mode: str, scale: float) -> None:
    family, scores = Transport(mode=mode, temperature=0.7, reach=5.0), random_scores(4, 6, scale=scale)
    plan, value = family.expected(scores), family.value(scores)
    torch_close(value, objective(family, scores, plan), rtol=1e-9, atol=1e-9)
    warmer, colder = (Transport(mode=mode, temperature=t, reach=5.0).value(scores) for t in (0.7 + 1e-5, 0.7 - 1e-5))
    torch_close(family.entropy(scores), (warmer - colder) / 2e-5, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2)])
def test_a_general_solver_finds_the_same_maximum(mode: str, shape: tuple[int, int]) -> None:
    family, scores = Transport(mode=mode, temperature=0.8, reach=1.5), random_scores(*shape, scale=2.0)
    n, m = shape
    dustbins = n + m if mode == "dustbin" else 0

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        leaf = torch.tensor(flat, requires_grad=True)
        rest = leaf[n * m :] if dustbins else None
        value = -objective(family, scores, leaf[: n * m].reshape(shape), rest=rest)
        (slope,) = torch.autograd.grad(value, leaf)
        return value.item(), slope.numpy()

    matrix = np.concatenate([sides(n, m), np.eye(n + m)[:, :dustbins]], axis=1)
    wanted = np.concatenate(masses(family, scores))
    if mode == "balanced":  # its last marginal follows from the others
        matrix, wanted = matrix[:-1], wanted[:-1]
    limits = {"type": "eq", "fun": lambda flat: matrix @ flat - wanted, "jac": lambda flat: matrix}
    solved = minimize(
        loss,
        np.full(n * m + dustbins, 0.3),
        jac=True,
        method="SLSQP",
        bounds=[(1e-9, None)] * (n * m + dustbins),
        constraints=() if mode == "unbalanced" else (limits,),
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert solved.success, solved.message
    assert float(family.value(scores)) == pytest.approx(-solved.fun, abs=1e-6)
    torch_close(family.expected(scores), torch.tensor(solved.x[: n * m]).reshape(shape), rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (6, 4), (8, 8)])
@pytest.mark.parametrize("mode", ["dustbin", "balanced"])
def test_the_cold_plan_solves_the_linear_program(mode: str, shape: tuple[int, int]) -> None:
    scores = random_scores(*shape, scale=10.0, seed=sum(shape))
    cold = Transport(mode=mode, temperature=1e-3)
    highest, plan = linear_program(cold, scores)
    assert float(cold.value(scores)) == pytest.approx(highest, abs=1e-3 * sum(shape))
    torch_close(cold.expected(scores), plan, rtol=0, atol=1e-6)
    if mode == "dustbin":
        best = cold.best(scores)
        assert float((scores * best).sum()) == pytest.approx(highest, abs=1e-9)
        torch_close(best.double(), plan, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("mode", "scale"),
    [*itertools.product(MODES, [1.0, 10.0, 100.0, 1000.0]), ("dustbin", 30000.0), ("balanced", 30000.0)],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_marginals_hold_at_every_scale(mode: str, scale: float, dtype: torch.dtype) -> None:
    batch = torch.stack([random_scores(12, 18, scale=scale, seed=seed) for seed in range(4)])
    batch[1] = batch[1].round()  # ties
    batch[2] = batch[2, :, :1] * batch[2, :1] / scale  # of rank one
    batch[3] = -batch[3].abs()
    scores = batch.to(dtype).requires_grad_()
    family = Transport(mode=mode, reach=scale)
    assert float(family.residual(scores).max()) <= family.tolerance
    assert family.residual(scores).shape == (4,)
    (gradient,) = torch.autograd.grad(family.value(scores).sum(), scores)
    plan = family.expected(scores.detach())
    assert gradient.dtype is dtype and bool(gradient.isfinite().all())
    torch_close(gradient, plan)
    if mode != "unbalanced":
        row, column = masses(family, batch[0])
        slack = 1e-5 if dtype is torch.float32 else 1e-8
        assert bool((plan.sum(dim=2) <= torch.tensor(row) + slack).all())
        assert bool((plan.sum(dim=1) <= torch.tensor(column) + slack).all())


def test_the_residual_tells_that_the_solver_was_stopped() -> None:
    scores = random_scores(2, 9, 9, scale=100.0)
    assert float(Transport(max_iterations=2).residual(scores).max()) > 1e-3
    assert float(Transport().residual(scores).max()) < 1e-8
    assert Transport().residual(torch.zeros(2, 0, 3)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_plan_has_the_right_derivative_on_a_large_matrix(mode: str, scale: float) -> None:
    family = Transport(mode=mode, reach=3 * scale)
    scores, direction = random_scores(40, 60, scale=scale), random_scores(40, 60, seed=1)
    weights = random_scores(40, 60, seed=2)
    leaf = scores.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((family.expected(leaf) * weights).sum(), leaf)
    ahead, behind = ((family.expected(scores + step * direction) * weights).sum() for step in (1e-5, -1e-5))
    torch_close((gradient * direction).sum(), (ahead - behind) / 2e-5, rtol=1e-4, atol=1e-5)


problems = st.tuples(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 2**31),
    st.sampled_from([1.0, 10.0, 100.0]),
    st.sampled_from(MODES),
)
quick = settings(deadline=None, max_examples=25)


@quick
@given(problems)
def test_reordered_tokens_give_the_reordered_plan(problem: tuple[int, int, int, float, str]) -> None:
    n, m, seed, scale, mode = problem
    scores, family = random_scores(n, m, scale=scale, seed=seed), Transport(mode=mode, reach=scale)
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.randperm(n, generator=generator), torch.randperm(m, generator=generator)
    mixed = scores[rows][:, columns]
    torch_close(family.value(mixed), family.value(scores), rtol=1e-7, atol=1e-7)
    torch_close(family.expected(mixed), family.expected(scores)[rows][:, columns], rtol=1e-6, atol=1e-6)
    if mode != "balanced" or n == m:  # the two sides have the same role
        torch_close(family.expected(scores.T), family.expected(scores).T, rtol=1e-6, atol=1e-6)


@quick
@given(problems)
def test_the_value_is_convex_and_grows_with_the_scores(problem: tuple[int, int, int, float, str]) -> None:
    n, m, seed, scale, mode = problem
    family = Transport(mode=mode, reach=scale)
    one, other = random_scores(n, m, scale=scale, seed=seed), random_scores(n, m, scale=scale, seed=seed + 1)
    values = family.value(torch.stack([one, other, (one + other) / 2, torch.maximum(one, other)]))
    slack = 1e-9 * scale * (n + m)
    assert float(values[2]) <= float(values[:2].mean()) + slack
    assert float(values[3]) >= float(values[:2].max()) - slack


@pytest.mark.parametrize("mode", MODES)
def test_the_score_of_links_is_the_objective_at_them(mode: str) -> None:
    scores = random_scores(2, 3)
    family = Transport(mode=mode, temperature=0.7, reach=1.3)
    every = torch.tensor(list(itertools.product([False, True], repeat=6))).reshape(-1, 2, 3)
    got = family.score(every, scores.expand(every.shape))
    value, row, column = family.value(scores), every.sum(dim=2), every.sum(dim=1)
    if mode == "balanced":  # the keys have the mass 2/3, which no whole links have
        assert bool((got < -1e29).all())
        scores, every = scores[:, :2], every[:, :, :2]
        got, value = family.score(every, scores.expand(every.shape)), family.value(scores)
        admitted = (every.sum(dim=2) == 1).all(dim=1) & (every.sum(dim=1) == 1).all(dim=1)
    else:
        admitted = ((row <= 1).all(dim=1) & (column <= 1).all(dim=1)) | (mode == "unbalanced")
    assert torch.equal(got > -1e29, admitted)
    for links, score in zip(every[admitted], got[admitted], strict=True):
        torch_close(score, objective(family, scores, links.double()), rtol=1e-12, atol=1e-12)
        assert float(score) <= float(value)


def test_masked_links_carry_nothing_and_masked_rows_do_not_exist() -> None:
    scores = random_scores(3, 4)
    mask = torch.ones(3, 4, dtype=torch.bool)
    mask[1], mask[0, 0] = False, False
    for mode in MODES:
        plan = Transport(mode=mode).expected(scores, mask)
        assert not bool(plan[~mask].any()) and bool((plan[mask] > 0).all())
    # Balanced: the masses of the keys are those of uniform attention, so that a plan exists under every mask.
    plan = Transport(mode="balanced").expected(scores, mask)
    torch_close(plan.sum(dim=1), torch.tensor([1.0, 0.0, 1.0]).double())
    torch_close(plan.sum(dim=0), torch.tensor([1 / 4, 1 / 3 + 1 / 4, 1 / 3 + 1 / 4, 1 / 3 + 1 / 4]).double())


def test_balanced_is_attention_held_to_the_masses_of_the_keys() -> None:
    scores, family = random_scores(3, 5), Transport(mode="balanced")
    assert float(family.value(scores)) < float(Independent(null=False).value(scores))
    torch_close(family.value(scores + 2.0), family.value(scores) + 2.0 * 3)
    torch_close(family.value(torch.zeros(3, 5)), torch.tensor(3 * np.log(5)).float())
    torch_close(family.value(scores[:, :1]), scores[:, 0].sum())


def test_a_long_reach_balances_equal_sides() -> None:
    scores = random_scores(4, 4)
    near = Transport(mode="unbalanced", reach=1e6).expected(scores)
    torch_close(near, Transport(mode="balanced").expected(scores), rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_best_is_an_assignment_where_the_limit_is_one(size: int) -> None:
    scores = random_scores(5, size, size, scale=3.0)
    assert torch.equal(Transport().best(scores), Matching().best(scores))
    for item, best in zip(scores, Transport(mode="balanced").best(scores), strict=True):
        rows, columns = linear_sum_assignment(item.numpy(), maximize=True)
        assert best.nonzero().tolist() == [[row, column] for row, column in zip(rows, columns, strict=True)]


def test_best_covers_a_long_side_with_a_short_one() -> None:
    for mode in ("balanced", "unbalanced"):
        for shape in ((1, 4), (4, 1)):
            assert bool(Transport(mode=mode, reach=10.0).best(torch.ones(shape)).all())
    # Cold, this one has the masses [[3, 0.6], [0, 2.4]]: the link of 0.6 is a minor one of both its sides.
    crowded = torch.tensor([[10.8, 10.8], [1.0, 7.2]]).double().log()
    assert Transport(mode="unbalanced").best(crowded).tolist() == [[True, False], [False, True]]
    hopeless = torch.tensor([[9.0, 0.0], [0.0, -90.0]])
    assert Transport(mode="unbalanced", reach=5.0).best(hopeless).tolist() == [[True, False], [False, False]]


def test_a_required_link_leaves_the_rest_to_the_other_tokens() -> None:
    scores = random_scores(4, 5, scale=5.0)
    mask, link = torch.ones(4, 5, dtype=torch.bool), torch.zeros(4, 5, dtype=torch.bool)
    link[1, 2] = True
    family = Transport(temperature=0.5)
    found = LatentAlignment(family=family, scores=scores, mask=mask).constrain(required=link)
    rows, columns = [0, 2, 3], [0, 1, 3, 4]
    rest = scores[rows][:, columns]
    torch_close(found.value, scores[1, 2] - 0.5 + family.value(rest), rtol=1e-6, atol=1e-6)
    torch_close(found.expected[rows][:, columns], family.expected(rest), rtol=1e-6, atol=1e-6)
    torch_close(found.expected[1], link[1].double(), rtol=0, atol=1e-6)
    both = link.clone()
    both[1, 3] = True
    with pytest.raises(InputError, match=r"\[1, "):
        LatentAlignment(family=family, scores=scores, mask=mask).constrain(required=both)
    loose = LatentAlignment(family=Transport(mode="unbalanced", reach=10.0), scores=scores, mask=mask)
    with pytest.raises(InputError, match="reach"):
        loose.constrain(required=link)


@pytest.mark.parametrize("mode", MODES)
def test_a_nan_stays_in_its_item(mode: str) -> None:
    scores = random_scores(2, 3, 3)
    broken = scores.clone()
    broken[0, 0, 0] = float("nan")
    value = Transport(mode=mode).value(broken)
    assert bool(value[0].isnan())
    torch_close(value[1], Transport(mode=mode).value(scores[1]))


def test_bad_settings_are_refused_beside_good_ones() -> None:
    for good, bad, message in (
        ({"mode": "balanced"}, {"mode": "ballanced"}, "did you mean 'balanced'"),
        ({"temperature": 1e-3}, {"temperature": 0.0}, "best"),
        ({"reach": 0.1}, {"reach": 0.0}, "Transport.reach"),
        ({"tolerance": 1e-3}, {"tolerance": -1e-3}, "Transport.tolerance"),
        ({"max_iterations": 1}, {"max_iterations": 0}, "Transport.max_iterations"),
    ):
        Transport(**good)
        with pytest.raises(InputError, match=message):
            Transport(**bad)


def test_scores_beyond_the_reach_are_refused() -> None:
    family = Transport(mode="unbalanced", reach=2.0)
    edge = torch.tensor([[320.0, -1e6]])
    assert bool(family.value(edge).isfinite())
    with pytest.raises(InputError, match="a reach of the size of the scores"):
        family.value(edge + 1.0)


def test_a_plan_is_no_posterior() -> None:
    scores = random_scores(2, 2)
    with pytest.raises(UnsupportedError, match="sample"):
        Transport().sample(scores)
    alignment = LatentAlignment(family=Transport(), scores=scores, mask=scores > -9)
    with pytest.raises(UnsupportedError, match="log_prob"):
        alignment.log_prob(alignment.best)
    torch_close(alignment.null_query, 1 - alignment.expected.sum(dim=1))
