"""Taggers of slots that are only described, from what was learned of the slots of other services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from latentalign.errors import InputError, ModelError, UnsupportedError
from latentalign.models.described_slots import DescribedSlots, description_vectors
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.saving import save_encoder
from latentalign.tasks.alignment.model_folder import check_folder, write_folder
from latentalign.tasks.slots.slot_columns import NOTHING
from latentalign.tasks.slots.tagger import SlotTagger

SETTINGS, WEIGHTS, ENCODER = "described-slots.json", "described-slots.safetensors", "encoder"
FORMAT = 1


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
        encoder = self.model.encoder
        if not isinstance(encoder, HuggingFaceEncoder) or encoder.origin is None:
            raise UnsupportedError(
                wanted="an encoder that was loaded from a folder", came=type(encoder).__name__, where="save"
            )
        model, origin = encoder.model, encoder.origin
        settings = {"format": FORMAT, "layer": encoder.layer, "window": encoder.window, "fitted_on": self.fitted_on}

        def fill(partial: Path) -> None:
            from safetensors.torch import save_file

            save_encoder(model, partial / ENCODER, origin=origin)
            (partial / SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
            save_file({name: one.contiguous() for name, one in self.model.tensors.items()}, partial / WEIGHTS)

        return write_folder(Path(folder), fill)

    @classmethod
    def load(cls, folder: str | Path) -> DescribedSlotTagger:
        """Return what ``save`` wrote.

        Raises:
            ModelError: there is none, or a file is not what its hash says.
        """
        from safetensors.torch import load_file

        place = Path(folder)
        check_folder(
            place, kind="tagger of described slots", fix="train one with `latentalign train recipes/slots-sgd.toml`"
        )
        try:
            table = json.loads((place / SETTINGS).read_text(encoding="utf-8"))
            encoder = HuggingFaceEncoder.load(place / ENCODER, window=table["window"], layer=table["layer"])
            tensors = load_file(place / WEIGHTS, device=str(encoder.device))
            note = str(table["fitted_on"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                wanted="a tagger of described slots", came=f"{type(error).__name__}: {error}", where=str(place)
            ) from error
        return cls(model=DescribedSlots(encoder=encoder, tensors=tensors), fitted_on=note)


def load_tagger(folder: str | Path, slots: Mapping[str, str]) -> SlotTagger:
    """Return the tagger of a folder: one of its own slots, or of those given, where it knows slots by description.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    if (Path(folder) / SETTINGS).is_file():
        return DescribedSlotTagger.load(folder).tagger(slots)
    return SlotTagger.load(folder)
