"""Every objective teaches a tiny model the true alignment of a made-up corpus, to an error rate below 5 %."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from latentalign.families.alignment import LatentAlignment
from latentalign.families.family import AlignmentFamily
from latentalign.families.independent import Independent
from latentalign.families.markov import Markov
from latentalign.objectives.agreement import agreement
from latentalign.objectives.consistency import consistency
from latentalign.objectives.contrastive import contrastive
from latentalign.objectives.elbo import elbo
from latentalign.objectives.guided import guided
from latentalign.objectives.likelihood import likelihood
from latentalign.objectives.masked import masked
from tests.synthetic import SOURCE_WORDS, TARGET_WORDS, Sentences, sentences

CORPORA = {
    "reversed": sentences(order="reversed"),
    "permuted, fertile, with NULLs": sentences(order="permuted", fertile=True, nulls=True),
    "permuted": sentences(order="permuted"),
    "fertile": sentences(order="permuted", fertile=True),
    "with NULLs": sentences(order="permuted", nulls=True),
}
ONE_TO_ONE = ["reversed", "permuted", "with NULLs"]


def for_each(names: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("corpus", [pytest.param(CORPORA[name], id=name) for name in names])


class Translation(nn.Module):
    """p(target word | source word or NULL), a table."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(1 + SOURCE_WORDS, TARGET_WORDS))

    def forward(self, batch: Sentences) -> tuple[Tensor, Tensor]:
        """Return (pair, target, source) and (pair, target), log-probabilities given each source word and NULL."""
        chances = self.table.log_softmax(dim=1)
        return chances[1 + batch.source[:, None, :], batch.target[:, :, None]], chances[0, batch.target]


class Similarity(nn.Module):
    """The score of a target word with a source word, a table."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(SOURCE_WORDS, TARGET_WORDS))

    def forward(self, batch: Sentences) -> Tensor:
        """Return (pair, target, source)."""
        return self.table[batch.source[:, None, :], batch.target[:, :, None]]


def flat(batch: Sentences, family: AlignmentFamily) -> LatentAlignment:
    return LatentAlignment(family=family, scores=torch.zeros(batch.mask.shape), mask=batch.mask)


def learn(
    corpus: Sentences, loss: Callable[[Sentences], Tensor], *models: nn.Module, count: int = 80, size: int = 64
) -> None:
    optimizer = torch.optim.Adam([weight for model in models for weight in model.parameters()], lr=0.3)
    for batch in corpus.batches(size=size, count=count):
        optimizer.zero_grad()
        loss(batch).backward()
        optimizer.step()


@functools.cache
def from_likelihood(corpus: Sentences, family: AlignmentFamily) -> Callable[[Sentences], LatentAlignment]:
    translation = Translation()

    def loss(batch: Sentences) -> Tensor:
        emission, null = translation(batch)
        return likelihood(flat(batch, family), emission, null=null, reduction="query")

    learn(corpus, loss, translation)

    @torch.no_grad()
    def posterior(batch: Sentences) -> LatentAlignment:
        emission, null = translation(batch)
        return flat(batch, family).posterior(emission - null[..., None])

    return posterior


@for_each(CORPORA)
def test_likelihood(corpus: Sentences) -> None:
    assert corpus.error_rate(from_likelihood(corpus, Independent())(corpus).best) < 0.05


def test_likelihood_of_a_chain() -> None:
    corpus = CORPORA["permuted, fertile, with NULLs"]
    assert corpus.error_rate(from_likelihood(corpus, Markov(jump=(0.0,)))(corpus).best) < 0.05


@for_each(CORPORA)
def test_guided_by_gold_links(corpus: Sentences) -> None:
    """Learned from one half, measured on the other."""
    known, new = corpus[torch.arange(200)], corpus[torch.arange(200, 400)]
    similarity = Similarity()
    learn(known, lambda batch: guided(scored(batch, similarity), batch.gold), similarity)
    assert new.error_rate(scored(new, similarity).best) < 0.05


def scored(batch: Sentences, similarity: Similarity) -> LatentAlignment:
    return LatentAlignment(family=Independent(), scores=similarity(batch), mask=batch.mask)


@for_each(CORPORA)
def test_guided_by_the_posterior_of_another_model(corpus: Sentences) -> None:
    posterior = from_likelihood(corpus, Independent())
    similarity = Similarity()
    learn(corpus, lambda batch: guided(scored(batch, similarity), posterior(batch)), similarity)
    assert corpus.error_rate(scored(corpus, similarity).best) < 0.05


def taught_by_agreement(corpus: Sentences) -> Tensor:
    """The forward model learned by likelihood; the backward model is taught by nothing but agreement with it."""
    posterior = from_likelihood(corpus, Independent())
    similarity = Similarity()

    def backward(batch: Sentences) -> LatentAlignment:
        return LatentAlignment(family=Independent(), scores=similarity(batch).mT, mask=batch.mask.mT)

    learn(corpus, lambda batch: agreement(posterior(batch), backward(batch)), similarity)
    return backward(corpus).best.mT


@for_each(ONE_TO_ONE)
def test_agreement(corpus: Sentences) -> None:
    assert corpus.error_rate(taught_by_agreement(corpus)) < 0.05


def test_agreement_where_only_one_direction_can_have_all_links() -> None:
    """Backward, a source word has one target word at most, so a fertile one keeps one of its two links."""
    corpus = CORPORA["permuted, fertile, with NULLs"]
    found = taught_by_agreement(corpus)
    reachable = corpus.gold & ((corpus.gold.sum(dim=1, keepdim=True) == 1) | found)
    assert replace(corpus, gold=reachable).error_rate(found) < 0.05


@for_each(CORPORA)
def test_consistency(corpus: Sentences) -> None:
    """A second view is taught by nothing but consistency with the first."""
    posterior = from_likelihood(corpus, Independent())
    similarity = Similarity()
    learn(corpus, lambda batch: consistency(scored(batch, similarity), posterior(batch)), similarity)
    assert corpus.error_rate(scored(corpus, similarity).best) < 0.05


@for_each(CORPORA)
def test_contrastive(corpus: Sentences) -> None:
    similarity = Similarity()

    def grid(batch: Sentences) -> LatentAlignment:
        scores = similarity.table[batch.source[None, :, None, :], batch.target[:, None, :, None]]
        sources = torch.arange(batch.source.shape[1]) < batch.source_lengths[:, None]
        targets = torch.arange(batch.target.shape[1]) < batch.target_lengths[:, None]
        return LatentAlignment(
            family=Independent(), scores=scores, mask=targets[:, None, :, None] & sources[None, :, None, :]
        )

    learn(corpus, lambda batch: contrastive(grid(batch)), similarity, size=24)
    assert corpus.error_rate(scored(corpus, similarity).best) < 0.05


@for_each(CORPORA)
def test_elbo(corpus: Sentences) -> None:
    """The approximation of the posterior is a model of its own, and it is what aligns."""
    translation, similarity = Translation(), Similarity()

    def loss(batch: Sentences) -> Tensor:
        emission, null = translation(batch)
        return elbo(flat(batch, Independent()), emission, scored(batch, similarity), null=null, reduction="query")

    learn(corpus, loss, translation, similarity)
    assert corpus.error_rate(scored(corpus, similarity).best) < 0.05


class Place(nn.Module):
    """The score of a place in the target with a place in the source, counted from the two ends: it sees no word."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(4, 32))

    def forward(self, batch: Sentences) -> Tensor:
        """Return (pair, target, source)."""
        i, j = torch.arange(batch.target.shape[1])[:, None], torch.arange(batch.source.shape[1])
        n, m = batch.target_lengths[:, None, None], batch.source_lengths[:, None, None]
        return sum(
            self.table[k, distance.clamp(-15, 15) + 16]
            for k, distance in enumerate((i - j + 0 * n, (n - i) - (m - j), i + j - m, i + j - n))
        )


@pytest.mark.parametrize("order", ["same", "reversed"])
def test_masked(order: str) -> None:
    """The hidden words are read off the source words that the place says, so the places have to be learned."""
    corpus = sentences(order=order)
    translation, place = Translation(), Place()
    generator = torch.Generator().manual_seed(0)

    def alignment(batch: Sentences) -> LatentAlignment:
        return LatentAlignment(family=Independent(null=False), scores=place(batch), mask=batch.mask)

    def loss(batch: Sentences) -> Tensor:
        hidden = torch.rand(batch.target.shape, generator=generator) < 0.5
        return masked(alignment(batch), translation(batch)[0], hidden)

    learn(corpus, loss, translation, place)
    assert corpus.error_rate(alignment(corpus).best) < 0.05
