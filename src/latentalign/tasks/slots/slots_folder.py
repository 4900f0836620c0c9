"""A trained tagger of slots as a folder, with a hash of every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign import config, registry
from latentalign.errors import ModelError, UnsupportedError
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.saving import save_encoder
from latentalign.models.slots import SlotScorer
from latentalign.tasks.alignment.model_folder import check_folder, family_table, write_folder

if TYPE_CHECKING:
    from latentalign.tasks.slots.tagger import SlotTagger

SETTINGS, WEIGHTS, ENCODER = "slots.json", "slots.safetensors", "encoder"
FORMAT = 1


def write_slots(tagger: SlotTagger, folder: Path) -> Path:
    """Write a tagger into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: an encoder that cannot be saved.
    """
    scorer, encoder = tagger.scorer, tagger.scorer.encoder
    if not isinstance(encoder, HuggingFaceEncoder) or encoder.origin is None:
        raise UnsupportedError(
            wanted="an encoder that was loaded from a folder", came=type(encoder).__name__, where="save"
        )
    model, origin = encoder.model, encoder.origin
    settings = {
        "format": FORMAT,
        "columns": list(tagger.columns),
        "family": family_table(tagger.family),
        "window": encoder.window,
        "layer": encoder.layer,
        "fitted_on": tagger.fitted_on,
    }

    def fill(partial: Path) -> None:
        from safetensors.torch import save_file

        save_encoder(model, partial / ENCODER, origin=origin)
        (partial / SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
        tensors = {"vectors": scorer.vectors, "lexical": scorer.lexical, "bias": scorer.bias}
        save_file({name: one.contiguous() for name, one in tensors.items()}, partial / WEIGHTS)

    return write_folder(folder, fill)


def read_slots(folder: Path) -> SlotTagger:
    """Return the tagger that ``write_slots`` wrote.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from safetensors.torch import load_file

    from latentalign.tasks.slots.tagger import SlotTagger

    check_folder(
        folder, kind="tagger of slots", fix="train one with `latentalign train recipes/train-slots-restaurant8k.toml`"
    )
    try:
        table = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        family = config.build(registry.families, table["family"], where=SETTINGS)
        encoder = HuggingFaceEncoder.load(folder / ENCODER, window=table["window"], layer=table["layer"])
        weights = load_file(folder / WEIGHTS, device=str(encoder.device))
        scorer = SlotScorer(
            encoder=encoder, vectors=weights["vectors"], lexical=weights["lexical"], bias=weights["bias"]
        )
        columns, note = tuple(map(str, table["columns"])), str(table["fitted_on"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            wanted="a tagger of slots", came=f"{type(error).__name__}: {error}", where=str(folder)
        ) from error
    return SlotTagger(columns=columns, scorer=scorer, family=family, fitted_on=note)
