"""Sentences against sections that are described, or of which there are examples; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from latentalign.models.label_scores import padded
from latentalign.models.matcher.memory import units_of
from latentalign.tasks.classification.classify import Classifier
from latentalign.text.split_texts import SplitText


@dataclass(frozen=True, kw_only=True, eq=False)
class DescribedSections:
    r"""The value of each sentence and section by a matcher, against the level of NULL: $S_{ik} = (V_{ik} - \nu) / T$.

    Args:
        classifier: of single sentences.
    """

    classifier: Classifier

    @classmethod
    def of(cls, sections: Mapping[str, str | Sequence[str]], **changes: Any) -> DescribedSections:
        """Return the scorer of some sections, with settings of ``MatcherConfig``."""
        return cls(classifier=Classifier.load(sections, **changes))

    def scores(self, documents: Sequence[SplitText]) -> tuple[Tensor, Tensor]:
        """Return (document, sentence, section) scores, and the mask of the real sentences."""
        calibration = self.classifier.calibration
        values = self.classifier.values([one for document in documents for one in document.strings])
        scores = (values - calibration.null) / calibration.temperature
        return padded(torch.split(scores, [len(one.sentences) for one in documents]))

    def carried(self, document: SplitText, sections: Sequence[int]) -> list[list[float]]:
        """Return what each word of each sentence carries of the value of a section."""
        return [self._carried(one, section) for one, section in zip(document.strings, sections, strict=True)]

    def _carried(self, sentence: str, section: int) -> list[float]:
        units = units_of(sentence)
        if not units.spans:
            return [0.0]
        found: list[float] = self.classifier.matcher.explain(units, self.classifier.memory, section).carried.tolist()
        return found
