"""The recipe of a classifier: on which texts it is trained, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from latentalign.formats.catalogue.catalogue_file import CatalogueFile
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts, texts_of
from latentalign.tasks.classification.train_classifier import ClassifierTraining


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe:
    """Train a classifier, as ``latentalign train`` runs it.

    Args:
        texts: what it is trained on.
        out_of_scope: texts that no label fits; their labels are not read.
        unlabelled: further texts, for a teacher alone; their labels are not read.
        catalogue: whose concepts ``settings.concepts`` are then.
        settings: how.
    """

    texts: LabelledTexts
    out_of_scope: LabelledTexts | None = None
    unlabelled: LabelledTexts | None = None
    catalogue: CatalogueFile | None = None
    settings: ClassifierTraining = field(default_factory=ClassifierTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> Classifier:
        """Train, fit the probabilities, write the folder, and return the classifier."""
        outside, unlabelled = (texts_of(one, data) for one in (self.out_of_scope, self.unlabelled))
        settings = with_catalogue(self.settings, self.catalogue, data)
        made = settings.fit(self.texts.read(data), out_of_scope=outside, unlabelled=unlabelled)
        made.save(output)
        return made


def with_catalogue(settings: ClassifierTraining, catalogue: CatalogueFile | None, data: Path) -> ClassifierTraining:
    """Return the settings with the concepts of a catalogue, if there is one.

    Raises:
        InputError: it cannot be read, or there are no weights of words beside which concepts have theirs.
    """
    return settings if catalogue is None else replace(settings, concepts=catalogue.read(data))
