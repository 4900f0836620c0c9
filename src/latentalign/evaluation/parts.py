"""The potentials of many pairs, each at weight 1, so that their weights can be fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.families import AlignmentFamily, LatentAlignment
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Units
from latentalign.text.segment import segment


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the potentials say of some pairs.

    Args:
        values: (pairs, query, key, potential), each potential at weight 1.
        mask: (pairs, query, key).
    """

    values: Tensor
    mask: Tensor

    def alignment(self, family: AlignmentFamily, weights: Tensor) -> LatentAlignment:
        """Return the alignment of the pairs under a family, for one weight a potential."""
        return LatentAlignment(family=family, scores=self.values @ weights, mask=self.mask)

    @torch.no_grad()
    def relevances(self, family: AlignmentFamily, weights: Tensor, *, batch_size: int = 256) -> Tensor:
        """Return (pairs,) the value a unit of every pair, a batch at a time, without a graph."""
        batches = zip(torch.split(self.values, batch_size), torch.split(self.mask, batch_size), strict=True)
        found = [relevance(Parts(values=v, mask=m).alignment(family, weights)) for v, m in batches]
        return torch.cat(found) if found else self.values.new_zeros(0)


def relevance(alignment: LatentAlignment) -> Tensor:
    r"""Return (pairs,) the value a unit, $2 \Phi / (n + m)$, so that long texts do not win by their length.

    With one-to-one links of score 1 it is the F1 of the two bags of words.
    """
    units = alignment.mask.any(dim=-1).sum(dim=-1) + alignment.mask.any(dim=-2).sum(dim=-1)
    return 2 * alignment.value / units.clamp_min(1)


@torch.no_grad()
def unit_parts(
    scorer: PairScorer, pairs: Sequence[tuple[str, str]], *, punctuation: bool = True, batch_size: int = 64
) -> Parts:
    """Return the potentials of the words of some pairs of texts, each at weight 1.

    Without ``punctuation`` only units with a letter or a digit count, unless a text has no other.

    Memory: pairs x longest query x longest key x potentials.
    """
    sides = [tuple(_units(text, punctuation=punctuation) for text in pair) for pair in pairs]
    longest = [max(len(pair[side].spans) for pair in sides) for side in (0, 1)]
    values = torch.zeros(len(pairs), *longest, len(scorer.potentials))
    mask = torch.zeros(values.shape[:3], dtype=torch.bool)
    order = sorted(range(len(pairs)), key=lambda index: len(sides[index][0].spans))
    for start in range(0, len(pairs), batch_size):
        members = order[start : start + batch_size]
        source, target = scorer.sides([sides[i][0] for i in members], [sides[i][1] for i in members], level="word")
        real = source.mask[:, :, None] & target.mask[:, None, :]
        rows, columns = real.shape[1:]
        index = torch.tensor(members)
        mask[index, :rows, :columns] = real.cpu()
        for number, potential in enumerate(scorer.potentials):
            found = potential(source, target).broadcast_to(real.shape)
            values[index, :rows, :columns, number] = torch.where(real, found, 0.0).cpu()
    return Parts(values=values, mask=mask)


def _units(text: str, *, punctuation: bool) -> Units:
    spans = segment(text)
    worded = tuple(span for span in spans if any(map(str.isalnum, span.of(text))))
    return Units(text=text, spans=spans if punctuation or not worded else worded)


def fit_weights(loss: Callable[[Tensor], Tensor], start: Sequence[float], *, steps: int, rate: float) -> Tensor:
    """Return the weights that Adam reaches on a loss from the starting weights.

    Args:
        loss: from weights (potential,) to a scalar.
        start: the weights to begin with.
        steps, rate: of Adam (Kingma and Ba 2015, algorithm 1), no decay.
    """
    weights = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(weights).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return weights.detach()
