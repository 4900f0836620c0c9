"""Every query chooses on its own: softmax attention, MaxSim, alpha-entmax and sparsemax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import pad

from latentalign.errors import InputError
from latentalign.families.entmax import entmax, tsallis
from latentalign.families.envelope import envelope
from latentalign.families.family import AlignmentFamily, check_temperature
from latentalign.families.numerics import NEG, smooth_max


@final
@dataclass(frozen=True, kw_only=True)
class Independent(AlignmentFamily):
    r"""Each query aligns to one key, or to NULL, whatever the other queries do.

    $$\Phi(S) = \sum_i T \log [1 + \sum_j \exp(S_{ij} / T)]$$

    (without the 1 where NULL is not allowed). With ``alpha`` above 1 the entropy is Tsallis', the map is sparse, and
    the family is no longer a distribution. As the temperature goes to 0 the value is ColBERT's MaxSim; its gradient is
    softmax attention.

    Args:
        temperature: above 0, in the unit of the scores.
        alpha: 1 is softmax, 1.5 entmax, 2 sparsemax; at least 1.
        null: whether a query may align to nothing, at score 0.

    Raises:
        InputError: a temperature that is not positive, an alpha below 1.

    Cost: one pass over the matrix; 60 for alpha above 1.

    >>> family = Independent(null=False)
    >>> scores = torch.tensor([[0.0, 0.0]])
    >>> family.expected(scores)
    tensor([[0.5000, 0.5000]])
    >>> round(float(family.value(scores).exp()), 4)
    2.0
    >>> Independent(alpha=2.0).expected(torch.tensor([[3.0, 0.0]]))
    tensor([[1., 0.]])

    Khattab and Zaharia 2020, eq. 3 (MaxSim); Peters, Niculae and Martins 2019, eq. 10 (entmax).
    """

    temperature: float = 1.0
    alpha: float = 1.0
    null: bool = True

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Independent.temperature")
        if not self.alpha >= 1:
            raise InputError(wanted="alpha of at least 1", came=repr(self.alpha), where="Independent.alpha")

    @property
    def probabilistic(self) -> bool:
        return self.alpha == 1

    @property
    def smooth(self) -> bool:
        return self.alpha == 1

    def _options(self, scores: Tensor) -> Tensor:
        return pad(scores, (0, 1), value=0.0 if self.null else NEG)

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        if self.alpha == 1:
            rows = smooth_max(self._options(scores), dim=-1, temperature=_row(temperature))
            return torch.where(mask.any(dim=-1), rows, 0.0).sum(dim=-1)
        return envelope(
            scores, lambda inner: self._sparse_value(inner, mask), lambda inner: self._expected(inner, mask)
        )

    def _sparse_value(self, scores: Tensor, mask: Tensor) -> Tensor:
        chosen = self._map(scores)
        gain = (torch.where(mask, scores, 0.0) * chosen[..., :-1]).sum(dim=-1)
        rows = gain + self.temperature * tsallis(chosen, alpha=self.alpha)
        return torch.where(mask.any(dim=-1), rows, 0.0).sum(dim=-1)

    def _map(self, scores: Tensor) -> Tensor:
        options = self._options(scores) / self.temperature
        return options.softmax(dim=-1) if self.alpha == 1 else entmax(options, alpha=self.alpha)

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        return torch.where(mask, self._map(scores)[..., :-1], 0.0)

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        return _one_hot(self._options(scores).argmax(dim=-1), scores)

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        chosen = self._map(scores)
        if self.alpha == 1:
            options = self._options(scores) / self.temperature
            finite = torch.where(options > NEG / 2, options, 0.0)
            rows = options.logsumexp(dim=-1) - (chosen * finite).sum(dim=-1)
        else:
            rows = tsallis(chosen, alpha=self.alpha)
        return torch.where(mask.any(dim=-1), rows, 0.0).sum(dim=-1)

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        chances = self._map(scores).flatten(0, 1)
        drawn = torch.multinomial(chances, 1, generator=generator).reshape(scores.shape[:2])
        return _one_hot(drawn, scores)

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        chosen = links.sum(dim=-1)
        wrong = (chosen > 1) | ((chosen == 0) & mask.any(dim=-1) & (not self.null))
        return wrong.sum(dim=-1) * NEG


def _one_hot(choice: Tensor, scores: Tensor) -> Tensor:
    return choice[..., None] == torch.arange(scores.shape[-1], device=scores.device)


def _row(temperature: float | Tensor) -> float | Tensor:
    return temperature[..., 0] if isinstance(temperature, Tensor) else temperature
