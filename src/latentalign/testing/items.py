"""The items that the laws run on: score matrices of many shapes and scales, masked in every way."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from latentalign.families.alignment import LatentAlignment
from latentalign.testing.oracles import Case, Truth, truth

SHAPES = ((1, 1), (1, 4), (4, 1), (2, 3), (3, 2), (4, 4))
LARGE_SHAPES = ((3, 5), (5, 3), (5, 5))
SCALES = (1.0, 10.0, 100.0, 1000.0)


def scores_and_masks(
    *, seed: int = 0, scales: tuple[float, ...] = SCALES, shapes: tuple[tuple[int, int], ...] = SHAPES
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield, for each shape, a batch with every scale of scores under full, ragged, sparse and empty masks."""
    generator = torch.Generator().manual_seed(seed)
    for shape in shapes:
        items, masks = [], []
        for scale in scales:
            scores = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
            full = torch.ones(shape, dtype=torch.bool)
            ragged = full.clone()
            ragged[-1:] &= shape[0] == 1
            ragged[:, -1:] &= shape[1] == 1
            sparse = torch.rand(shape, generator=generator) < 0.7
            items += [scores] * 4
            masks += [full, ragged, sparse, ~full]
        yield torch.stack(items), torch.stack(masks)


def enumerated(
    case: Case, *, scales: tuple[float, ...] = SCALES, shapes: tuple[tuple[int, int], ...] = SHAPES
) -> Iterator[tuple[LatentAlignment, list[Truth]]]:
    """Yield batches of alignments with what enumeration says of each item."""
    if case.alignments is None:
        return
    for scores, mask in scores_and_masks(scales=scales, shapes=shapes):
        truths = [truth(case, *item) for item in zip(scores, mask, strict=True)]
        yield LatentAlignment(family=case.family, scores=scores, mask=mask), truths


def enumerated_large(case: Case) -> Iterator[tuple[LatentAlignment, list[Truth]]]:
    """Yield what ``enumerated`` does, and items of up to 5 by 5 at one scale."""
    yield from enumerated(case)
    yield from enumerated(case, scales=(1.0,), shapes=LARGE_SHAPES)


def close(got: Tensor, wanted: list[Tensor], *, scores: Tensor | None = None) -> None:
    """Raise unless each item of a batch agrees to 1e-8 of the largest of its scores (or of 1)."""
    together = torch.stack(wanted)
    if scores is not None:
        scale = scores.abs().amax(dim=(-2, -1)).clamp_min(1.0)
        scale = scale.reshape(-1, *[1] * (together.dim() - 1))
        got, together = got / scale, together / scale
    torch.testing.assert_close(got, together, rtol=1e-8, atol=1e-8)
