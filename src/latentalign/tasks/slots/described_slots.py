"""Taggers of slots that are only described, from what was learned of the slots of other services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from latentalign.errors import InputError
from latentalign.models.described_slots import DescribedSlots, description_vectors
from latentalign.tasks.folders.encoder_folder import EncoderFolder
from latentalign.tasks.slots.slot_columns import NOTHING
from latentalign.tasks.slots.tagger import SlotTagger

FOLDER = EncoderFolder(name="described-slots", kind="tagger of described slots", recipe="slots-sgd.toml")


@dataclass(frozen=True, kw_only=True, eq=False)
class DescribedSlotTagger:
    """Makes the tagger of any slots that have a description; nothing is trained for them.

    Args:
        model: what was learned.
        fitted_on: what the probabilities were fitted on, for people.
    """

    model: DescribedSlots
    fitted_on: str = ""

    def tagger(self, slots: Mapping[str, str]) -> SlotTagger:
        """Return the tagger of some slots.

        Args:
            slots: names with what they are, in words.

        Raises:
            InputError: no slots.

        Cost: one pass of the encoder over the descriptions.
        """
        if not slots:
            raise InputError(wanted="a slot with its description", came="none", where="slots")
        vectors = description_vectors(list(slots), list(slots.values()), self.model.encoder)
        return SlotTagger(
            columns=(NOTHING, *(f"{letter}-{name}" for name in slots for letter in "BI")),
            scorer=self.model.scorer(list(slots), vectors),
            family=self.model.family(len(slots)),
            fitted_on=self.fitted_on,
        )

    def save(self, folder: str | Path) -> Path:
        """Write it into a folder, complete or not at all, and return the folder.

        Raises:
            InputError: the folder cannot be written.
            UnsupportedError: an encoder that cannot be saved.
        """
        return FOLDER.write(
            Path(folder),
            encoder=self.model.encoder,
            settings={"fitted_on": self.fitted_on},
            tensors=self.model.tensors,
        )

    @classmethod
    def load(cls, folder: str | Path) -> DescribedSlotTagger:
        """Return what ``save`` wrote.

        Raises:
            ModelError: there is none, or a file is not what its hash says.
        """
        table, encoder, tensors = FOLDER.read(Path(folder))
        return cls(model=DescribedSlots(encoder=encoder, tensors=tensors), fitted_on=str(table.get("fitted_on", "")))


def load_tagger(folder: str | Path, slots: Mapping[str, str]) -> SlotTagger:
    """Return the tagger of a folder: one of its own slots, or of those given, where it knows slots by description.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    if (Path(folder) / FOLDER.settings).is_file():
        return DescribedSlotTagger.load(folder).tagger(slots)
    return SlotTagger.load(folder)
