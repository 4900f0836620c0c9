"""What no section is worth for a sentence, learned from sentences that are of none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.models.matcher.minimum import minimum
from latentalign.models.sections import SectionScorer, sentence_states
from latentalign.text.split_texts import SplitText

RIDGE = 1e-3
"""Of the squared weights, beside the mean loss of a sentence."""
AT_ONCE = 32
"""Documents that are read together."""


def with_learned_null(
    scorer: SectionScorer, documents: Sequence[SplitText], strangers: Sequence[int], *, temperature: float
) -> SectionScorer:
    r"""Return the scorer with the scores of all sections over that of NULL, $\nu(x) = w \cdot \bar x + b$.

    $$\min_{w, b} - \frac1n \sum_i \log p(f_i | x_i) + \lambda |w|^2, \quad
    p(f = 1 | x) = \sigma\Big(\log \sum_k e^{S_k(x) / T} - \nu(x) / T\Big)$$

    where $f$ is whether a sentence is of a section. Given that it is, which one stays as it was, since the same is
    taken from all scores.

    Args:
        scorer: whose sections are learned.
        documents: each with one sentence that is of no section.
        strangers: the number of that sentence in each document.
        temperature: $T$ of the family.

    Cost: reading the documents. Logistic regression: Cox 1958, eq. 1.
    """
    states: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(documents), AT_ONCE):
            states += sentence_states(documents[start : start + AT_ONCE], scorer.encoder)
    fits = torch.cat([torch.arange(len(one)) != place for one, place in zip(states, strangers, strict=True)]).double()
    rows = torch.cat(states).double().cpu()
    vectors, bias = scorer.vectors.double().cpu(), scorer.bias.double().cpu()
    evidence = (F.linear(rows, vectors, bias) / temperature).logsumexp(dim=1)

    def loss(at: Tensor) -> Tensor:
        found = evidence - (rows @ at[:-1] + at[-1]) / temperature
        return F.binary_cross_entropy_with_logits(found, fits) + RIDGE * (at[:-1] ** 2).sum()

    *weights, level = minimum(loss, [0.0] * (rows.shape[1] + 1))
    direction = torch.tensor(weights).to(scorer.vectors)
    return replace(scorer, vectors=scorer.vectors - direction, bias=scorer.bias - level)
