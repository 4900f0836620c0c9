"""Agreement against its two inner families, and the rules of symmetrisation against their pseudo-code."""

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latentalign.errors import InputError, UnsupportedError
from latentalign.families import Agreement, Independent, Matching, Transport
from latentalign.families.symmetrise import RULES, grow_diag, grow_diag_final_and, intersection, union

torch_close = torch.testing.assert_close
quick = settings(deadline=None, max_examples=150)


def random_scores(*shape: int, scale: float = 1.0, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64) * scale


def scores_and_mask() -> tuple[torch.Tensor, torch.Tensor]:
    scores = random_scores(3, 4, 5, scale=3.0)
    mask = torch.ones(scores.shape, dtype=torch.bool)
    mask[1, :, 3:], mask[2] = False, random_scores(4, 5, seed=9) > 0
    return scores, mask


FORWARD, BACKWARD = Independent(temperature=0.5), Independent(temperature=2.0, null=False)


def test_value_and_mass_are_the_mean_of_both_directions() -> None:
    (scores, mask), family = scores_and_mask(), Agreement(forward=FORWARD, backward=BACKWARD)
    flipped = scores.mT, mask.mT
    torch_close(family.value(scores, mask), (FORWARD.value(scores, mask) + BACKWARD.value(*flipped)) / 2)
    one, other = FORWARD.expected(scores, mask), BACKWARD.expected(*flipped).mT
    torch_close(family.expected(scores, mask), (one + other) / 2)
    torch_close(family.product(scores, mask), one * other)
    torch_close(family.entropy(scores, mask), (FORWARD.entropy(scores, mask) + BACKWARD.entropy(*flipped)) / 2)
    assert family.product(torch.zeros(2, 0, 3)).shape == (2, 0, 3)


def test_the_product_counts_the_links_that_both_draw() -> None:
    scores, generator = random_scores(3, 3), torch.Generator().manual_seed(0)
    family, many = Agreement(), scores.expand(20_000, 3, 3)
    one = family.forward.sample(many, generator=generator)
    other = family.backward.sample(many.mT, generator=generator).mT
    wanted = family.product(scores)
    error = 5 * (wanted * (1 - wanted) / 20_000).sqrt()
    assert bool((((one & other).double().mean(dim=0) - wanted).abs() <= error).all())


def test_the_product_can_be_trained_through() -> None:
    scores = random_scores(3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda inner: Agreement().product(inner), (scores,))


@pytest.mark.parametrize("rule", RULES)
def test_best_is_the_rule_on_both_best_alignments(rule: str) -> None:
    (scores, mask), family = scores_and_mask(), Agreement(forward=FORWARD, backward=BACKWARD, rule=rule)
    one, other = FORWARD.best(scores, mask), BACKWARD.best(scores.mT, mask.mT).mT
    assert torch.equal(family.best(scores, mask), RULES[rule](one, other))


def test_the_limit_at_temperature_zero_is_the_mean_of_both_best_alignments() -> None:
    (scores, mask), family = scores_and_mask(), Agreement(forward=FORWARD, backward=BACKWARD)
    one, other = FORWARD.best(scores, mask), BACKWARD.best(scores.mT, mask.mT).mT
    cold = dataclasses.replace(family, temperature=1e-3)
    torch_close(cold.expected(scores, mask), (one.double() + other.double()) / 2, rtol=0, atol=1e-9)
    # The intersection is what has all of the mass, the union what has any.
    assert torch.equal(cold.expected(scores, mask) > 0.75, family.best(scores, mask))
    assert torch.equal(cold.expected(scores, mask) > 0.25, dataclasses.replace(family, rule="union").best(scores, mask))


def test_the_temperature_multiplies_those_of_both_directions() -> None:
    scores = random_scores(3, 4)
    warm = Agreement(forward=FORWARD, backward=BACKWARD, temperature=3.0)
    same = Agreement(forward=Independent(temperature=1.5), backward=Independent(temperature=6.0, null=False))
    torch_close(warm.value(scores), same.value(scores))
    torch_close(warm.expected(scores), same.expected(scores))


def test_links_are_admitted_if_both_directions_admit_them() -> None:
    scores, family = random_scores(2, 2), Agreement()
    for links, admitted in (
        ([[True, False], [False, True]], True),
        ([[False, False], [False, True]], True),
        ([[True, True], [False, False]], False),  # the forward direction gives a query one key
        ([[True, False], [True, False]], False),  # the backward direction gives a key one query
    ):
        score = family.score(torch.tensor(links), scores)
        assert bool(score > -1e29) is admitted
        if admitted:
            torch_close(score, scores[torch.tensor(links)].sum())
            assert float(score) <= float(family.value(scores))
    strict = Agreement(forward=Independent(null=False), backward=Independent())
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    assert float(family.score(nothing, scores)) == 0.0 and float(strict.score(nothing, scores)) < -1e29


def test_it_is_smooth_where_both_are_and_never_a_posterior() -> None:
    assert Agreement(forward=Independent(), backward=Transport()).smooth
    assert not Agreement(forward=Independent(), backward=Matching()).smooth
    with pytest.raises(UnsupportedError, match="sample"):
        Agreement().sample(torch.zeros(2, 2))
    both = Agreement(forward=Matching(), backward=Matching())
    scores = random_scores(4, 4)
    torch_close(both.value(scores), Matching().value(scores))
    assert torch.equal(both.best(scores), Matching().best(scores))


def test_bad_settings_are_refused_beside_good_ones() -> None:
    Agreement(rule="grow-diag", temperature=0.1)
    with pytest.raises(InputError, match="did you mean 'grow-diag'"):
        Agreement(rule="grow_diag")
    with pytest.raises(InputError, match="positive"):
        Agreement(temperature=-1.0)


# The rules ------------------------------------------------------------------------------------------------------------
Links = list[list[bool]]


def beside(i: int, j: int, rows: int, columns: int) -> list[tuple[int, int]]:
    steps = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))
    return [(i + down, j + right) for down, right in steps if 0 <= i + down < rows and 0 <= j + right < columns]


def pseudo_code(forward: Links, backward: Links, *, final: bool) -> Links:
    """GROW-DIAG-FINAL-AND as it is printed in Koehn et al. 2005: whole scans until nothing changes."""
    rows, columns = len(forward), len(forward[0])
    found = [[forward[i][j] and backward[i][j] for j in range(columns)] for i in range(rows)]

    def row_is_free(i: int) -> bool:
        return not any(found[i])

    def column_is_free(j: int) -> bool:
        return not any(found[i][j] for i in range(rows))

    changed = True
    while changed:
        changed = False
        for i in range(rows):
            for j in range(columns):
                for row, column in beside(i, j, rows, columns) if found[i][j] else ():
                    proposed = forward[row][column] or backward[row][column]
                    if (row_is_free(row) or column_is_free(column)) and proposed:
                        changed, found[row][column] = True, True
    for direction in (forward, backward) if final else ():
        for i in range(rows):
            for j in range(columns):
                if direction[i][j] and row_is_free(i) and column_is_free(j):
                    found[i][j] = True
    return found


@st.composite
def two_directions(draw: st.DrawFn) -> tuple[Links, Links]:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    cell = st.sampled_from([True, False, False]) if draw(st.booleans()) else st.booleans()
    links = st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    return draw(links), draw(links)


def test_growing_follows_the_pseudo_code() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(500):  # the order of the neighbours shows in few of them
        rows, columns = torch.randint(1, 9, (2,), generator=generator).tolist()
        density = float(torch.rand((), generator=generator))
        one, other = torch.rand(2, rows, columns, generator=generator) < density
        directions = one.tolist(), other.tolist()
        assert grow_diag(one, other).tolist() == pseudo_code(*directions, final=False)
        assert grow_diag_final_and(one, other).tolist() == pseudo_code(*directions, final=True)


@quick
@given(two_directions())
def test_the_rules_are_ordered_and_agree_on_agreement(directions: tuple[Links, Links]) -> None:
    one, other = (torch.tensor(links) for links in directions)
    chain = [rule(one, other) for rule in (intersection, grow_diag, grow_diag_final_and, union)]
    for smaller, larger in itertools.pairwise(chain):
        assert not bool((smaller & ~larger).any())
    assert all(torch.equal(rule(one, one), one) for rule in RULES.values())


def test_the_rules_take_batches_and_empty_sides() -> None:
    one, other = random_scores(2, 3, 4, 5) > 0, random_scores(2, 3, 4, 5, seed=1) > 0
    for rule in RULES.values():
        whole = rule(one, other)
        for index in ((0, 0), (1, 2)):
            assert torch.equal(whole[index], rule(one[index], other[index]))
        assert rule(one[..., :0], other[..., :0]).shape == (2, 3, 4, 0)
