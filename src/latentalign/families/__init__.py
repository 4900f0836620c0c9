"""Alignment families: pure tensor maths on score matrices."""

from latentalign.families.agreement import Agreement
from latentalign.families.alignment import LatentAlignment
from latentalign.families.chain import Chain
from latentalign.families.family import AlignmentFamily
from latentalign.families.independent import Independent
from latentalign.families.markov import Markov
from latentalign.families.matching import Matching
from latentalign.families.monotonic import Monotonic
from latentalign.families.numerics import pair_mask
from latentalign.families.transport import Transport

__all__ = [
    "Agreement",
    "AlignmentFamily",
    "Chain",
    "Independent",
    "LatentAlignment",
    "Markov",
    "Matching",
    "Monotonic",
    "Transport",
    "pair_mask",
]
