"""What the laws do not ask of the chain: its steps in training, keys beyond the table, what is refused."""

import dataclasses

import pytest
import torch

from latentalign.errors import InputError
from latentalign.families import Chain, Independent, LatentAlignment
from latentalign.testing import Case, oracles, truth
from latentalign.testing.items import scores_and_masks

STEPS = ((0.5, -1.0), (0.3, 0.7), (-0.4, 0.1))
FAMILIES = [Chain(steps=STEPS), Chain(steps=STEPS, null=None, temperature=0.7)]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_the_gradient_of_learned_steps_is_how_often_they_are_made(family: Chain) -> None:
    for scores, mask in scores_and_masks(scales=(1.0,), shapes=((1, 2), (3, 2), (4, 2))):
        table = torch.tensor(STEPS, dtype=torch.float64, requires_grad=True)
        learning = dataclasses.replace(family, steps=((0.0,), (0.0,)), learned=table)
        torch.testing.assert_close(learning.value(scores, mask), family.value(scores, mask))
        (gradient,) = torch.autograd.grad(learning.value(scores, mask).sum(), table)
        wanted = torch.zeros_like(table)
        for item in zip(scores, mask, strict=True):
            true = truth(Case(family=family, alignments=oracles.chain(family)), *item)
            for chance, links in zip(true.probabilities, true.links, strict=True):
                last = 0
                for row in links:
                    if bool(row.any()):
                        wanted[last, int(row.int().argmax())] += chance
                        last = int(row.int().argmax()) + 1
        torch.testing.assert_close(gradient, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_learned_steps_that_are_far_apart_give_the_same_value_and_gradient(scale: float) -> None:
    table = (scale * torch.tensor(STEPS, dtype=torch.float64)).requires_grad_()
    given = Chain(steps=tuple(map(tuple, table.tolist())), null=None)
    scores = torch.tensor([[0.5, -1.0], [2.0, 0.1], [-0.3, 0.4]], dtype=torch.float64)
    learned = Chain(learned=table, null=None)
    torch.testing.assert_close(learned.value(scores), given.value(scores))
    (gradient,) = torch.autograd.grad(learned.value(scores), table)
    assert float(gradient.sum()) == pytest.approx(3.0)  # a step for each query
    assert bool((gradient >= 0).all())


def test_the_score_of_links_has_a_gradient_in_the_steps() -> None:
    table = torch.zeros(3, 2, requires_grad=True)
    family = Chain(learned=table, null=None)
    links = torch.tensor([[True, False], [True, False], [False, True]])
    family.score(links, torch.zeros(3, 2)).backward()
    assert table.grad is not None
    assert table.grad.tolist() == [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


def test_without_steps_every_query_is_on_its_own() -> None:
    for scores, mask in scores_and_masks(scales=(1.0, 10.0)):
        torch.testing.assert_close(Chain().value(scores, mask), Independent().value(scores, mask))
        torch.testing.assert_close(
            Chain(null=None).expected(scores, mask), Independent(null=False).expected(scores, mask)
        )


def test_a_key_beyond_the_table_has_the_last_row_and_column() -> None:
    scores = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    long = Chain(steps=((0.5, -1.0, -1.0, -1.0), (0.3, 0.7, 0.7, 0.7), *(((-0.4, 0.1, 0.1, 0.1),) * 3)))
    torch.testing.assert_close(Chain(steps=STEPS).expected(scores), long.expected(scores))


def test_learned_steps_do_not_count_in_a_comparison() -> None:
    assert Chain(learned=torch.zeros(2, 1)) == Chain()
    one = LatentAlignment(family=Chain(), scores=torch.zeros(2, 2), mask=torch.ones(2, 2, dtype=torch.bool))
    assert float(one.kl(one)) == 0.0


@pytest.mark.parametrize(
    "bad",
    [
        {"temperature": 0.0},
        {"steps": ((0.0, 1.0),)},
        {"steps": ((0.0,), (0.0,), (0.0,))},
        {"steps": ((0.0,), (float("inf"),))},
        {"null": float("nan")},
        {"learned": torch.zeros(2, 2)},
    ],
    ids=str,
)
def test_what_is_refused(bad: dict) -> None:
    with pytest.raises(InputError, match="Chain"):
        Chain(**bad)
