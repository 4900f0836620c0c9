"""What gets through when most of what should is let through."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from latentalign.errors import InputError
from latentalign.metrics.paired import positives


def false_positive_rate(scores: Sequence[float], truths: Sequence[bool], *, recall: float = 0.95) -> float:
    r"""Return the share of false items that are taken when at least ``recall`` of the true ones are; lower is better.

    $$\frac{|\{n \in N : s_n \ge t\}|}{|N|}, \quad t = \max \{t : |\{p \in P : s_p \ge t\}| \ge r |P|\}$$

    Args:
        scores: of each item, such as the chance that it is in scope.
        truths: whether it is.
        recall: r, in (0, 1].

    Raises:
        InputError: unequal lengths, only one of the two kinds, or a recall outside (0, 1].

    Cost: one sort.

    >>> false_positive_rate([0.9, 0.8, 0.3, 0.2], [True, True, False, False])
    0.0

    Liang, Li and Srikant 2018, section 4.2 (FPR at 95 % TPR).
    """
    if not 0 < recall <= 1:
        raise InputError(wanted="a recall in (0, 1]", came=repr(recall), where="false_positive_rate")
    inside, outside = positives(scores, truths, where="false_positive_rate")
    taken = math.ceil(recall * len(inside) - 1e-9)
    threshold = np.sort(inside)[len(inside) - taken]
    return float((outside >= threshold).mean())
