"""The result that everything else asks: a family, scores and a mask, evaluated when needed and only once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from latentalign.errors import InputError, ShapeError, UnsupportedError
from latentalign.families.family import AlignmentFamily


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentAlignment:
    r"""The alignment of two sides under a family: relevance, evidence, decoding and training from one matrix.

    Args:
        family: how queries and keys may align.
        scores: (\*batch, query, key), against NULL at 0.
        mask: bool, same shape, True for real tokens.
        paid: what ``constrain`` added to the scores of every admitted alignment; taken off the value.

    >>> from latentalign.families.independent import Independent
    >>> scores = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    >>> alignment = LatentAlignment(family=Independent(null=False), scores=scores, mask=scores > -1)
    >>> alignment.best
    tensor([[ True, False],
            [False,  True]])
    >>> alignment.posterior(torch.tensor([[0.0, 9.0], [0.0, 0.0]])).best
    tensor([[False,  True],
            [False,  True]])
    """

    family: AlignmentFamily
    scores: Tensor
    mask: Tensor
    paid: Tensor | float = 0.0

    @cached_property
    def value(self) -> Tensor:
        r"""(\*batch,) the relevance $\Phi(S)$."""
        return self.family.value(self.scores, self.mask) - self.paid

    @cached_property
    def expected(self) -> Tensor:
        r"""(\*batch, query, key) the evidence $A = \partial \Phi / \partial S$."""
        return self.family.expected(self.scores, self.mask)

    @cached_property
    def best(self) -> Tensor:
        r"""(\*batch, query, key) bool, the alignment of highest score."""
        return self.family.best(self.scores, self.mask)

    @cached_property
    def entropy(self) -> Tensor:
        r"""(\*batch,) the entropy, in nats where the family is a distribution."""
        return self.family.entropy(self.scores, self.mask)

    @cached_property
    def null_query(self) -> Tensor:
        r"""(\*batch, query) the mass of each query that aligns to nothing, $[1 - \sum_j A_{ij}]_+$."""
        return _unaligned(self.expected.sum(dim=-1), self.mask.any(dim=-1))

    @cached_property
    def null_key(self) -> Tensor:
        r"""(\*batch, key) the mass of each key that nothing aligns to, $[1 - \sum_i A_{ij}]_+$."""
        return _unaligned(self.expected.sum(dim=-2), self.mask.any(dim=-2))

    def sample(self, *, generator: torch.Generator | None = None) -> Tensor:
        r"""Return (\*batch, query, key) bool, one alignment drawn from the distribution."""
        return self.family.sample(self.scores, self.mask, generator=generator)

    def log_prob(self, links: Tensor) -> Tensor:
        r"""Return (\*batch,) the log-probability of a whole alignment (bool links); minus infinity if not admitted.

        Raises:
            UnsupportedError: the family is no distribution.
        """
        self.family._must_be_a_distribution("log_prob")
        score = self.family.score(links, self.scores, self.mask)
        log_prob = (score - self.paid - self.value) / self.family.temperature
        return torch.where(score > -1e29, log_prob, -torch.inf)

    def posterior(self, emission: Tensor) -> LatentAlignment:
        r"""Return the alignment once y is known: the same family at S + E, with $E = \log p(y_i | x_j)$ against NULL.

        The log-likelihood of y is then ``posterior.value - value``.
        """
        return replace(self, scores=self.scores + emission)

    def context(self, values: Tensor) -> Tensor:
        r"""Return (\*batch, query, features) the cross-attention read-out $A V$ of values (\*batch, key, features)."""
        if values.shape[-2] != self.scores.shape[-1]:
            raise ShapeError(
                wanted=f"values with {self.scores.shape[-1]} rows, one a key", came=str(tuple(values.shape))
            )
        return self.expected.to(values.dtype) @ values

    def loss_against(self, gold: Tensor) -> Tensor:
        r"""Return (\*batch,) the Fenchel-Young loss $\Phi(S) - \langle S, G \rangle$ against gold links, up to a
        constant of G; its gradient is $A - G$ (Blondel, Martins and Niculae 2020, eq. 14)."""
        links = torch.where(self.mask, gold.to(self.scores.dtype), 0.0)
        return self.value - (torch.where(self.mask, self.scores, 0.0) * links).sum(dim=(-2, -1))

    def kl(self, other: LatentAlignment) -> Tensor:
        r"""Return (\*batch,) the divergence of this alignment from another of the same family and mask.

        Raises:
            UnsupportedError: the two have different families.
        """
        if self.family != other.family:
            raise UnsupportedError(wanted=f"another alignment of {self.family}", came=str(other.family))
        return self.family.kl(self.scores, other.scores, self.mask)

    def constrain(self, *, required: Tensor | None = None, forbidden: Tensor | None = None) -> LatentAlignment:
        r"""Return the alignment given that some links (bool, of the scores' shape) must or must not be there.

        A forbidden link leaves the mask. A required one is paid a bonus that no other choice can outweigh, in float64,
        and the bonus is taken off the value again, so the value stays that of the alignments which have all of them.

        Raises:
            InputError: no alignment of the family has all the required links.
        """
        mask = self.mask if forbidden is None else self.mask & ~forbidden
        if required is None:
            return replace(self, mask=mask)
        wanted = required.broadcast_to(self.scores.shape)
        size = sum(self.scores.shape[-2:])
        scores = torch.where(mask, self.scores, 0.0).double()
        largest = scores.abs().amax() if scores.numel() else scores.sum()
        bonus = 4 * size * (largest.detach() + 100 * self.family.temperature)
        paid = self.paid + bonus * wanted.sum(dim=(-2, -1))
        found = replace(self, scores=scores + bonus * wanted, mask=mask, paid=paid)
        missing = wanted & (~found.best | (found.expected < 0.5))
        if bool(missing.any()):
            lost = missing.nonzero()[0].tolist()
            raise InputError(
                wanted=f"required links that one alignment of {self.family} can have together",
                came=f"a set of which {lost} cannot be there",
                where="constrain",
                fix="drop that link from `required`, or from `forbidden`",
            )
        return found


def _unaligned(mass: Tensor, real: Tensor) -> Tensor:
    return torch.where(real, (1 - mass).clamp(0.0, 1.0), 0.0)
