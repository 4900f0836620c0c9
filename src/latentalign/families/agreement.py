"""Two directions that should agree: a decoder and a training coupling, not a distribution."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.families.family import AlignmentFamily, _prepare, check_temperature
from latentalign.families.independent import Independent
from latentalign.families.numerics import NEG
from latentalign.families.symmetrise import RULES
from latentalign.registry import nearest


@final
@dataclass(frozen=True, kw_only=True)
class Agreement(AlignmentFamily):
    r"""The mean of two families, one of which sees the scores transposed.

    $$\Phi(S) = \tfrac{1}{2} [\Phi_f(S) + \Phi_b(S^\top)], \quad A = \tfrac{1}{2} [A_f(S) + A_b(S^\top)^\top]$$

    ``best`` is a rule on the best alignments of the two. ``product`` is the coupling that trains the two to agree. The
    score of given links is the mean of their scores in the two directions, so it is admitted if both admit it, and the
    value is never below it. The result of a rule need not be admitted by either, and the maximum of the two halves need
    not be one alignment: so ``best`` is not in general the alignment of highest score.

    Args:
        forward: how queries align to keys.
        backward: how keys align to queries; its rows are the keys.
        temperature: multiplies the temperatures of both families; 1 leaves them as they are. So the limit at 0 is that
            of both.
        rule: 'intersection', 'union', 'grow-diag' or 'grow-diag-final-and'.

    Raises:
        InputError: a temperature that is not positive, a rule that is not known.

    Cost: that of both families; the two grow-diag rules decode one item after the other.

    >>> scores = torch.tensor([[2.0, 1.0], [3.0, 0.0]])
    >>> family = Agreement(forward=Independent(null=False), backward=Independent(null=False))
    >>> family.best(scores)
    tensor([[False, False],
            [ True, False]])
    >>> replace(family, rule="union").best(scores)
    tensor([[ True,  True],
            [ True, False]])

    Liang, Taskar and Klein 2006 (agreement); Koehn et al. 2005 (the rules).
    """

    forward: AlignmentFamily = field(default_factory=Independent)
    backward: AlignmentFamily = field(default_factory=Independent)
    temperature: float = 1.0
    rule: str = "intersection"

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Agreement.temperature")
        if self.rule not in RULES:
            fix = nearest(self.rule, RULES)
            raise InputError(wanted="a rule of agreement", came=repr(self.rule), where="Agreement.rule", fix=fix)

    @property
    def probabilistic(self) -> bool:
        return False

    @property
    def smooth(self) -> bool:
        return self.forward.smooth and self.backward.smooth

    def product(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""Return (\*batch, query, key) the product $A_f \circ A_b^\top$ of the two expected alignments.

        Its sum is the expected number of links that the two directions share if each draws on its own: the quantity
        that joint training raises, and the posterior by which it decodes (Liang, Taskar and Klein 2006).
        """
        flat, admitted, shape = _prepare(scores, mask)
        if flat.numel() == 0:
            return flat.reshape(shape)
        one, other = self._both(flat, admitted)
        return torch.where(admitted, one * other, 0.0).reshape(shape)

    def _directions(self) -> tuple[AlignmentFamily, AlignmentFamily]:
        one, other = self.forward, self.backward
        return (
            replace(one, temperature=one.temperature * self.temperature),  # type: ignore[type-var]
            replace(other, temperature=other.temperature * self.temperature),  # type: ignore[type-var]
        )

    def _both(self, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        forward, backward = self._directions()
        return forward._expected(scores, mask), backward._expected(scores.mT, mask.mT).mT

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        forward, backward = self._directions()
        one = forward._value(scores, mask, forward.temperature)
        return (one + backward._value(scores.mT, mask.mT, backward.temperature)) / 2

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        one, other = self._both(scores, mask)
        return (one + other) / 2

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        forward, backward = self._directions()
        one = forward._best(scores, mask) & mask
        return RULES[self.rule](one, backward._best(scores.mT, mask.mT).mT & mask)

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        forward, backward = self._directions()
        return (forward._entropy(scores, mask) + backward._entropy(scores.mT, mask.mT)) / 2

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        raise AssertionError("`sample` refuses a family that is no distribution")

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        forward, backward = self._directions()
        one, other = forward._structure(links, mask), backward._structure(links.mT, mask.mT)
        return torch.where(torch.minimum(one, other) > NEG / 2, (one + other) / 2, NEG)
