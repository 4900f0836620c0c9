"""The deletion test of a similarity: does the score of two texts rest on the words whose links carry it?"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import torch
from torch import Tensor

from latentalign.evaluation.deletion_test import DRAWS, fallen, removals, without
from latentalign.evaluation.parts import relevance, unit_parts
from latentalign.families import AlignmentFamily
from latentalign.metrics.deletion import Deletion
from latentalign.models.scorer import PairScorer
from latentalign.text.segment import segment


@torch.no_grad()
def deletion(
    scorer: PairScorer,
    family: AlignmentFamily,
    weights: Tensor,
    pairs: Sequence[tuple[str, str]],
    *,
    share: float = 0.2,
    seed: int = 0,
) -> Deletion:
    r"""Return how much the score of pairs falls without the words that carry it, and without random ones.

    A word of the first text carries $\sum_j A_{ij} S_{ij}$, the parts of the value that are its links'.

    Args:
        scorer: whose potentials are summed.
        family: of the alignment.
        weights: of the potentials.
        pairs: of texts; those whose first text is a single word are left out.
        share: of the words of the first text that are removed, one at least, never all.
        seed: of the random words.

    Cost: the potentials of ``DRAWS`` + 2 times as many pairs.
    """
    chance = Random(seed)
    chosen = [pair for pair in pairs if len(segment(pair[0])) > 1]
    if not chosen:
        return Deletion(linked=[], random=[])
    found = unit_parts(scorer, chosen).alignment(family, weights)
    carried, before = (found.expected * found.scores).sum(dim=-1), relevance(found).tolist()
    shortened: list[tuple[str, str]] = []
    for row, (text, other) in zip(carried.tolist(), chosen, strict=True):
        spans = segment(text)
        removed = removals(row[: len(spans)], chance, share=share)
        shortened += [(without(text, [spans[place] for place in some]), other) for some in removed]
    after = unit_parts(scorer, shortened).relevances(family, weights).reshape(len(chosen), DRAWS + 1).tolist()
    return fallen(before, after)
