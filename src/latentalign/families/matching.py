"""One-to-one alignments: the best, and the k best."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import final

import torch
from torch import Tensor

from latentalign.errors import InputError, ShapeError
from latentalign.families.assignment import items, match
from latentalign.families.family import AlignmentFamily, _prepare, check_temperature
from latentalign.families.murty import ranked
from latentalign.families.numerics import NEG


@final
@dataclass(frozen=True, kw_only=True)
class Matching(AlignmentFamily):
    r"""Each query aligns to at most one key, and each key to at most one query.

    $$\Phi(S) = \max_{A \text{ one-to-one}} \langle S, A \rangle$$

    The value is piecewise linear and the expected alignment is the best one, a subgradient of it. The soft form would
    need the sum over all matchings, which is #P-hard (Valiant 1979); ``Transport`` is its tractable relaxation.

    Args:
        temperature: taken for the sake of the interface; it changes nothing here.
        null: True links where that pays (score above 0); False makes as many links as the mask allows, which without
            a mask is all of the smaller side, and takes the best of those.

    Raises:
        InputError: a temperature that is not positive.

    Cost: cubic in the smaller side at worst, on the CPU, one item after the other.

    >>> scores = torch.tensor([[3.0, 2.0], [2.0, -9.0]])
    >>> Matching(null=False).best(scores)
    tensor([[False,  True],
            [ True, False]])
    >>> [score for score, _ in Matching().top_k(scores, k=3)]
    [4.0, 3.0, 2.0]

    Crouse 2016 (assignment); Murty 1968 (the k best).
    """

    temperature: float = 1.0
    null: bool = True

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Matching.temperature")

    @property
    def probabilistic(self) -> bool:
        return False

    @property
    def smooth(self) -> bool:
        return False

    def top_k(self, scores: Tensor, mask: Tensor | None = None, *, k: int) -> list[tuple[float, Tensor]]:
        """Return the k best alignments of one item, best first; fewer where there are fewer.

        Args:
            scores: (query, key), one item without a batch axis.
            mask: bool, of the same shape; None admits all.
            k: how many, at least 1.

        Returns:
            pairs of the score of the alignment and its links, bool (query, key). With ``null`` every partial matching
            counts, also one that leaves out a link which pays.

        Raises:
            InputError: k below 1.
            ShapeError: the scores have a batch axis.
        """
        if k < 1:
            raise InputError(wanted="k of at least 1", came=repr(k), where="Matching.top_k")
        if scores.dim() != 2:
            raise ShapeError(
                wanted="scores (query, key) of one item", came=str(tuple(scores.shape)), fix="loop over it"
            )
        flat, admitted, _ = _prepare(scores, mask)
        empty = torch.zeros(scores.shape, dtype=torch.bool)
        for _, query, key, worth, allowed in items(flat, admitted):
            found = []
            for keys in islice(ranked(worth, allowed, null=self.null), k):
                rows = (keys >= 0).nonzero()[0]
                links = empty.clone()
                links[query[rows], key[keys[rows]]] = True
                found.append((float(worth[rows, keys[rows]].sum()), links.to(scores.device)))
            return found
        return [(0.0, empty.to(scores.device))]

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        return torch.where(self._best(scores, mask), scores, 0.0).sum(dim=(-2, -1))

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        return self._best(scores, mask).to(scores.dtype)

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        return match(scores, mask, null=self.null)

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores.new_zeros(scores.shape[:1])

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        raise AssertionError("`sample` refuses a family that is no distribution")

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        crowded = (links.sum(dim=-1) > 1).sum(dim=-1) + (links.sum(dim=-2) > 1).sum(dim=-1)
        if self.null:
            return crowded * NEG
        most = match(torch.zeros(mask.shape), mask, null=False).sum(dim=(-2, -1))
        return (crowded + (most - links.sum(dim=(-2, -1))).clamp_min(0)) * NEG
