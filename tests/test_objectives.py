"""Every objective: its definition by enumeration, its identities, and that padding and empty items count not."""

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from latentalign import registry
from latentalign.errors import InputError, ShapeError, UnknownNameError, UnsupportedError
from latentalign.families.alignment import LatentAlignment
from latentalign.families.family import AlignmentFamily
from latentalign.families.independent import Independent
from latentalign.families.markov import Markov
from latentalign.families.monotonic import Monotonic
from latentalign.objectives.agreement import LEAST, agreement
from latentalign.objectives.consistency import consistency
from latentalign.objectives.contrastive import contrastive
from latentalign.objectives.elbo import elbo
from latentalign.objectives.guided import guided
from latentalign.objectives.likelihood import likelihood
from latentalign.objectives.masked import masked
from latentalign.testing import Case, oracles
from latentalign.testing.oracles import Truth, truth

CHAIN, LATTICE = Markov(null_log_odds=0.3), Monotonic(gap_query=-0.5, gap_key=-0.2)
CASES = [
    Case(family=Independent(), alignments=oracles.independent(null=True)),
    Case(family=Independent(null=False, temperature=2.0), alignments=oracles.independent(null=False)),
    Case(family=CHAIN, alignments=oracles.markov(CHAIN)),
    Case(family=LATTICE, alignments=oracles.monotonic(LATTICE)),
]
FAMILIES = [case.family for case in CASES]
SHAPES = [(1, 1), (2, 3), (3, 2), (3, 3)]
NO_DISTRIBUTION = Independent(alpha=2.0)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Whatever an objective may ask for, of one shape (*batch, query, key)."""

    scores: Tensor
    mask: Tensor
    other: Tensor
    emission: Tensor
    null: Tensor
    gold: Tensor
    hidden: Tensor

    def alignment(self, family: AlignmentFamily) -> LatentAlignment:
        return LatentAlignment(family=family, scores=self.scores, mask=self.mask)

    def view(self, family: AlignmentFamily) -> LatentAlignment:
        return LatentAlignment(family=family, scores=self.other, mask=self.mask)


def random_batch(*shape: int, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    *items, n, _ = shape

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64)

    return Batch(
        scores=2 * normal(*shape),
        mask=torch.ones(shape, dtype=torch.bool),
        other=2 * normal(*shape),
        emission=normal(*shape) - 2,
        null=normal(*items, n) - 3,
        gold=(normal(*shape) > 0).double(),
        hidden=normal(*items, n) > 0,
    )


def transposed(alignment: LatentAlignment) -> LatentAlignment:
    return dataclasses.replace(alignment, scores=alignment.scores.mT, mask=alignment.mask.mT)


def grid(batch: Batch, family: AlignmentFamily) -> LatentAlignment:
    """The pairs of a batch as a grid: the score of a query of one item with a key of another is a product of both."""
    scores = batch.scores[:, None] * 0.5 + batch.other[None] * 0.5
    return LatentAlignment(family=family, scores=scores, mask=batch.mask[:, None] & batch.mask[None])


Objective = Callable[[Batch, AlignmentFamily, str], Tensor]
OBJECTIVES: dict[str, Objective] = {
    "likelihood": lambda b, f, r: likelihood(b.alignment(f), b.emission, null=b.null, reduction=r),
    "guided": lambda b, f, r: guided(b.alignment(f), b.gold, reduction=r),
    "agreement": lambda b, f, r: agreement(b.alignment(f), transposed(b.view(f)), reduction=r),
    "consistency": lambda b, f, r: consistency(b.alignment(f), b.view(f), reduction=r),
    "contrastive": lambda b, f, r: contrastive(grid(b, f), reduction=r),
    "masked": lambda b, f, r: masked(b.alignment(f), b.emission, b.hidden, null=b.null, reduction=r),
    "elbo": lambda b, f, r: elbo(b.alignment(f), b.emission, b.view(f), null=b.null, reduction=r),
}
for_each_family = pytest.mark.parametrize("family", FAMILIES, ids=str)
for_each_case = pytest.mark.parametrize("case", CASES, ids=str)
for_each_objective = pytest.mark.parametrize("name", OBJECTIVES)


def test_every_registered_objective_is_tested_here() -> None:
    own = {name for name, target in registry.objectives.items() if target.startswith("latentalign.")}
    assert own == set(OBJECTIVES)
    assert registry.objectives.load("elbo") is elbo


# Definitions, by enumeration ----------------------------------------------------------------------------------------
def enumerated(case: Case, batch: Batch) -> tuple[Truth, Tensor]:
    """All alignments of one item, and (alignment,) the log-likelihood of the queries under each."""
    found = truth(case, batch.scores, batch.mask)
    linked = found.links.any(dim=-1)
    each = torch.where(found.links, batch.emission, 0.0).sum(dim=(-2, -1))
    return found, each + torch.where(linked, 0.0, batch.null).sum(dim=-1)


@for_each_case
@pytest.mark.parametrize("shape", SHAPES)
def test_likelihood_is_the_enumerated_one(case: Case, shape: tuple[int, int]) -> None:
    batch, temperature = random_batch(*shape), case.family.temperature
    found, log_likelihood = enumerated(case, batch)
    base = batch.null.sum()  # not tempered: it is the same for every alignment
    relative = (log_likelihood - base) / temperature
    wanted = temperature * (found.probabilities.log() + relative).logsumexp(dim=0) + base
    torch.testing.assert_close(likelihood(batch.alignment(case.family), batch.emission, null=batch.null), -wanted)


@for_each_case
def test_masked_reads_only_the_hidden_queries(case: Case) -> None:
    batch = random_batch(3, 3)
    hidden = torch.tensor([True, False, True])
    shown = dataclasses.replace(
        batch, emission=torch.where(hidden[:, None], batch.emission, 0.0), null=torch.where(hidden, batch.null, 0.0)
    )
    found, log_likelihood = enumerated(case, shown)
    base, temperature = shown.null.sum(), case.family.temperature
    relative = (log_likelihood - base) / temperature
    wanted = -temperature * (found.probabilities.log() + relative).logsumexp(dim=0) - base
    got = masked(batch.alignment(case.family), batch.emission, hidden, null=batch.null, reduction="sum")
    torch.testing.assert_close(got, wanted)
    per_query = masked(batch.alignment(case.family), batch.emission, hidden, null=batch.null)
    torch.testing.assert_close(per_query, wanted / 2)


@for_each_case
@pytest.mark.parametrize("shape", SHAPES)
def test_elbo_is_the_enumerated_one(case: Case, shape: tuple[int, int]) -> None:
    batch = random_batch(*shape)
    found, log_likelihood = enumerated(case, batch)
    q = truth(case, batch.other, batch.mask).probabilities
    divergence = (q * (q.log() - found.probabilities.log())).nan_to_num(0.0).sum()
    wanted = -(q * log_likelihood).sum() + case.family.temperature * divergence
    got = elbo(batch.alignment(case.family), batch.emission, batch.view(case.family), null=batch.null)
    torch.testing.assert_close(got, wanted)


@for_each_case
def test_consistency_is_the_symmetric_divergence(case: Case) -> None:
    batch = random_batch(3, 2)
    p, q = (truth(case, scores, batch.mask).probabilities for scores in (batch.scores, batch.other))
    wanted = ((p - q) * (p.log() - q.log())).sum() / 2
    first, second = batch.alignment(case.family), batch.view(case.family)
    torch.testing.assert_close(consistency(first, second), wanted)
    torch.testing.assert_close(consistency(first, second), (first.kl(second) + second.kl(first)) / 2)


def test_agreement_is_the_product_mass_over_all_sets_of_links() -> None:
    batch = random_batch(2, 3)
    there, back = batch.alignment(Independent()), transposed(batch.view(CHAIN))
    a, b = there.expected.flatten(), back.expected.mT.flatten()
    mass = torch.zeros((), dtype=torch.float64)
    for links in itertools.product([False, True], repeat=6):
        z = torch.tensor(links)
        mass += torch.where(z, a, 1 - a).prod() * torch.where(z, b, 1 - b).prod()
    torch.testing.assert_close(agreement(there, back), -mass.log())


@for_each_family
def test_contrastive_is_the_cross_entropy_of_the_values(family: AlignmentFamily) -> None:
    pairs = grid(random_batch(4, 2, 3), family)
    true = torch.arange(4)
    for temperature, per_query in ((1.0, False), (0.5, False), (1.0, True)):
        values = pairs.value / (2 if per_query else 1) / temperature
        wanted = (
            torch.nn.functional.cross_entropy(values, true) + torch.nn.functional.cross_entropy(values.T, true)
        ) / 2
        torch.testing.assert_close(contrastive(pairs, temperature=temperature, per_query=per_query), wanted)


# Identities ---------------------------------------------------------------------------------------------------------
@for_each_family
def test_elbo_bounds_the_likelihood_and_meets_it_at_the_posterior(family: AlignmentFamily) -> None:
    batch = random_batch(20, 3, 4)
    prior = batch.alignment(family)
    exact = likelihood(prior, batch.emission, null=batch.null, reduction="none")
    bound = elbo(prior, batch.emission, batch.view(family), null=batch.null, reduction="none")
    assert bool((bound > exact).all())
    posterior = prior.posterior(batch.emission - batch.null[..., None])
    torch.testing.assert_close(elbo(prior, batch.emission, posterior, null=batch.null, reduction="none"), exact)


@for_each_family
def test_the_gradient_of_guided_is_evidence_less_gold(family: AlignmentFamily) -> None:
    batch = random_batch(3, 4)
    scores = batch.scores.clone().requires_grad_()
    alignment = LatentAlignment(family=family, scores=scores, mask=batch.mask)
    gold = batch.gold / batch.gold.sum(dim=-1, keepdim=True).clamp_min(1)
    for loss, links in (
        (guided(alignment, batch.gold), gold),
        (guided(alignment, batch.gold > 0), gold),
        (guided(alignment, batch.gold, share_rows=False), batch.gold),
        (guided(alignment, batch.view(family)), batch.view(family).expected),
    ):
        (gradient,) = torch.autograd.grad(loss, scores, retain_graph=True)
        torch.testing.assert_close(gradient, (alignment.expected - links).detach(), atol=1e-6, rtol=1e-6)


@for_each_family
def test_guiding_towards_the_posterior_is_a_step_of_the_likelihood(family: AlignmentFamily) -> None:
    batch = random_batch(3, 4)
    scores = batch.scores.clone().requires_grad_()
    alignment = LatentAlignment(family=family, scores=scores, mask=batch.mask)
    towards = guided(alignment, alignment.posterior(batch.emission), share_rows=False)
    (step,) = torch.autograd.grad(towards, scores, retain_graph=True)
    (exact,) = torch.autograd.grad(likelihood(alignment, batch.emission), scores)
    torch.testing.assert_close(step, exact, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", ["likelihood", "elbo"])
@for_each_family
def test_the_gradient_in_the_emissions_is_minus_the_posterior(family: AlignmentFamily, name: str) -> None:
    batch = random_batch(3, 4)
    emission = batch.emission.clone().requires_grad_()
    prior = batch.alignment(family)
    posterior = prior.posterior(batch.emission)
    loss = likelihood(prior, emission) if name == "likelihood" else elbo(prior, emission, posterior)
    (gradient,) = torch.autograd.grad(loss, emission)
    torch.testing.assert_close(gradient, -posterior.expected, atol=1e-6, rtol=1e-6)


def test_agreement_is_0_for_the_same_certain_alignment_and_largest_for_the_opposite() -> None:
    mask = torch.ones(3, 3, dtype=torch.bool)
    permutation = torch.eye(3)[[2, 0, 1]]

    def certain(links: Tensor) -> LatentAlignment:
        return LatentAlignment(family=Independent(), scores=(links * 2 - 1) * 100, mask=mask)

    same = agreement(certain(permutation), certain(permutation.mT))
    assert same.item() == 0
    assert agreement(certain(torch.zeros(3, 3)), certain(torch.zeros(3, 3))).item() == 0
    nothing = agreement(certain(permutation), certain(torch.zeros(3, 3)))
    torch.testing.assert_close(nothing, -3 * torch.tensor(LEAST).log())


@for_each_family
def test_a_view_is_consistent_with_itself_only(family: AlignmentFamily) -> None:
    batch = random_batch(10, 3, 4)
    assert not bool(consistency(batch.alignment(family), batch.alignment(family), reduction="none").any())
    assert bool((consistency(batch.alignment(family), batch.view(family), reduction="none") > 0).all())


def test_without_keys_to_choose_from_nothing_is_lost_to_null() -> None:
    """With one key that NULL never replaces, the likelihood is the emission itself."""
    emission = torch.tensor([[-1.5], [-0.5]])
    alignment = LatentAlignment(family=Independent(null=False), scores=torch.zeros(2, 1), mask=torch.ones(2, 1).bool())
    null = torch.tensor([-4.0, -7.0])
    torch.testing.assert_close(likelihood(alignment, emission, null=null), torch.tensor(2.0))


# Padding, empty items, reductions, precision ------------------------------------------------------------------------
SIZES = [(1, 1), (3, 2), (2, 4), (4, 4), (0, 3), (3, 0), (0, 0)]


def padded_and_apart() -> tuple[Batch, list[Batch]]:
    """Items of every size in one batch whose padding is NaN, and the same items one by one."""
    apart = [random_batch(*size, seed=seed) for seed, size in enumerate(SIZES)]
    together = {}
    for field in dataclasses.fields(Batch):
        rows = [getattr(item, field.name) for item in apart]
        shape = (5, 6)[: rows[0].dim()]
        filler = False if rows[0].dtype is torch.bool else float("nan")
        stacked = torch.full((len(apart), *shape), filler, dtype=rows[0].dtype)
        for index, row in enumerate(rows):
            stacked[(index, *(slice(0, size) for size in row.shape))] = row
        together[field.name] = stacked
    return Batch(**together), apart


@for_each_objective
@for_each_family
def test_padding_changes_nothing(name: str, family: AlignmentFamily) -> None:
    together, apart = padded_and_apart()
    got = OBJECTIVES[name](together, family, "none")
    if name == "contrastive":
        wanted = contrastive_apart(apart, family)
    else:
        wanted = torch.stack([OBJECTIVES[name](item, family, "none") for item in apart])
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-6)
    assert not bool(got[4:].any()), "an empty item has no loss"


def contrastive_apart(items: list[Batch], family: AlignmentFamily) -> Tensor:
    """The grid of ``grid``, each of its pairs cut to its real queries and keys, among the items that have a pair."""
    full = [item for item in items if item.scores.numel()]
    values = torch.zeros(len(full), len(full), dtype=torch.float64)
    for (k, one), (j, two) in itertools.product(enumerate(full), repeat=2):
        n, m = (min(sizes) for sizes in zip(one.scores.shape, two.scores.shape, strict=True))
        values[k, j] = family.value((one.scores[:n, :m] + two.other[:n, :m]) / 2)
    losses = (values.logsumexp(dim=0) + values.logsumexp(dim=1)) / 2 - values.diagonal()
    return torch.cat([losses, torch.zeros(len(items) - len(full), dtype=torch.float64)])


@for_each_objective
@for_each_family
def test_gradients_are_finite_and_none_reaches_the_padding(name: str, family: AlignmentFamily) -> None:
    together, _ = padded_and_apart()
    scores = together.scores.clone().requires_grad_()
    loss = OBJECTIVES[name](dataclasses.replace(together, scores=scores), family, "sum")
    (gradient,) = torch.autograd.grad(loss, scores)
    assert bool(gradient.isfinite().all())
    assert not bool(gradient[~together.mask].any())
    assert bool(gradient[together.mask].any())


@for_each_objective
def test_reductions_follow_from_the_losses_of_the_items(name: str) -> None:
    together, _ = padded_and_apart()
    run = OBJECTIVES[name]
    each = run(together, Independent(), "none")
    queries = together.mask.any(dim=-1) & (together.hidden if name == "masked" else True)
    counted = queries.sum(dim=-1)
    torch.testing.assert_close(run(together, Independent(), "sum"), each.sum())
    torch.testing.assert_close(run(together, Independent(), "mean"), each.sum() / (counted > 0).sum())
    torch.testing.assert_close(run(together, Independent(), "query"), each.sum() / counted.sum())
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        run(together, Independent(), "maen")


@for_each_objective
@pytest.mark.parametrize("shape", [(0, 2, 3), (2, 0, 3), (2, 3, 0), (2, 2, 2)])
def test_a_batch_with_nothing_in_it_costs_nothing(name: str, shape: tuple[int, int, int]) -> None:
    batch = random_batch(*shape)
    batch = dataclasses.replace(batch, mask=torch.zeros_like(batch.mask), scores=batch.scores.clone().requires_grad_())
    for reduction in ("mean", "query", "sum"):
        loss = OBJECTIVES[name](batch, Independent(), reduction)
        assert loss.shape == () and loss.item() == 0
        (gradient,) = torch.autograd.grad(loss, batch.scores, allow_unused=True)
        assert gradient is None or not bool(gradient.any())


@pytest.mark.parametrize("name", ["likelihood", "guided", "masked", "elbo"])
def test_an_item_without_any_alignment_is_not_counted(name: str) -> None:
    """One key cannot serve two queries where every query and every key has to be used once."""
    family = Monotonic(gap_query=None, gap_key=None)
    batch = random_batch(1, 2, 1)
    scores = batch.scores.clone().requires_grad_()
    impossible = dataclasses.replace(batch, scores=scores)
    loss = OBJECTIVES[name](impossible, family, "mean")
    (gradient,) = torch.autograd.grad(loss, scores)
    assert loss.item() == 0 and bool(gradient.isfinite().all()) and not bool(gradient.any())
    possible = dataclasses.replace(random_batch(1, 2, 2), hidden=torch.ones(1, 2, dtype=torch.bool))
    assert OBJECTIVES[name](possible, family, "none").item() != 0


@for_each_objective
@pytest.mark.parametrize("family", [Independent(), LATTICE], ids=str)
def test_derivatives_are_right(name: str, family: AlignmentFamily) -> None:
    batch = random_batch(2, 2, 2)
    run = OBJECTIVES[name]

    def loss(scores: Tensor, other: Tensor, emission: Tensor, null: Tensor) -> Tensor:
        moved = dataclasses.replace(batch, scores=scores, other=other, emission=emission, null=null)
        return run(moved, family, "mean")

    leaves = [getattr(batch, field).clone().requires_grad_() for field in ("scores", "other", "emission", "null")]
    assert torch.autograd.gradcheck(loss, leaves)


@for_each_objective
def test_half_precision_is_accumulated_in_single(name: str) -> None:
    batch = random_batch(3, 3, 4)
    half = {field: getattr(batch, field).bfloat16() for field in ("scores", "other", "emission", "null")}
    low = OBJECTIVES[name](dataclasses.replace(batch, **half), Independent(), "mean")
    single = {field: tensor.float() for field, tensor in half.items()}
    wanted = OBJECTIVES[name](dataclasses.replace(batch, **single), Independent(), "mean")
    assert low.dtype is torch.float32
    torch.testing.assert_close(low, wanted, rtol=2e-2, atol=2e-2)


# What is refused, beside what is taken ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["likelihood", "masked", "elbo"])
def test_a_likelihood_needs_a_distribution(name: str) -> None:
    batch = random_batch(2, 2, 3)
    assert OBJECTIVES[name](batch, Independent(), "mean").isfinite()
    with pytest.raises(UnsupportedError, match=r"distribution over discrete alignments.*independent"):
        OBJECTIVES[name](batch, NO_DISTRIBUTION, "mean")


@pytest.mark.parametrize("name", ["guided", "agreement", "consistency", "contrastive"])
def test_the_others_take_any_family(name: str) -> None:
    batch = random_batch(2, 2, 3)
    assert OBJECTIVES[name](batch, NO_DISTRIBUTION, "mean").isfinite()


def test_shapes_that_do_not_fit_are_named() -> None:
    batch = random_batch(2, 2, 3)
    alignment = batch.alignment(Independent())
    for bad in (batch.emission[..., :2], batch.emission[:1]):
        with pytest.raises(ShapeError, match="emissions of the scores' shape"):
            likelihood(alignment, bad)
    with pytest.raises(ShapeError, match="emissions of NULL"):
        likelihood(alignment, batch.emission, null=batch.null[:, :1])
    with pytest.raises(ShapeError, match=r"hidden.*bool"):
        masked(alignment, batch.emission, batch.hidden.int())
    with pytest.raises(ShapeError, match="transposed"):
        agreement(alignment, alignment)
    with pytest.raises(ShapeError, match="square"):
        contrastive(alignment)


def test_two_views_have_one_family_and_one_mask() -> None:
    batch = random_batch(2, 2, 3)
    first = batch.alignment(Independent())
    with pytest.raises(UnsupportedError, match="one family"):
        consistency(first, batch.view(CHAIN))
    with pytest.raises(ShapeError, match="another mask"):
        consistency(first, dataclasses.replace(first, mask=first.mask & False))
    with pytest.raises(UnsupportedError, match="another alignment"):
        elbo(first, batch.emission, batch.view(CHAIN))


def test_the_temperature_of_contrastive_is_positive() -> None:
    pairs = grid(random_batch(2, 2, 3), Independent())
    assert contrastive(pairs, temperature=0.1).isfinite()
    for bad in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="positive temperature"):
            contrastive(pairs, temperature=bad)
