"""The recipe of a classifier: on which texts it is trained, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from latentalign.tasks.classification.train_classifier import ClassifierTraining


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe:
    """Train a classifier, as ``latentalign train`` runs it.

    Args:
        texts: what it is trained on.
        out_of_scope: texts that no label fits; their labels are not read.
        unlabelled: further texts, for a teacher alone; their labels are not read.
        settings: how.
    """

    texts: LabelledTexts
    out_of_scope: LabelledTexts | None = None
    unlabelled: LabelledTexts | None = None
    settings: ClassifierTraining = field(default_factory=ClassifierTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> Classifier:
        """Train, fit the probabilities, write the folder, and return the classifier."""
        outside, unlabelled = (
            [] if one is None else [text for text, _ in one.read(data)] for one in (self.out_of_scope, self.unlabelled)
        )
        made = self.settings.fit(self.texts.read(data), out_of_scope=outside, unlabelled=unlabelled)
        made.save(output)
        return made
