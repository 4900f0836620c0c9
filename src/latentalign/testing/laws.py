"""The laws that every alignment family keeps, one function each; a plug-in's author runs them on their own family.

Each law takes a ``Case`` and raises ``AssertionError`` where the family breaks it. ``LAWS`` lists them all. The laws
run all items of one shape as a batch; ``padding_changes_nothing`` holds the batch against its items.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from latentalign.families.alignment import LatentAlignment
from latentalign.testing.derivatives import analytic_jacobian, gradient_of, numeric_jacobian
from latentalign.testing.items import LARGE_SHAPES, SHAPES, close, enumerated, enumerated_large, scores_and_masks
from latentalign.testing.oracles import Case, Truth, truth


def value_is_the_log_partition(case: Case) -> None:
    """The value equals the enumerated (soft) maximum; for a family of hard alignments, the maximum."""
    for alignment, true in enumerated_large(case):
        wanted = [item.value if case.family.probabilistic else item.highest for item in true]
        close(alignment.value, wanted)


def expected_is_the_marginal(case: Case) -> None:
    """The expected alignment equals the enumerated probability of each link; for a hard family, the best alignment."""
    for alignment, true in enumerated_large(case):
        wanted = [item.expected if case.family.probabilistic else _highest(item) for item in true]
        close(alignment.expected, wanted)


def entropy_is_the_entropy(case: Case) -> None:
    """The entropy equals that of the enumerated distribution."""
    if case.family.probabilistic:
        for alignment, true in enumerated(case):
            close(alignment.entropy, [item.entropy for item in true], scores=alignment.scores)


def best_has_the_highest_score(case: Case) -> None:
    """The best alignment is admitted and scores as high as the best enumerated one."""
    for alignment, true in enumerated_large(case):
        score = case.family.score(alignment.best, alignment.scores, alignment.mask)
        close(score, [item.highest for item in true])


def no_alignment_beats_the_value(case: Case) -> None:
    """The value is at least the score of every admitted alignment, and ``score`` agrees with the enumeration."""
    for alignment, true in enumerated(case):
        for scores, mask, value, item in zip(alignment.scores, alignment.mask, alignment.value, true, strict=True):
            score = case.family.score(item.links, scores.expand(item.links.shape), mask)
            tolerance = 1e-8 * score.abs().clamp_min(1.0)
            assert bool(((score - item.totals).abs() <= tolerance).all()), (score, item.totals)
            assert bool((score <= value + tolerance).all()), (score, value)


def only_the_enumerated_are_admitted(case: Case) -> None:
    """Of all sets of links of a small matrix, ``score`` admits those that enumeration lists, and no other."""
    for alignment, true in enumerated(case, scales=(1.0,)):
        shape = alignment.scores.shape[1:]
        if shape.numel() > 6:
            continue
        every = torch.cartesian_prod(*[torch.tensor([False, True])] * shape.numel()).reshape(-1, *shape)
        for scores, mask, item in zip(alignment.scores, alignment.mask, true, strict=True):
            admitted = case.family.score(every, scores.expand(every.shape), mask) > -1e29
            listed = (every[:, None] == item.links).all(dim=(-2, -1)).any(dim=1)
            assert torch.equal(admitted, listed), every[admitted != listed]


def log_prob_is_the_probability(case: Case) -> None:
    """``log_prob`` of each alignment is the enumerated one, so together they sum to 1."""
    if not case.family.probabilistic:
        return
    for alignment, true in enumerated(case, scales=(1.0, 10.0)):
        for scores, mask, item in zip(alignment.scores, alignment.mask, true, strict=True):
            one = LatentAlignment(family=case.family, scores=scores.expand(item.links.shape), mask=mask)
            torch.testing.assert_close(one.log_prob(item.links).exp(), item.probabilities, rtol=1e-8, atol=1e-8)


def kl_is_the_divergence(case: Case) -> None:
    """The divergence between two score matrices equals the enumerated one."""
    if not case.family.probabilistic:
        return
    for alignment, true in enumerated(case, scales=(1.0, 10.0)):
        other = alignment.scores.flip(-1) * 0.5
        there = [truth(case, *item) for item in zip(other, alignment.mask, strict=True)]
        wanted = [
            (p.probabilities * (p.probabilities.log() - q.probabilities.log())).nan_to_num(0.0).sum()
            for p, q in zip(true, there, strict=True)
        ]
        close(alignment.kl(dataclasses.replace(alignment, scores=other)), wanted, scores=alignment.scores)


def samples_follow_the_marginals(case: Case) -> None:
    """Four thousand samples have the expected alignment as their mean, to five standard errors."""
    if not case.family.probabilistic:
        return
    count, generator = 4000, torch.Generator().manual_seed(1)
    for scores, mask in scores_and_masks(scales=(1.0,), shapes=((2, 3), (3, 2), (4, 4))):
        batch, masks = scores.expand(count, *scores.shape), mask.expand(count, *mask.shape)
        mean = case.family.sample(batch, masks, generator=generator).double().mean(dim=0)
        wanted = case.family.expected(scores, mask)
        error = (wanted * (1 - wanted)).clamp_min(0).sqrt() / count**0.5
        assert bool(((mean - wanted).abs() <= 5 * error + 1e-9).all()), (mean, wanted)


def samples_are_admitted(case: Case) -> None:
    """Every sample is an alignment that the family admits, where it admits any."""
    if not case.family.probabilistic:
        return
    generator = torch.Generator().manual_seed(3)
    for scores, mask in scores_and_masks(scales=(1.0, 1000.0)):
        batch, masks = scores.expand(50, *scores.shape), mask.expand(50, *mask.shape)
        score = case.family.score(case.family.sample(batch, masks, generator=generator), batch, masks)
        possible = case.family.value(scores, mask) > -1e29
        assert bool(((score > -1e29) == possible).all()), score


def expected_is_the_gradient(case: Case) -> None:
    """The expected alignment is the gradient of the value by autograd."""
    for shapes in (SHAPES, LARGE_SHAPES):
        for scores, mask in scores_and_masks(scales=(1.0, 10.0), shapes=shapes):
            leaf = scores.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(case.family.value(leaf, mask).sum(), leaf)
            torch.testing.assert_close(gradient, case.family.expected(scores, mask), rtol=1e-6, atol=1e-6)


def derivatives_are_right(case: Case) -> None:
    """The derivatives of value, expected, entropy and of the value's gradient are the finite differences.

    Whole Jacobians of every shape and mask in float64, where smooth; torch's own ``gradcheck`` and ``gradgradcheck``
    on one shape.
    """
    if not case.family.smooth:
        return
    family = case.family
    for scores, mask in scores_and_masks(scales=(1.0,)):
        for function in (family.value, family.expected, family.entropy, gradient_of(family.value)):
            got = analytic_jacobian(function, scores, mask)
            wanted = numeric_jacobian(function, scores, mask)
            torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)
    for scores, mask in scores_and_masks(scales=(1.0,), shapes=((2, 3),)):
        leaf, shown = scores[:1].clone().requires_grad_(), mask[:1]
        assert torch.autograd.gradcheck(lambda inner, shown=shown: family.value(inner, shown), (leaf,))
        assert torch.autograd.gradcheck(lambda inner, shown=shown: family.expected(inner, shown), (leaf,))
        assert torch.autograd.gradgradcheck(lambda inner, shown=shown: family.value(inner, shown), (leaf,))


def nothing_outside_the_mask(case: Case) -> None:
    """No mass and no link where the mask is False; garbage and NaN there change nothing, gradients included."""
    for scores, mask in scores_and_masks(scales=(1.0, 1000.0)):
        clean, mass = case.family.value(scores, mask), case.family.expected(scores, mask)
        for garbage in (float("nan"), float("inf"), -1e30):
            dirty = torch.where(mask, scores, garbage).requires_grad_()
            value = case.family.value(dirty, mask)
            (gradient,) = torch.autograd.grad(value.sum(), dirty)
            assert bool(gradient.isfinite().all())
            assert not bool(gradient[~mask].any())
            assert not bool(case.family.best(dirty, mask)[~mask].any())
            expected = case.family.expected(dirty, mask).detach()
            assert not bool(expected[~mask].any())
            torch.testing.assert_close(value.detach(), clean)
            torch.testing.assert_close(expected, mass)


def padding_changes_nothing(case: Case) -> None:
    """Padding rows and columns at the end changes neither value nor mass; a batch equals the loop over its items."""
    generator = torch.Generator().manual_seed(2)
    sizes = [(1, 1), (3, 2), (2, 5), (5, 5), (0, 3), (3, 0), (0, 0)]
    items = [torch.randn(size, generator=generator, dtype=torch.float64) * 5 for size in sizes]
    batch = torch.full((len(items), 6, 7), float("nan"), dtype=torch.float64)
    mask = torch.zeros(batch.shape, dtype=torch.bool)
    for index, item in enumerate(items):
        batch[index, : item.shape[0], : item.shape[1]] = item
        mask[index, : item.shape[0], : item.shape[1]] = True
    values, expected = case.family.value(batch, mask), case.family.expected(batch, mask)
    best = case.family.best(batch, mask)
    for index, item in enumerate(items):
        rows, columns = item.shape
        torch.testing.assert_close(values[index], case.family.value(item), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(expected[index, :rows, :columns], case.family.expected(item), rtol=1e-6, atol=1e-6)
        assert torch.equal(best[index, :rows, :columns], case.family.best(item))


def nothing_is_worth_nothing(case: Case) -> None:
    """Empty sides, empty batches and all-masked items have value 0, no mass, and finite gradients."""
    for shape in ((0, 0), (0, 3), (3, 0), (2, 0, 3), (0, 2, 2), (2, 3)):
        scores = torch.randn(shape, dtype=torch.float64).requires_grad_()
        mask = torch.zeros(shape, dtype=torch.bool)
        value = case.family.value(scores, mask)
        assert value.shape == shape[:-2] and not bool(value.any())
        (gradient,) = torch.autograd.grad(value.sum(), scores)
        assert not bool(gradient.any())
        assert not bool(case.family.expected(scores, mask).any())
        assert not bool(case.family.best(scores, mask).any())
        assert not bool(case.family.entropy(scores, mask).any())


def colder_is_harder(case: Case) -> None:
    """As the temperature goes to 0, the value goes to the score of the best alignment, and the mass to it."""
    if not case.hard_limit:  # such a family has a test of its own
        return
    cold = dataclasses.replace(case.family, temperature=1e-3)  # type: ignore[type-var]
    for scores, mask in scores_and_masks(scales=(10.0,)):
        best = case.family.best(scores, mask)
        if case.alignments is not None:
            highest = case.family.score(best, scores, mask)
            torch.testing.assert_close(cold.value(scores, mask), highest, rtol=1e-2, atol=1e-2)
        torch.testing.assert_close(cold.expected(scores, mask).round(), best.double(), rtol=0, atol=1e-6)


def half_precision_is_accumulated_in_single(case: Case) -> None:
    """bf16 and fp16 scores are taken, and give what the same scores give in float32."""
    for scores, mask in scores_and_masks(scales=(1.0, 10.0)):
        for half in (torch.bfloat16, torch.float16):
            low = scores.to(half)
            value, expected = case.family.value(low, mask), case.family.expected(low, mask)
            assert value.dtype is expected.dtype is torch.float32
            torch.testing.assert_close(value, case.family.value(low.float(), mask))
            torch.testing.assert_close(expected, case.family.expected(low.float(), mask))


def single_precision_agrees(case: Case) -> None:
    """float32 gives what float64 gives, to its rounding, at every scale of the scores."""
    for scores, mask in scores_and_masks():
        single = scores.float()
        scale = scores.abs().amax(dim=(-2, -1)).clamp_min(1.0)
        got, wanted = case.family.value(single, mask), case.family.value(single.double(), mask)
        assert got.dtype is torch.float32
        torch.testing.assert_close(got.double() / scale, wanted / scale, rtol=1e-4, atol=1e-5)
        mass, exact = case.family.expected(single, mask), case.family.expected(single.double(), mask)
        torch.testing.assert_close(mass.double(), exact, rtol=1e-2, atol=2e-3)


def posteriors_add_up(case: Case) -> None:
    """The posterior is the same family at S + E."""
    for scores, mask in scores_and_masks(scales=(1.0,)):
        alignment = LatentAlignment(family=case.family, scores=scores, mask=mask)
        wanted = case.family.value(scores + scores.cos(), mask)
        torch.testing.assert_close(alignment.posterior(scores.cos()).value, wanted, rtol=1e-8, atol=1e-8)


def constraints_hold(case: Case) -> None:
    """With a link forbidden or required, value and mass are those of the alignments that obey."""
    for alignment, true in enumerated(case, scales=(1.0, 100.0)):
        places = (alignment.mask.flatten(1).cumsum(dim=1) == 1).reshape(alignment.mask.shape)
        link = places & alignment.mask
        held = [(item.links & one).flatten(1).any(dim=1) for item, one in zip(true, link, strict=True)]
        link &= torch.stack([kept.any() for kept in held])[:, None, None]
        left = [
            dataclasses.replace(item, totals=torch.where(kept | ~one.any(), item.totals, -torch.inf))
            for item, kept, one in zip(true, held, link, strict=True)
        ]
        possible = torch.tensor([bool(item.totals.isfinite().any()) for item in left])
        inside = LatentAlignment(family=case.family, scores=alignment.scores[possible], mask=alignment.mask[possible])
        found = inside.constrain(required=link[possible])
        wanted = [_of_totals(case, item) for item, fine in zip(left, possible, strict=True) if fine]
        torch.testing.assert_close(found.expected, torch.stack([mass for mass, _ in wanted]), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(found.value, torch.stack([value for _, value in wanted]), rtol=1e-6, atol=1e-6)
        assert not bool(alignment.constrain(forbidden=link).expected[link].any())


def _of_totals(case: Case, item: Truth) -> tuple[Tensor, Tensor]:
    """Return mass and value of the alignments whose totals are finite."""
    if not case.family.probabilistic:
        return _highest(item), item.totals.max()
    totals = item.totals / case.family.temperature
    mass = (totals.softmax(dim=0) @ item.links.flatten(1).double()).reshape(item.links.shape[1:])
    return mass, case.family.temperature * torch.logsumexp(totals, dim=0)


def _highest(item: Truth) -> Tensor:
    return item.links[item.totals.argmax()].double()


LAWS: tuple[Callable[[Case], None], ...] = (
    value_is_the_log_partition,
    expected_is_the_marginal,
    entropy_is_the_entropy,
    best_has_the_highest_score,
    no_alignment_beats_the_value,
    only_the_enumerated_are_admitted,
    log_prob_is_the_probability,
    kl_is_the_divergence,
    samples_follow_the_marginals,
    samples_are_admitted,
    expected_is_the_gradient,
    derivatives_are_right,
    nothing_outside_the_mask,
    padding_changes_nothing,
    nothing_is_worth_nothing,
    colder_is_harder,
    half_precision_is_accumulated_in_single,
    single_precision_agrees,
    posteriors_add_up,
    constraints_hold,
)
