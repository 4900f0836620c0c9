"""The weights of a discriminant: a linear machine for each candidate, beside the values of a matcher."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.models.features import Featurizer
from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.models.matcher.discriminant import Bags, Discriminant, Vocabulary
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import Memory
from latentalign.models.matcher.minimum import minimum
from latentalign.models.units import Units


@final
@dataclass(frozen=True, kw_only=True)
class DiscriminantConfig:
    """How a discriminant is learned.

    Args:
        stems: whether features are stems of English words; else the words as they are, folded.
        ngrams: lengths of the character n-grams that are features as well; empty for none.
        least: texts that a feature has to be in.
        words, whole: strength of the regularisation of each kind of weight, above 0.
        steps: of L-BFGS, at most.

    Raises:
        InputError: a number outside its range.
    """

    stems: bool = False
    ngrams: tuple[int, ...] = (4, 5)
    least: int = 2
    words: float = 1.0
    whole: float = 1.0
    steps: int = 60

    def __post_init__(self) -> None:
        if not (self.least >= 1 and self.words > 0 and self.whole > 0 and self.steps >= 1):
            raise InputError(
                wanted="at least 1 text and step, strengths above 0",
                came=f"{self.least}, {self.steps}, {self.words} and {self.whole}",
                where="DiscriminantConfig",
            )

    def vocabulary(self, texts: Sequence[Units], *, concepts: ConceptNames | None = None) -> Vocabulary:
        """Return the features of some texts; the arguments are those of ``fit``."""
        rules: tuple[Featurizer, ...] = (Featurizer(mode="stem" if self.stems else "exact"),)
        if self.ngrams:
            rules += (Featurizer(mode="ngram", sizes=self.ngrams),)
        return Vocabulary.of(texts, rules, least=self.least, concepts=concepts)

    def fit_beside(self, matcher: Matcher, memory: Memory, *, concepts: ConceptNames | None = None) -> Discriminant:
        """Return the discriminant beside the values of a matcher, each text explained by the others alone.

        Cost: the values of all texts, and ``fit``.
        """
        every = range(len(memory.units))
        values = matcher.values(memory.units, memory, without=every, known=memory.known(every))
        return self.fit(memory, values, concepts=concepts)

    def fit(self, memory: Memory, values: Tensor | None, *, concepts: ConceptNames | None = None) -> Discriminant:
        r"""Return the discriminant of the candidates of a memory, learned from its texts.

        $$\min \sum_{x, c} \max(0, 1 - s_{xc}\,u_c(x))^2 + \tfrac12 (\lambda_\beta |\beta|^2 + \lambda_w |w|^2)$$

        where $s_{xc}$ is 1 if x is a text of c and -1 if not.

        Args:
            memory: the candidates with their texts.
            values: (text, candidate) by the matcher, each text explained by the others alone; None learns weights of
                words alone.
            concepts: the names of a catalogue, whose concepts are features beside the words; None for none.

        Cost: a few times ``steps`` passes over the features of all texts.

        Fan and others 2008, eq. 2 (L2-loss support vector machine), each candidate against the rest.
        """
        vocabulary = self.vocabulary(memory.units, concepts=concepts)
        bags, count = Bags.of(memory.units, vocabulary), len(memory.candidates)
        words = torch.zeros(len(vocabulary.places), count, requires_grad=True)
        whole = torch.zeros(0 if values is None else memory.pooled.shape[1], count, requires_grad=True)
        bias = torch.zeros(count, requires_grad=True)
        scale = torch.tensor(0.0, requires_grad=True)
        parameters = [words, whole, bias, scale]
        optimizer = torch.optim.LBFGS(parameters, max_iter=self.steps, line_search_fn="strong_wolfe")
        pooled = memory.pooled.float()[:, : len(whole)]
        known = torch.zeros(len(memory.units), count) if values is None else values.clamp_min(-100.0)
        signs = 2 * F.one_hot(memory.owner, count).float() - 1

        def closure() -> Tensor:
            optimizer.zero_grad()
            margins = signs * (scale * known + bags.times(words) + pooled @ whole + bias)
            loss = (1 - margins).clamp_min(0).square().sum()
            loss = loss + 0.5 * (self.words * (words**2).sum() + self.whole * (whole**2).sum())
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        return Discriminant(
            vocabulary=vocabulary,
            words=words.detach(),
            whole=whole.detach(),
            bias=bias.detach(),
            scale=float(scale.detach()),
        )


def stacked(words: Discriminant, whole: Tensor, bias: Tensor, shares: tuple[float, float]) -> Discriminant:
    """Return one discriminant that adds weights of words and weights of the whole, each as much as it counts.

    Args:
        words: its weights of words.
        whole: (dimension, candidate).
        bias: (candidate,) beside them.
        shares: of the words and of the whole, see ``shares_of``.
    """
    of_words, of_whole = shares
    return replace(
        words,
        words=of_words * words.words,
        whole=of_whole * whole,
        bias=of_words * words.bias + of_whole * bias,
        scale=0.0,
    )


def shares_of(words: Tensor, whole: Tensor, told: Tensor) -> tuple[float, float]:
    r"""Return how much two machines count beside each other, above 0: $\max_{a, b} \sum_x \log p(c_x | a u_x + b v_x)$.

    Args:
        words, whole: (text, candidate) what each says of texts that it was not trained on.
        told: (text,) the numbers of the right candidates.

    Wolpert 1992 (stacked generalisation).

    >>> right = torch.eye(3).repeat(9, 1)
    >>> of_words, of_whole = shares_of(right, right.roll(1, 0) * torch.arange(27)[:, None] % 2, right.argmax(dim=1))
    >>> of_words > 10 * of_whole
    True
    """

    def loss(at: Tensor) -> Tensor:
        scores = at[0].exp() * words.double() + at[1].exp() * whole.double()
        return F.cross_entropy(scores, told) + 1e-4 * (at**2).sum()

    of_words, of_whole = minimum(loss, [0.0, 0.0])
    return math.exp(of_words), math.exp(of_whole)
