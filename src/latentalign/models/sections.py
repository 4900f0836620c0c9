"""Sentences against the sections of a document: one score for each pair, and what each word adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.models.encoder import Encoder
from latentalign.models.label_scores import padded
from latentalign.models.units import Units
from latentalign.text.split_texts import SplitText

AT_ONCE = 32
"""Documents that are read together."""


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
