r"""How well a passage explains a query: one value, and the alignment that is its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.families import LatentAlignment
from latentalign.families.independent import Independent


@dataclass(frozen=True, kw_only=True)
class RelevanceWeights:
    r"""The scalar weights of the potentials.

    $$V(q, p) = \frac{\sum_i w_i \Phi(S_{i\cdot})}{\sum_i w_i} + \langle \hat q, \hat p \rangle
    + d \max_b \cos(\bar x, \bar y_b) - h \log (1 + n_p), \quad
    \Phi(S_{i\cdot}) = \log \Bigl(1 + \sum_j e^{S_{ij}}\Bigr)$$

    $$S_{ij} = s\,[\cos(x_i, y_j) - \theta] + e\,[\mathrm{stem}_i = \mathrm{stem}_j] - l \log (m / \bar m)$$

    $w_i$ is the inverse document frequency of query word $i$ and $m$ the length of the passage. Without states of words
    $S = r - l \log (m / \bar m)$ for words of the same stem, and the others have no link. The two texts as wholes give

    $$\langle \hat q, \hat p \rangle = a \cos(\bar x, \bar p) + b \cos(t_q, t_p) + a' \cos(\bar c, \bar p)
    + b' \cos(t_c, t_p), \quad \hat p \leftarrow \hat p + c \sum_{p'} G_{pp'} \hat p'$$

    $\bar y_b$ is the mean of the states of ``STRETCH`` words of the passage in a row, of which the stretch that is
    nearest to the whole of the query counts, and $n_p$ of how many passages $p$ is a neighbour: what is near to many is
    often found by chance. $t$ are topics and $G$ the neighbours of a passage, both fitted to the corpus without labels.
    $c$ is the context of the query: the mean of the best passages, weighted by $\mathrm{softmax}(V / T)$, which is what
    the query reads out of the corpus as an attention over passages.

    Args:
        whole: $a$, of the vectors of the two texts.
        topics: $b$.
        neighbours: $c$.
        context_whole: $a'$.
        context_topics: $b'$.
        context_size: how many of the best passages make the context; 0 for none.
        temperature: $T$ of the context, above 0.
        similarity: $s$, of the states of two words.
        least: $\theta$, the cosine from which on two words are better linked than not.
        exact: $e$, of words of the same stem.
        level: $r$.
        length: $l$.
        stretch: $d$; 0 where no states of words are kept.
        hubness: $h$.

    Rocchio 1971 (context as a mean of relevant texts); Diaz 2005 (neighbours); Callan 1994 (stretches of words beside
    whole documents); Radovanović, Nanopoulos and Ivanović 2010 (hubs): all here inside one score.
    """

    whole: float = 2.1
    topics: float = 1.2
    neighbours: float = 0.8
    context_whole: float = 0.25
    context_topics: float = 3.0
    context_size: int = 10
    temperature: float = 0.3
    similarity: float = 15.0
    least: float = 0.5
    exact: float = 1.0
    level: float = 0.7
    length: float = 0.75
    stretch: float = 2.0
    hubness: float = 0.06

    def at(self, lengths: Tensor, mean: float) -> Tensor:
        r"""Return (passage,) the part of a score that depends on the length, $-l \log (m / \bar m)$."""
        relative = lengths.clamp_min(1).float() / max(mean, 1.0)
        return -self.length * relative.log()


@dataclass(frozen=True, kw_only=True, eq=False)
class WordAlignment:
    """The alignment of the words of a query with those of some passages.

    Args:
        alignment: of scores (passage, query, 1, key): each word of the query aligns on its own.
        weights: (query,) that sum to 1.
    """

    alignment: LatentAlignment
    weights: Tensor

    @property
    def values(self) -> Tensor:
        """(passage,) what the words give."""
        return self.alignment.value @ self.weights

    @property
    def expected(self) -> Tensor:
        """(passage, query, key) the expected links; times the weights, the gradient of the values."""
        return self.alignment.expected[:, :, 0]


def align_words(
    *,
    terms: Tensor,
    cosines: Tensor | None,
    weights: Tensor,
    passage_terms: Tensor,
    lengths: Tensor,
    mean: float,
    settings: RelevanceWeights,
) -> WordAlignment:
    """Return the alignment of a query with a batch of passages.

    Args:
        terms: (query,) numbers of the stems.
        cosines: (passage, query, key) of the states of words; None to look at stems alone.
        weights: (query,) of the words, not negative, some positive.
        passage_terms: (passage, key), numbers of the stems; anything in the padding.
        lengths: (passage,) words of each.
        mean: words of a passage of the corpus, on average.
        settings: weights of the potentials.
    """
    real = torch.arange(passage_terms.shape[1])[None] < lengths[:, None]
    same = terms[None, :, None] == passage_terms[:, None, :]
    level = settings.at(lengths, mean)[:, None, None]
    if cosines is None:
        scores, mask = (settings.level + level).expand(same.shape), same & real[:, None, :]
    else:
        scores = settings.similarity * (cosines - settings.least) + settings.exact * same + level
        mask = real[:, None, :].expand(scores.shape)
    alignment = LatentAlignment(
        family=Independent(), scores=torch.where(mask, scores, 0.0)[:, :, None], mask=mask[:, :, None]
    )
    return WordAlignment(alignment=alignment, weights=weights / weights.sum().clamp_min(1e-9))
