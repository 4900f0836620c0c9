"""The laws that every alignment family keeps, one function each; a plug-in's author runs them on their own family.

Each law takes a ``Case`` and raises ``AssertionError`` where the family breaks it. ``LAWS`` lists them all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from latentalign.families.alignment import LatentAlignment
from latentalign.testing.oracles import Case, Truth, truth

SHAPES = ((1, 1), (1, 4), (4, 1), (2, 3), (3, 2), (4, 4))
SCALES = (1.0, 10.0, 100.0, 1000.0)


def scores_and_masks(*, seed: int = 0, scales: tuple[float, ...] = SCALES) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield score matrices of every shape and scale with full, ragged and sparse masks; each row keeps its fate."""
    generator = torch.Generator().manual_seed(seed)
    for shape in SHAPES:
        for scale in scales:
            scores = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
            full = torch.ones(shape, dtype=torch.bool)
            ragged = full.clone()
            ragged[-1:] &= shape[0] == 1
            ragged[:, -1:] &= shape[1] == 1
            sparse = torch.rand(shape, generator=generator) < 0.7
            for mask in (full, ragged, sparse, ~full):
                yield scores, mask


def enumerated(case: Case, *, scales: tuple[float, ...] = SCALES) -> Iterator[tuple[LatentAlignment, Truth]]:
    """Yield alignments with what enumeration says of them."""
    if case.alignments is None:
        return
    for scores, mask in scores_and_masks(scales=scales):
        yield LatentAlignment(family=case.family, scores=scores, mask=mask), truth(case, scores, mask)


def close(got: Tensor, wanted: Tensor, *, scale: float = 1.0) -> None:
    """Raise unless two tensors agree to 1e-8 of the scale of the scores."""
    torch.testing.assert_close(got, wanted, rtol=1e-8, atol=1e-8 * max(1.0, scale))


def value_is_the_log_partition(case: Case) -> None:
    """The value equals the enumerated (soft) maximum; for a family of hard alignments, the maximum."""
    for alignment, true in enumerated(case):
        close(alignment.value, true.value if case.family.probabilistic else true.highest)


def expected_is_the_marginal(case: Case) -> None:
    """The expected alignment equals the enumerated probability of each link."""
    if case.family.probabilistic:
        for alignment, true in enumerated(case):
            close(alignment.expected, true.expected)


def entropy_is_the_entropy(case: Case) -> None:
    """The entropy equals that of the enumerated distribution."""
    if case.family.probabilistic:
        for alignment, true in enumerated(case):
            close(alignment.entropy, true.entropy, scale=float(alignment.scores.abs().max()))


def best_has_the_highest_score(case: Case) -> None:
    """The best alignment is admitted and scores as high as the best enumerated one."""
    for alignment, true in enumerated(case):
        close(case.family.score(alignment.best, alignment.scores, alignment.mask), true.highest)


def no_alignment_beats_the_value(case: Case) -> None:
    """The value is at least the score of every admitted alignment, and ``score`` agrees with the enumeration."""
    for alignment, true in enumerated(case, scales=(1.0, 100.0)):
        for links in true.links[:50]:
            chosen = as_links(links, alignment.scores)
            score = case.family.score(chosen, alignment.scores, alignment.mask)
            assert float(score) <= float(alignment.value) + 1e-8 * max(1.0, float(score.abs())), (score, alignment)


def log_prob_is_the_probability(case: Case) -> None:
    """``log_prob`` of each alignment is the enumerated one, so together they sum to 1."""
    if case.family.probabilistic:
        for alignment, true in enumerated(case, scales=(1.0, 10.0)):
            chosen = [as_links(links, alignment.scores) for links in true.links]
            if len(set(true.links)) == len(true.links):
                got = torch.stack([alignment.log_prob(links).exp() for links in chosen])
                close(got, true.probabilities)


def kl_is_the_divergence(case: Case) -> None:
    """The divergence between two score matrices equals the enumerated one."""
    if not (case.family.probabilistic and case.alignments):
        return
    for scores, mask in scores_and_masks(scales=(1.0, 10.0)):
        other = scores.flip(-1) * 0.5
        here, there = truth(case, scores, mask), truth(case, other, mask)
        wanted = (here.probabilities * (here.probabilities.log() - there.probabilities.log())).nan_to_num(0.0).sum()
        alignment = LatentAlignment(family=case.family, scores=scores, mask=mask)
        close(alignment.kl(dataclasses.replace(alignment, scores=other)), wanted, scale=100.0)


def samples_follow_the_marginals(case: Case) -> None:
    """Four thousand samples have the expected alignment as their mean, to five standard errors."""
    if not case.family.probabilistic:
        return
    count, generator = 4000, torch.Generator().manual_seed(1)
    for scores, mask in list(scores_and_masks(scales=(1.0,)))[12:]:
        batch, masks = scores.expand(count, -1, -1), mask.expand(count, -1, -1)
        mean = case.family.sample(batch, masks, generator=generator).double().mean(dim=0)
        wanted = case.family.expected(scores, mask)
        error = (wanted * (1 - wanted)).clamp_min(0).sqrt() / count**0.5
        assert bool(((mean - wanted).abs() <= 5 * error + 1e-9).all()), (mean, wanted)


def expected_is_the_gradient(case: Case) -> None:
    """The expected alignment is the gradient of the value, by autograd and by finite differences where smooth."""
    for scores, mask in scores_and_masks(scales=(1.0, 10.0)):
        leaf = scores.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(case.family.value(leaf, mask).sum(), leaf)
        torch.testing.assert_close(gradient, case.family.expected(scores, mask), rtol=1e-6, atol=1e-6)


def derivatives_are_right(case: Case) -> None:
    """``gradcheck`` of value and expected, ``gradgradcheck`` of the value, in float64, where smooth."""
    if not case.family.smooth:
        return
    for index, (scores, mask) in enumerate(scores_and_masks(scales=(1.0,))):
        if index % 4 > 1:
            continue
        leaf = scores.clone().requires_grad_()
        value, expected, entropy = (
            lambda inner, call=call: call(inner, mask)
            for call in (case.family.value, case.family.expected, case.family.entropy)
        )
        assert torch.autograd.gradcheck(value, (leaf,))
        assert torch.autograd.gradcheck(expected, (leaf,))
        assert torch.autograd.gradcheck(entropy, (leaf,))
        assert torch.autograd.gradgradcheck(value, (leaf,))


def nothing_outside_the_mask(case: Case) -> None:
    """No mass and no link where the mask is False; garbage and NaN there change nothing, gradients included."""
    for scores, mask in scores_and_masks(scales=(1.0, 1000.0)):
        for garbage in (float("nan"), float("inf"), -1e30):
            dirty = torch.where(mask, scores, garbage).requires_grad_()
            value = case.family.value(dirty, mask)
            (gradient,) = torch.autograd.grad(value, dirty)
            assert bool(gradient.isfinite().all())
            assert not bool(gradient[~mask].any())
            assert not bool(case.family.best(dirty, mask)[~mask].any())
            expected = case.family.expected(dirty, mask).detach()
            assert not bool(expected[~mask].any())
            torch.testing.assert_close(value.detach(), case.family.value(scores, mask))
            torch.testing.assert_close(expected, case.family.expected(scores, mask))


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
    cold = dataclasses.replace(case.family, temperature=1e-3)
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
        scale = float(scores.abs().max())
        got, wanted = case.family.value(single, mask), case.family.value(single.double(), mask)
        torch.testing.assert_close(got.double(), wanted, rtol=1e-4, atol=1e-5 * max(1.0, scale))
        mass, exact = case.family.expected(single, mask), case.family.expected(single.double(), mask)
        torch.testing.assert_close(mass.double(), exact, rtol=1e-2, atol=2e-3)


def posteriors_add_up(case: Case) -> None:
    """The posterior is the same family at S + E."""
    for scores, mask in scores_and_masks(scales=(1.0,)):
        alignment = LatentAlignment(family=case.family, scores=scores, mask=mask)
        close(alignment.posterior(scores.cos()).value, case.family.value(scores + scores.cos(), mask))


def constraints_hold(case: Case) -> None:
    """With a link forbidden or required, the mass is that of the alignments that obey."""
    if not (case.family.probabilistic and case.alignments):
        return
    for alignment, true in enumerated(case, scales=(1.0, 100.0)):
        if not bool(alignment.mask.any()):
            continue
        i, j = alignment.mask.nonzero()[0].tolist()
        link = torch.zeros_like(alignment.mask)
        link[i, j] = True
        held = torch.tensor([(i, j) in links for links in true.links])
        totals = torch.where(held, true.probabilities.log(), -torch.inf)
        if not bool(held.any()) or not bool(totals.isfinite().any()):
            continue
        found = alignment.constrain(required=link)
        chances = totals.softmax(dim=0)
        wanted = sum(p * as_links(links, alignment.scores).double() for p, links in zip(chances, true.links, strict=True))
        torch.testing.assert_close(found.expected, wanted, rtol=1e-6, atol=1e-6)
        worth = true.value + case.family.temperature * torch.logsumexp(totals, dim=0)
        torch.testing.assert_close(found.value, worth, rtol=1e-6, atol=1e-6)
        assert not bool(alignment.constrain(forbidden=link).expected[i, j])


def as_links(links: frozenset[tuple[int, int]], scores: Tensor) -> Tensor:
    """Return enumerated links as a bool matrix of the scores' shape."""
    chosen = torch.zeros(scores.shape, dtype=torch.bool)
    for i, j in links:
        chosen[i, j] = True
    return chosen


LAWS: tuple[Callable[[Case], None], ...] = (
    value_is_the_log_partition,
    expected_is_the_marginal,
    entropy_is_the_entropy,
    best_has_the_highest_score,
    no_alignment_beats_the_value,
    log_prob_is_the_probability,
    kl_is_the_divergence,
    samples_follow_the_marginals,
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
