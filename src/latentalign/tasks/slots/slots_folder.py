"""A trained tagger of slots as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latentalign import config, registry
from latentalign.models.slots import SlotScorer
from latentalign.tasks.folders.encoder_folder import EncoderFolder
from latentalign.tasks.folders.model_folder import family_table

if TYPE_CHECKING:
    from latentalign.tasks.slots.tagger import SlotTagger

FOLDER = EncoderFolder(name="slots", kind="tagger of slots", recipe="train-slots-restaurant8k.toml")


def write_slots(tagger: SlotTagger, folder: Path) -> Path:
    """Write a tagger into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: an encoder that cannot be saved.
    """
    scorer = tagger.scorer
    return FOLDER.write(
        folder,
        encoder=scorer.encoder,
        settings={
            "columns": list(tagger.columns),
            "family": family_table(tagger.family),
            "fitted_on": tagger.fitted_on,
        },
        tensors={"vectors": scorer.vectors, "lexical": scorer.lexical, "bias": scorer.bias},
    )


def read_slots(folder: Path) -> SlotTagger:
    """Return the tagger that ``write_slots`` wrote.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from latentalign.tasks.slots.tagger import SlotTagger

    table, encoder, weights = FOLDER.read(folder)
    try:
        return SlotTagger(
            columns=tuple(map(str, table["columns"])),
            scorer=SlotScorer(
                encoder=encoder, vectors=weights["vectors"], lexical=weights["lexical"], bias=weights["bias"]
            ),
            family=config.build(registry.families, table["family"], where=FOLDER.settings),
            fitted_on=str(table["fitted_on"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FOLDER.broken(error, folder) from error
