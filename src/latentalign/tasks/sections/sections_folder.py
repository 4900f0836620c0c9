"""A trained classifier of sections as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latentalign import config, registry
from latentalign.errors import UnsupportedError
from latentalign.models.sections import SectionScorer
from latentalign.tasks.folders.encoder_folder import EncoderFolder
from latentalign.tasks.folders.model_folder import family_table

if TYPE_CHECKING:
    from latentalign.tasks.sections.sectioner import SectionClassifier

FOLDER = EncoderFolder(name="sections", kind="classifier of sections", recipe="sections-csabstruct.toml")


def write_sections(classifier: SectionClassifier, folder: Path) -> Path:
    """Write a trained classifier into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: a classifier that was not trained, or whose encoder cannot be saved.
    """
    scorer = classifier.scorer
    if not isinstance(scorer, SectionScorer):
        raise UnsupportedError(wanted="a trained classifier of sections", came=type(scorer).__name__, where="save")
    return FOLDER.write(
        folder,
        encoder=scorer.encoder,
        settings={
            "names": list(classifier.names),
            "family": family_table(classifier.family),
            "fitted_on": classifier.fitted_on,
        },
        tensors={"vectors": scorer.vectors, "bias": scorer.bias},
    )


def read_sections(folder: Path) -> SectionClassifier:
    """Return the classifier that ``write_sections`` wrote.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from latentalign.tasks.sections.sectioner import SectionClassifier

    table, encoder, weights = FOLDER.read(folder)
    try:
        return SectionClassifier(
            names=tuple(map(str, table["names"])),
            scorer=SectionScorer(encoder=encoder, vectors=weights["vectors"], bias=weights["bias"]),
            family=config.build(registry.families, table["family"], where=FOLDER.settings),
            fitted_on=str(table["fitted_on"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FOLDER.broken(error, folder) from error
