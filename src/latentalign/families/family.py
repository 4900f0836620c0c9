"""The one interface of every alignment family: a convex function of a score matrix, and what follows from it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from latentalign.errors import InputError, ShapeError, UnsupportedError
from latentalign.families.numerics import NEG


class AlignmentFamily(ABC):
    r"""A convex function $\Phi(S)$ of a score matrix, its gradient, its maximiser, and its samples.

    Scores are measured against NULL: a link that scores 0 is worth as much as no link. So an item with no rows, no
    columns or no admitted link has the value 0.

    The public methods check shapes, cast half precision up to float32, replace what the mask excludes and flatten the
    batch; a family writes the hooks of the same names with an underscore, which always see scores (batch, query, key)
    with at least one row and one column, and the finite ``NEG`` outside the mask. Subclasses are final, frozen,
    keyword-only dataclasses with a field ``temperature``.
    """

    temperature: float

    @property
    @abstractmethod
    def probabilistic(self) -> bool:
        """Whether ``value`` is the log-partition of a distribution over discrete alignments."""

    @property
    @abstractmethod
    def smooth(self) -> bool:
        """Whether ``expected`` can be differentiated everywhere."""

    # What a family writes -------------------------------------------------------------------------------------------
    @abstractmethod
    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor: ...

    @abstractmethod
    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor: ...

    @abstractmethod
    def _best(self, scores: Tensor, mask: Tensor) -> Tensor: ...

    @abstractmethod
    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor: ...

    @abstractmethod
    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor: ...

    @abstractmethod
    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        """Return (batch,) the score of an alignment apart from its links; ``NEG`` or less if it is not admitted."""

    # What everybody calls -------------------------------------------------------------------------------------------
    def value(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch,) the value $\Phi(S)$: the relevance of the two sides to each other.

        Args:
            scores: (\*batch, query, key), finite, in the same unit as the temperature; NULL is 0.
            mask: bool, of the same shape, True for real tokens; None admits all.

        Raises:
            ShapeError: the shapes or types do not fit.
        """
        flat, admitted, shape = _prepare(scores, mask)
        if flat.numel() == 0:
            return flat.sum(dim=(-2, -1)).reshape(shape[:-2])
        return self._value(flat, admitted, self.temperature).reshape(shape[:-2])

    def expected(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch, query, key) the expected alignment $\partial \Phi / \partial S$: the evidence."""
        flat, admitted, shape = _prepare(scores, mask)
        if flat.numel() == 0:
            return flat.reshape(shape)
        return torch.where(admitted, self._expected(flat, admitted), 0.0).reshape(shape)

    def best(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch, query, key) bool, the alignment of highest score: the family as temperature goes to 0."""
        flat, admitted, shape = _prepare(scores.detach(), mask)
        if flat.numel() == 0:
            return admitted.reshape(shape)
        return (self._best(flat, admitted) & admitted).reshape(shape)

    def entropy(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch,) the entropy $\partial \Phi / \partial T$ of the alignment, in nats where it is a
        distribution."""
        flat, admitted, shape = _prepare(scores, mask)
        if flat.numel() == 0:
            return flat.sum(dim=(-2, -1)).reshape(shape[:-2])
        return self._entropy(flat, admitted).reshape(shape[:-2])

    def sample(self, scores: Tensor, mask: Tensor | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        r"""Return (\*batch, query, key) bool, one alignment drawn from the distribution.

        Raises:
            UnsupportedError: the family is no distribution over discrete alignments.
        """
        self._must_be_a_distribution("sample")
        flat, admitted, shape = _prepare(scores.detach(), mask)
        if flat.numel() == 0:
            return admitted.reshape(shape)
        return (self._sample(flat, admitted, generator) & admitted).reshape(shape)

    def score(self, links: Tensor, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch,) the score of given links (bool): theirs, and what the family adds for their structure.

        An alignment that the family does not admit, or that uses a masked link, scores ``NEG`` or less. The value is
        never below the score of an admitted alignment.
        """
        flat, admitted, shape = _prepare(scores, mask)
        if flat.numel() == 0:
            return flat.sum(dim=(-2, -1)).reshape(shape[:-2])
        chosen = links.broadcast_to(shape).reshape(flat.shape)
        total = torch.where(chosen, flat, 0.0).sum(dim=(-2, -1)) + self._structure(chosen & admitted, admitted)
        return total.reshape(shape[:-2])

    def kl(self, scores: Tensor, other: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch,) the Kullback-Leibler divergence of the alignment of ``scores`` from that of ``other``.

        $$\mathrm{KL} = \tfrac{1}{T} [\Phi(S') - \Phi(S) - \langle S' - S, A \rangle]$$

        For a family that is no distribution it is the Bregman divergence of its value (0 only where the two agree).
        """
        both = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.broadcast_to(scores.shape)
        difference = torch.where(both, other - scores, 0.0)
        change = (difference * self.expected(scores, mask)).sum(dim=(-2, -1))
        return (self.value(other, mask) - self.value(scores, mask) - change) / self.temperature

    def _must_be_a_distribution(self, operation: str) -> None:
        if not self.probabilistic:
            raise UnsupportedError(
                wanted=f"a distribution over discrete alignments for {operation!r}",
                came=f"{self}, which is not one",
                fix="use independent (softmax), markov or monotonic",
            )


def entropy_by_temperature(family: AlignmentFamily, scores: Tensor, mask: Tensor) -> Tensor:
    r"""Return (batch,) $\partial \Phi / \partial T$, differentiable in the scores; for a family whose value is
    differentiable in its temperature. Cost: one value and its gradient."""
    with torch.enable_grad():
        temperature = torch.full(scores.shape[:1], float(family.temperature), dtype=scores.dtype, device=scores.device)
        temperature.requires_grad_()
        value = family._value(scores, mask, temperature[:, None, None])
        (slope,) = torch.autograd.grad(value.sum(), temperature, create_graph=scores.requires_grad)
    return slope


def check_temperature(temperature: float, *, where: str) -> None:
    """Raise unless the temperature is a positive finite number."""
    if not 0.0 < float(temperature) < float("inf"):
        raise InputError(
            wanted="a positive finite temperature",
            came=repr(temperature),
            where=where,
            fix="use best() for temperature 0",
        )


def _prepare(scores: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, torch.Size]:
    if scores.dim() < 2 or not scores.is_floating_point():
        raise ShapeError(
            wanted="floating-point scores (*batch, query, key)", came=f"{scores.dtype} {tuple(scores.shape)}"
        )
    shape = scores.shape
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    if mask.dtype is not torch.bool or mask.dim() > scores.dim():
        raise ShapeError(
            wanted=f"a bool mask that broadcasts to {tuple(shape)}",
            came=f"{mask.dtype} {tuple(mask.shape)}",
            fix="build it with latentalign.families.pair_mask",
        )
    try:
        mask = mask.broadcast_to(shape)
    except RuntimeError as error:
        raise ShapeError(wanted=f"a mask that broadcasts to {tuple(shape)}", came=str(tuple(mask.shape))) from error
    if scores.dtype in (torch.float16, torch.bfloat16):
        scores = scores.float()
    batch = shape[:-2].numel()
    flat_mask = mask.reshape(batch, *shape[-2:])
    return torch.where(flat_mask, scores.reshape(batch, *shape[-2:]), NEG), flat_mask, shape
