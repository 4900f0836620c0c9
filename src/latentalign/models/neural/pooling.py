"""From pieces to words."""

from __future__ import annotations

from torch import Tensor


def pool(states: Tensor, places: Tensor, *, words: int) -> Tensor:
    r"""Return (\*batch, word, feature) the mean of the states of each word's pieces, 0 for a word without any.

    Args:
        states: (\*batch, piece, feature).
        places: (\*batch, piece) the place of each piece's word, ``words`` or above for padding.
        words: of the longest text.

    >>> import torch
    >>> pool(torch.tensor([[1.0], [3.0], [9.0]]), torch.tensor([0, 0, 5]), words=2).tolist()
    [[2.0], [0.0]]
    """
    index = places.clamp_max(words)[..., None]
    shape = (*states.shape[:-2], words + 1)
    sums = states.new_zeros((*shape, states.shape[-1])).scatter_add(-2, index.expand_as(states), states)
    counts = states.new_zeros((*shape, 1)).scatter_add(-2, index, states.new_ones(index.shape))
    return (sums / counts.clamp_min(1))[..., :-1, :]
