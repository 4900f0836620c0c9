"""Sentences against the sections of a document: one score for each pair, and what each word adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.families import AlignmentFamily
from latentalign.models.encoder import Encoder
from latentalign.models.units import Units
from latentalign.text.split_texts import SplitText

AT_ONCE = 32
"""Documents that are read together."""
_NULLS: dict[str, tuple[Any, Any]] = {"null": (True, False), "gap_query": (0.0, None)}


@dataclass(frozen=True, kw_only=True, eq=False)
class SectionScorer:
    r"""Scores each sentence of a document against each section; the document is read as a whole.

    $$S_{ik} = \frac{1}{n_i} \sum_{w \in i} x_w \cdot v_k + b_k - \nu$$

    $x_w$ is the state of word w, which has seen the sentences around it; $v_k$ is learned. It is a sum over words, so
    what each word carries is exact. 0 is the score of "no section".

    Args:
        encoder: gives the states; a document longer than its window is read in overlapping windows.
        vectors: (section, features) $v$.
        bias: (section,) $b - \nu$.
    """

    encoder: Encoder
    vectors: Tensor
    bias: Tensor

    def scores(self, documents: Sequence[SplitText]) -> tuple[Tensor, Tensor]:
        """Return (document, sentence, section) scores, and the mask of the real sentences."""
        rows = [
            F.linear(one, self.vectors, self.bias)
            for start in range(0, len(documents), AT_ONCE)
            for one in sentence_states(documents[start : start + AT_ONCE], self.encoder)
        ]
        return padded(rows)

    @torch.inference_mode()
    def carried(self, document: SplitText, sections: Sequence[int]) -> list[list[float]]:
        r"""Return what each word of each sentence adds to the score of a section over the mean of all sections.

        $$c_w = \frac{1}{n_i} x_w \cdot (v_k - \tfrac{1}{K} \textstyle\sum_l v_l)$$

        Args:
            document: the text.
            sections: the number of a section for each sentence.
        """
        (found,) = word_states([document], self.encoder)
        apart = self.vectors - self.vectors.mean(dim=0)
        return [(states @ apart[one] / len(states)).tolist() for states, one in zip(found, sections, strict=True)]


def word_states(documents: Sequence[SplitText], encoder: Encoder) -> list[list[Tensor]]:
    """Return, for each document and each sentence of it, (word, features) states."""
    units = [Units(text=one.text, spans=tuple(span for some in one.words for span in some)) for one in documents]
    found = encoder.encode(units, level="word", states=True, pooled=False)
    return [
        list(torch.split(cast(Tensor, states.states), [len(some) for some in document.words]))
        for document, states in zip(documents, found, strict=True)
    ]


def sentence_states(documents: Sequence[SplitText], encoder: Encoder) -> list[Tensor]:
    """Return (sentence, features) for each document: the mean state of the words of each sentence."""
    return [torch.stack([one.mean(dim=0) for one in found]) for found in word_states(documents, encoder)]


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return (document, sentence, section) scores, 0 in the padding, and the mask of the same shape.

    >>> scores, mask = padded([torch.ones(2, 3), torch.ones(1, 3)])
    >>> scores.shape, mask[:, :, 0].tolist()
    (torch.Size([2, 2, 3]), [[True, True], [True, False]])
    """
    scores = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(one) for one in rows], device=scores.device)
    real = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
    return scores, real[:, :, None].expand(scores.shape)


def with_null(family: AlignmentFamily, *, allowed: bool) -> AlignmentFamily:
    """Return a family in which a sentence may, or may not, have no section.

    >>> from latentalign.families import Chain, Independent
    >>> with_null(Independent(), allowed=False), with_null(Chain(null=None), allowed=True).null
    (Independent(temperature=1.0, alpha=1.0, null=False), 0.0)
    """
    changes: dict[str, Any] = {}
    for one in fields(family):  # type: ignore[arg-type]
        if one.name == "null" and not isinstance(getattr(family, one.name), bool):
            changes["null"] = 0.0 if allowed else None
        elif one.name in _NULLS:
            changes[one.name] = _NULLS[one.name][not allowed]
    return replace(family, **changes)  # type: ignore[type-var]


def fitted_temperature(family: AlignmentFamily, scores: Tensor, mask: Tensor, labels: Sequence[Sequence[int]]) -> float:
    r"""Return the temperature at which the posteriors make the right sections most likely, from 0.1 to 10.

    $$\arg\min_T - \sum_i \log A_{i y_i}(T)$$

    Args:
        family: without NULL.
        scores, mask: (document, sentence, section), of documents that were not trained on.
        labels: the number of the section of each sentence.

    Cost: forty posteriors. Guo, Pleiss, Sun and Weinberger 2017, eq. 9, of posteriors in place of a softmax.
    """
    told = torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in labels], batch_first=True)
    real = mask[:, :, 0]

    def cost(log: float) -> float:
        warm = replace(family, temperature=10.0**log)  # type: ignore[type-var]
        chosen = warm.expected(scores, mask).gather(2, told[:, :, None].to(scores.device))[:, :, 0]
        return float(-chosen[real].clamp_min(1e-9).log().mean())

    low, high = -1.0, 1.0
    for _ in range(20):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return float(10.0 ** ((low + high) / 2))


def null_level(scores: Tensor, mask: Tensor, *, turned_away: float) -> float:
    r"""Return the score $\nu$ of NULL that a share of the sentences has no section above.

    $\nu$ is that quantile of $\max_k S_{ik}$ over the sentences; where the order speaks for a section or against it,
    the share that is turned away differs a little.

    Args:
        scores, mask: (document, sentence, section), of documents all of whose sentences have a section.
        turned_away: the share, in (0, 1).
    """
    return float(scores.amax(dim=-1)[mask[:, :, 0]].quantile(turned_away))
