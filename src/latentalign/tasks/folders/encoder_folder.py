"""An encoder with what was learned on top of it, as a folder: settings, tensors, and the encoder, or which it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from latentalign.errors import ModelError, UnsupportedError
from latentalign.models.encoder import Encoder
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.tasks.folders.model_folder import ENCODER, check_folder, encoder_place, write_encoder, write_folder


@dataclass(frozen=True, kw_only=True)
class EncoderFolder:
    """What such a folder is for.

    Args:
        name: of its files, ``name.json`` and ``name.safetensors``.
        kind: what it holds, for messages.
        recipe: that trains one.
        version: of the settings.
    """

    name: str
    kind: str
    recipe: str
    version: int = 1

    @property
    def settings(self) -> str:
        """The file of the settings."""
        return f"{self.name}.json"

    def write(
        self, folder: Path, *, encoder: Encoder, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> Path:
        """Write a folder that takes the place of an old one when it is complete.

        The default encoder is named, with the hash of its weights, and not copied, as long as they are unchanged.

        Args:
            folder: that is written.
            encoder: with its layer and window, which become settings.
            settings: what JSON can hold.
            tensors: by name.

        Raises:
            InputError: the folder cannot be written.
            UnsupportedError: an encoder that cannot be saved.
        """
        if not isinstance(encoder, HuggingFaceEncoder) or encoder.origin is None:
            raise UnsupportedError(
                wanted="an encoder that was loaded from a folder", came=type(encoder).__name__, where="save"
            )
        chosen = encoder

        def fill(partial: Path) -> None:
            from safetensors.torch import save_file

            table = {"format": self.version, **settings, "window": chosen.window, "layer": chosen.layer}
            table["encoder"] = write_encoder(chosen, partial)
            (partial / self.settings).write_text(json.dumps(table, indent=1), encoding="utf-8")
            save_file({name: one.contiguous() for name, one in tensors.items()}, partial / f"{self.name}.safetensors")

        return write_folder(folder, fill)

    def read(self, folder: Path) -> tuple[dict[str, Any], HuggingFaceEncoder, dict[str, Tensor]]:
        """Return the settings, the encoder and the tensors of a folder.

        Raises:
            ModelError: there is none, a file is not what its hash says, or the encoder that it names is now another.
        """
        from safetensors.torch import load_file

        check_folder(folder, kind=self.kind, fix=f"train one with `latentalign train recipes/{self.recipe} --data DIR`")
        try:
            table = json.loads((folder / self.settings).read_text(encoding="utf-8"))
            place = encoder_place(table.get("encoder", ENCODER), folder, where=str(folder / self.settings))
            encoder = HuggingFaceEncoder.load(place, window=table["window"], layer=table["layer"])
            return table, encoder, load_file(folder / f"{self.name}.safetensors", device=str(encoder.device))
        except ModelError:
            raise
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise self.broken(error, folder) from error

    def broken(self, error: Exception, folder: Path) -> ModelError:
        """Return what is said of a folder whose files cannot be understood."""
        return ModelError(wanted=f"a {self.kind}", came=f"{type(error).__name__}: {error}", where=str(folder))
