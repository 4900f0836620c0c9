"""How well a score tells two kinds apart, whatever the threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentalign.metrics.correlation import ranks
from latentalign.metrics.paired import positives


def auroc(scores: Sequence[float], truths: Sequence[bool]) -> float:
    r"""Return the chance that something true scores higher than something false; ties count half.

    $$\frac{1}{|P| |N|} \sum_{p \in P} \sum_{n \in N} \left([s_p > s_n] + \tfrac12 [s_p = s_n]\right)$$

    Args:
        scores: of each item, such as the chance that it is in scope.
        truths: whether it is.

    Returns:
        The area under the ROC curve: 1 is perfect, 0.5 is chance.

    Raises:
        InputError: unequal lengths, or only one of the two kinds.

    Cost: one sort.

    >>> auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875

    Hanley and McNeil 1982, section III (the Wilcoxon statistic).
    """
    inside, outside = positives(scores, truths, where="auroc")
    both = ranks(np.concatenate([inside, outside]).tolist())
    n, m = len(inside), len(outside)
    return float((both[:n].sum() - n * (n + 1) / 2) / (n * m))
