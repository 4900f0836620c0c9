"""One-to-one alignments against scipy's assignment, against proofs of optimality, and against enumeration."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from latentalign.errors import InputError, ShapeError, UnsupportedError
from latentalign.families import LatentAlignment, Matching
from latentalign.families.assignment import FREE, Assignment
from latentalign.testing import oracles

quick = settings(deadline=None, max_examples=60)

KINDS = ("normal", "ties", "constant", "rank one", "negative", "far apart")


def matrix(kind: str, n: int, m: int, seed: int) -> np.ndarray:
    """Score matrices that are easy, tied, or hard for augmenting paths."""
    generator = np.random.default_rng(seed)
    return {
        "normal": generator.normal(size=(n, m)),
        "ties": generator.integers(-2, 4, (n, m)).astype(float),
        "constant": np.ones((n, m)),
        "rank one": np.outer(np.arange(n), np.arange(m)).astype(float),
        "negative": -generator.random((n, m)),
        "far apart": generator.normal(size=(n, m)) * 10.0 ** generator.integers(-6, 6, (n, m)),
    }[kind]


problems = st.builds(matrix, st.sampled_from(KINDS), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**31))


def check_against_scipy(scores: np.ndarray, *, null: bool) -> None:
    best = Matching(null=null).best(torch.tensor(scores)).numpy()
    assert best.sum(axis=0).max() <= 1 and best.sum(axis=1).max() <= 1
    if null:
        assert bool((scores[best] > 0).all())
    else:
        assert best.sum() == min(scores.shape)
    worth = np.maximum(scores, 0.0) if null else scores
    highest = worth[linear_sum_assignment(worth, maximize=True)].sum()
    assert scores[best].sum() == pytest.approx(highest, rel=1e-9, abs=1e-9 * np.abs(scores).max())


@quick
@given(problems, st.booleans())
def test_best_scores_as_high_as_scipy(scores: np.ndarray, null: bool) -> None:
    check_against_scipy(scores, null=null)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(60, 60), (40, 90), (90, 40)])
def test_large_problems_score_as_high_as_scipy(kind: str, shape: tuple[int, int]) -> None:
    for null in (True, False):
        check_against_scipy(matrix(kind, *shape, seed=1), null=null)


@quick
@given(problems)
def test_the_dual_variables_prove_the_assignment(costs: np.ndarray) -> None:
    costs = costs if costs.shape[0] <= costs.shape[1] else costs.T
    solved = Assignment(costs).solve()
    slack = costs - solved.u[:, None] - solved.v
    tolerance = 1e-9 * max(1.0, np.abs(costs).max())
    taken = solved.columns
    assert sorted(set(taken)) == sorted(taken) and FREE not in taken
    assert (slack >= -tolerance).all()
    assert np.abs(slack[np.arange(len(taken)), taken]).max() <= tolerance
    assert (solved.v[solved.rows == FREE] == 0).all()
    assert all(solved.rows[column] == row for row, column in enumerate(taken))


def test_a_row_without_a_path_stays_free() -> None:
    tight, loose = np.array([[0.0, np.inf], [0.0, np.inf]]), np.array([[0.0, np.inf], [0.0, 5.0]])
    for costs, possible in ((tight, False), (loose, True)):
        half = Assignment(costs)
        assert half.augment(0)
        assert half.augment(1) is possible
        assert (half.columns[1] == FREE) is not possible


@quick
@given(problems.filter(lambda scores: scores.size <= 12), st.integers(0, 2**12 - 1), st.booleans())
def test_top_k_lists_all_alignments_in_order(scores: np.ndarray, masked: int, null: bool) -> None:
    mask = torch.tensor([bool(masked >> bit & 1) for bit in range(scores.size)]).reshape(scores.shape)
    wanted = {links for links, _ in oracles.matching(null=null)(mask)}
    ranked = Matching(null=null).top_k(torch.tensor(scores), mask, k=10_000)
    got = [frozenset(map(tuple, links.nonzero().tolist())) for _, links in ranked]
    assert len(got) == len(set(got)) and set(got) == wanted
    totals = [sum(scores[i, j] for i, j in links) for links in got]
    tolerance = 1e-9 * max(1.0, np.abs(scores).max())
    assert [score for score, _ in ranked] == pytest.approx(totals, abs=tolerance)
    assert all(before >= after - tolerance for before, after in itertools.pairwise(totals))


def test_top_k_starts_with_the_best_of_a_large_item() -> None:
    scores = torch.tensor(matrix("normal", 30, 40, seed=3)).float()
    for null in (True, False):
        family = Matching(null=null)
        ranked = family.top_k(scores, k=20)
        assert len(ranked) == 20
        assert torch.equal(ranked[0][1], family.best(scores))
        assert ranked[0][0] == pytest.approx(float(family.value(scores)), rel=1e-6)
        # A second-best alignment differs from the best in one choice at least: forbid each of its links in turn.
        seconds = []
        for i, j in ranked[0][1].nonzero().tolist():
            mask = torch.ones(30, 40, dtype=torch.bool)
            mask[i, j] = False
            seconds.append(float(family.value(scores, mask)))
        assert ranked[1][0] == pytest.approx(max(seconds), rel=1e-6)


def test_top_k_refuses_what_it_cannot_rank() -> None:
    scores = torch.tensor([[1.0, 2.0]])
    assert len(Matching().top_k(scores, k=1)) == 1
    assert [score for score, _ in Matching().top_k(scores, k=9)] == [2.0, 1.0, 0.0]
    assert [score for score, _ in Matching(null=False).top_k(scores, k=9)] == [2.0, 1.0]
    with pytest.raises(InputError, match="at least 1"):
        Matching().top_k(scores, k=0)
    with pytest.raises(ShapeError, match="one item"):
        Matching().top_k(scores[None], k=1)
    for empty in (torch.zeros(0, 3), torch.zeros(2, 0)):
        ((score, links),) = Matching().top_k(empty, k=3)
        assert score == 0.0 and links.shape == empty.shape


def test_without_null_there_are_as_many_links_as_the_mask_allows() -> None:
    scores = torch.tensor([[9.0, -5.0], [8.0, 0.0]])
    mask = torch.tensor([[True, True], [True, False]])
    assert Matching(null=False).best(scores, mask).tolist() == [[False, True], [True, False]]
    assert Matching(null=True).best(scores, mask).tolist() == [[True, False], [False, False]]


def test_the_temperature_changes_nothing_but_must_be_one() -> None:
    scores = torch.tensor(matrix("normal", 4, 5, seed=0))
    assert torch.equal(Matching(temperature=7.0).value(scores), Matching().value(scores))
    assert float(Matching().entropy(scores)) == 0.0
    with pytest.raises(InputError, match="positive"):
        Matching(temperature=0.0)


def test_the_gradient_is_the_best_alignment() -> None:
    scores = torch.tensor(matrix("normal", 6, 4, seed=5), requires_grad=True)
    for null in (True, False):
        family = Matching(null=null)
        (gradient,) = torch.autograd.grad(family.value(scores), scores)
        assert torch.equal(gradient, family.best(scores).double())
        assert torch.equal(gradient, family.expected(scores))


def test_a_matching_is_no_posterior() -> None:
    scores = torch.zeros(2, 2)
    with pytest.raises(UnsupportedError, match="sample"):
        Matching().sample(scores)
    with pytest.raises(UnsupportedError, match="log_prob"):
        LatentAlignment(family=Matching(), scores=scores, mask=scores > -1).log_prob(scores > 1)
