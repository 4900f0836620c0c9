"""Scores of the items of a sequence (sentences of a document, words of an utterance) against labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from latentalign.families import AlignmentFamily

_NULLS: dict[str, tuple[Any, Any]] = {"null": (True, False), "gap_query": (0.0, None)}


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return (sequence, item, label) scores, 0 in the padding, and the mask of the same shape.

    >>> scores, mask = padded([torch.ones(2, 3), torch.ones(1, 3)])
    >>> scores.shape, mask[:, :, 0].tolist()
    (torch.Size([2, 2, 3]), [[True, True], [True, False]])
    """
    scores = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(one) for one in rows], device=scores.device)
    real = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
    return scores, real[:, :, None].expand(scores.shape)


def with_null(family: AlignmentFamily, *, allowed: bool) -> AlignmentFamily:
    """Return a family in which an item may, or may not, have no label.

    >>> from latentalign.families import Chain, Independent
    >>> with_null(Independent(), allowed=False), with_null(Chain(null=None), allowed=True).null
    (Independent(temperature=1.0, alpha=1.0, null=False), 0.0)
    """
    changes: dict[str, Any] = {}
    for one in fields(family):  # type: ignore[arg-type]
        if one.name == "null" and not isinstance(getattr(family, one.name), bool):
            changes["null"] = 0.0 if allowed else None
        elif one.name in _NULLS:
            changes[one.name] = _NULLS[one.name][not allowed]
    return replace(family, **changes)  # type: ignore[type-var]


def fitted_temperature(family: AlignmentFamily, scores: Tensor, mask: Tensor, labels: Sequence[Sequence[int]]) -> float:
    r"""Return the temperature at which the posteriors make the right labels most likely, from 0.1 to 10.

    $$\arg\min_T - \sum_i \log A_{i y_i}(T)$$

    Args:
        family: without NULL.
        scores, mask: (sequence, item, label), of sequences that were not trained on.
        labels: the number of the label of each item.

    Cost: forty posteriors. Guo, Pleiss, Sun and Weinberger 2017, eq. 9, of posteriors in place of a softmax.
    """
    told = torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in labels], batch_first=True)
    real = mask[:, :, 0]

    def cost(log: float) -> float:
        warm = replace(family, temperature=10.0**log)  # type: ignore[type-var]
        chosen = warm.expected(scores, mask).gather(2, told[:, :, None].to(scores.device))[:, :, 0]
        return float(-chosen[real].clamp_min(1e-9).log().mean())

    low, high = -1.0, 1.0
    for _ in range(20):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return float(10.0 ** ((low + high) / 2))


def null_level(scores: Tensor, mask: Tensor, *, turned_away: float) -> float:
    r"""Return the score $\nu$ of NULL that a share of the items has no label above.

    $\nu$ is that quantile of $\max_k S_{ik}$ over the items; where the order speaks for a label or against it,
    the share that is turned away differs a little.

    Args:
        scores, mask: (sequence, item, label), of sequences all of whose items have a label.
        turned_away: the share, in (0, 1).
    """
    return float(scores.amax(dim=-1)[mask[:, :, 0]].quantile(turned_away))
