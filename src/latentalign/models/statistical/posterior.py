"""The expected alignment of a pair under one view, by the compiled kernels or by the families in torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentalign.models.statistical import emissions
from latentalign.models.statistical.emissions import Direction, Found
from latentalign.models.statistical.settings import StatisticalConfig

if TYPE_CHECKING:
    from latentalign.families import AlignmentFamily

Array = NDArray[np.float64]
Engine = Literal["compiled", "torch"]


class Posterior(NamedTuple):
    """What is known of the alignment of a pair.

    Args:
        forward: (source, target) the chance of each link, if each target word takes a source word or NULL.
        backward: (source, target) the chance of each link, if each source word takes a target word or NULL.
        value: the mean of the two values of the family, against NULL.
    """

    forward: Array
    backward: Array
    value: float


def by_kernels(found: Sequence[Found], jump: Array, settings: StatisticalConfig) -> list[Posterior]:
    """Return the posteriors of some pairs, in float64.

    Raises:
        MissingExtraError: numba is not installed.
    """
    from latentalign.models.statistical.kernels import all_jumps, both_ways
    from latentalign.models.statistical.room import room

    shapes = [pair.links.shape for pair in found]
    longest = max((max(shape) for shape in shapes), default=0)
    space = room(longest, max(((n + 1) * (m + 1) for n, m in shapes), default=0))
    wide = all_jumps(jump[0], longest), all_jumps(jump[1], longest)
    posteriors, unseen = [], np.empty((2, 0))
    for pair, (n, m) in zip(found, shapes, strict=True):
        forward, backward = np.empty((m, n)), np.empty((n, m))
        how = (settings.null_chance, settings.word_order)
        value, _ = both_ways(pair, wide, *how, forward, backward, unseen, space)
        posteriors.append(Posterior(forward.T, backward, value / 2))
    return posteriors


def by_families(found: Sequence[Found], jump: Array, settings: StatisticalConfig) -> list[Posterior]:
    """Return the same through the families in torch: slower on streams, but nothing has to be compiled."""
    to_target = _inferred([emissions.to_target(pair) for pair in found], jump[0], settings)
    to_source = _inferred([emissions.to_source(pair) for pair in found], jump[1], settings)
    return [
        Posterior(forward.T, backward, (value + other) / 2)
        for (forward, value), (backward, other) in zip(to_target, to_source, strict=True)
    ]


def _inferred(sides: Sequence[Direction], jump: Array, settings: StatisticalConfig) -> list[tuple[Array, float]]:
    import torch

    from latentalign.families import Independent, Markov
    from latentalign.families.numerics import pair_mask

    log_odds = math.log(settings.null_chance / (1 - settings.null_chance))
    family: AlignmentFamily = Independent()
    matrices = [torch.from_numpy(np.log(emissions.odds(side)[0])) for side in sides]
    if settings.word_order:
        family = Markov(jump=tuple(np.log(jump).tolist()), null_log_odds=log_odds, start="jump", end="jump")
    else:
        matrices = [matrix - log_odds - math.log(matrix.shape[1]) for matrix in matrices]
    rows, columns = (torch.tensor([matrix.shape[axis] for matrix in matrices]) for axis in (0, 1))
    height, width = int(rows.max()), int(columns.max())
    scores = torch.zeros((len(matrices), height, width), dtype=torch.float64)
    for score, matrix in zip(scores, matrices, strict=True):
        score[: matrix.shape[0], : matrix.shape[1]] = matrix
    mask = pair_mask(query_lengths=rows, key_lengths=columns, query_size=height, key_size=width)
    with torch.inference_mode():
        mass, values = family.expected(scores, mask).numpy(), family.value(scores, mask)
    if not settings.word_order:
        values = values + rows * math.log(settings.null_chance)
    return [(mass[p, : matrix.shape[0], : matrix.shape[1]], values[p].item()) for p, matrix in enumerate(matrices)]
