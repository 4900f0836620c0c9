"""Whether a passage is about what a query asks: a probability that means the same for every query and every index."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Confidence:
    r"""A logistic function of two parts of the value that do not depend on what an index was adapted to.

    $$p = \sigma\,(\alpha \cos(\bar x, \bar y) + \beta L + \gamma), \quad
    L = \frac{\sum_i w_i \log (1 + n_i e^{S_i})}{\sum_i w_i}$$

    $L$ is what the words of the query give by their stems alone. It was fitted on the best passages of 16 queries each
    of Cranfield, CISI, Vaswani-NPL, SQuAD and MedQuAD, in the index of their own collection (answerable) and in those
    of the others (not), the two kinds counting alike.

    Args:
        cosine: $\alpha$.
        lexical: $\beta$.
        constant: $\gamma$.

    Platt 1999, eq. 1.

    >>> WITH_VECTORS(cosine=0.7, lexical=0.5) > 0.99, WITH_VECTORS(cosine=0.2, lexical=0.1) < 0.01
    (True, True)
    """

    cosine: float
    lexical: float
    constant: float

    def __call__(self, *, cosine: float, lexical: float) -> float:
        """Return the probability."""
        return 1 / (1 + math.exp(-(self.cosine * cosine + self.lexical * lexical + self.constant)))


WITH_VECTORS = Confidence(cosine=25.7, lexical=7.0, constant=-14.8)
"""For an index with the default encoder."""
STEMS_ALONE = Confidence(cosine=0.0, lexical=8.5, constant=-4.0)
"""For an index without an encoder; much weaker."""
