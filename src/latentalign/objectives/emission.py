"""Emissions, which say how likely each query is given each key, measured against NULL."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import ShapeError
from latentalign.families.alignment import LatentAlignment


def against_null(alignment: LatentAlignment, emission: Tensor, null: Tensor | None) -> tuple[Tensor, Tensor]:
    r"""Return the emissions against NULL, and what that took off every alignment.

    Scores are measured against NULL at 0, so $E_{ij} = \log p(y_i | x_j) - \log p(y_i | \text{NULL})$, and the sum over
    the real queries of $\log p(y_i | \text{NULL})$ has to be added back once.

    Args:
        alignment: before the queries are known.
        emission: (\*batch, query, key) $\log p(y_i | x_j)$; masked entries are never read.
        null: (\*batch, query) $\log p(y_i | \text{NULL})$; None where ``emission`` is against NULL already.

    Returns:
        (\*batch, query, key), 0 outside the mask, and (\*batch,).

    Raises:
        ShapeError: the shapes do not fit the scores.

    >>> from latentalign.families.independent import Independent
    >>> scores = torch.zeros(1, 2)
    >>> alignment = LatentAlignment(family=Independent(), scores=scores, mask=scores == 0)
    >>> against_null(alignment, torch.tensor([[-1.0, -2.0]]), torch.tensor([-3.0]))
    (tensor([[2., 1.]]), tensor(-3.))
    """
    shape = alignment.scores.shape
    if emission.shape != shape:
        raise ShapeError(wanted=f"emissions of the scores' shape {tuple(shape)}", came=str(tuple(emission.shape)))
    if null is None:
        return torch.where(alignment.mask, emission, 0.0), emission.new_zeros(shape[:-2])
    if null.shape != shape[:-1]:
        raise ShapeError(wanted=f"emissions of NULL of shape {tuple(shape[:-1])}", came=str(tuple(null.shape)))
    base = torch.where(alignment.mask.any(dim=-1), null, 0.0)
    return torch.where(alignment.mask, emission - base[..., None], 0.0), base.sum(dim=-1)
