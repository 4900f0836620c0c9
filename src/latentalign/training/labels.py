"""Labels of the items of a sequence, learned: what their score under a family has to reach."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.families import AlignmentFamily, Chain, Independent, LatentAlignment
from latentalign.models.label_scores import padded


def label_loss(
    family: AlignmentFamily,
    rows: Sequence[Tensor],
    gold: Sequence[Tensor],
    labels: Sequence[Sequence[int]],
    *,
    admitted: Sequence[int] = (),
) -> tuple[Tensor, dict[str, float]]:
    r"""Return minus the expected log-probability of labels drawn from $g$, a mean over items, and the share right.

    $$L = \Phi(S) - \sum_i \langle S_i, g_i \rangle - \sum_i g_{i-1}^\top t\, g_i$$

    t is what a ``chain`` learns, 0 for ``independent``. For families that have scores of their own for the structure,
    labels are taken as certain.

    Args:
        family: a distribution; the steps of a ``chain`` in ``learned``.
        rows: for each sequence, (item, label) scores.
        gold: for each sequence, (item, label) the share of each label, see ``label_shares``.
        labels: for each sequence, the number of the label of each item.
        admitted: for each sequence, how many of the labels, from the first on, it may have; none if all.

    Cost: one value of the family.

    Lafferty, McCallum and Pereira 2001, eq. 3.
    """
    scores, mask = padded(rows)
    if admitted:
        columns = torch.arange(scores.shape[2], device=scores.device)
        mask = mask & (columns < torch.tensor(admitted, device=scores.device)[:, None])[:, None, :]
    alignment = LatentAlignment(family=family, scores=scores, mask=mask)
    told = nn.utils.rnn.pad_sequence([torch.tensor(one) for one in labels], batch_first=True).to(scores.device)
    loss = alignment.value - _expected_score(alignment, gold, told)
    right = (scores.argmax(dim=-1) == told)[mask[:, :, 0]].float().mean()
    return loss.sum() / mask[:, :, 0].sum(), {"right": right.item()}


def label_shares(labels: Sequence[int], trust: Sequence[float] = (), *, count: int, smoothing: float = 0.0) -> Tensor:
    """Return (item, label) the share of each label.

    Args:
        labels: the number of the label of each item.
        trust: the share c of the annotators who gave it; each other label has (1 - c) / (count - 1).
        count: how many labels there are.
        smoothing: the share that all labels have alike, where it is not known how many annotators gave it.

    >>> label_shares([1], [0.75], count=2)
    tensor([[0.2500, 0.7500]])
    """
    even = 1 - smoothing * (1 - 1 / count)
    certain = torch.tensor(trust if len(trust) else [even] * len(labels))[:, None]
    right = F.one_hot(torch.tensor(labels), count).bool()
    return torch.where(right, certain, (1 - certain) / max(1, count - 1))


def _expected_score(alignment: LatentAlignment, shares: Sequence[Tensor], told: Tensor) -> Tensor:
    family = alignment.family
    if not isinstance(family, Chain | Independent):
        certain = F.one_hot(told, alignment.scores.shape[-1]).bool() & alignment.mask
        return family.score(certain, alignment.scores, alignment.mask)
    gold = padded(shares)[0].to(told.device)
    total = (alignment.scores * gold).sum(dim=(-2, -1))
    if isinstance(family, Independent):
        return total
    table = total.new_tensor(family.steps) if family.learned is None else family.learned
    following = torch.einsum("bnk,kl,bnl->b", gold[:, :-1], table[1:], gold[:, 1:])
    return total + gold[:, 0] @ table[0] + following
