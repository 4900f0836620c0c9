"""Alignment families: pure tensor maths on score matrices."""

from latentalign.families.alignment import LatentAlignment
from latentalign.families.family import AlignmentFamily
from latentalign.families.independent import Independent

from latentalign.families.numerics import pair_mask

__all__ = [
    "AlignmentFamily",
    "Independent",
    "LatentAlignment",
    "pair_mask",
]
