"""The default encoder by its name and its hash, for folders of models that were trained on it and left it as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from latentalign.errors import ModelError
from latentalign.models.bert import Bert
from latentalign.models.checkpoints import DEFAULT, DEFAULT_SHA256, resolve, weights_hash
from latentalign.models.huggingface import HuggingFaceEncoder


@dataclass(frozen=True, kw_only=True)
class EncoderReference:
    """An encoder that a folder names and does not hold; 90 MB less.

    Args:
        name: as ``resolve`` takes it.
        sha256: of its weights.
    """

    name: str
    sha256: str

    @classmethod
    def of(cls, encoder: HuggingFaceEncoder) -> EncoderReference | None:
        """Return the reference to the default encoder if an encoder is that, unchanged; else None.

        Cost: its weights are read once more, 0.3 s.
        """
        model, origin = encoder.model, encoder.origin
        if not isinstance(model, Bert) or origin is None or weights_hash(origin) != DEFAULT_SHA256:
            return None
        stored = Bert.load(origin)
        assert stored is not None  # it was loaded from there
        known = stored.tensors()
        same = all(
            one.dtype == known[name].dtype and torch.equal(one.cpu(), known[name])
            for name, one in model.tensors().items()
        )
        return cls(name=DEFAULT, sha256=DEFAULT_SHA256) if same else None

    @classmethod
    def from_table(cls, table: Mapping[str, object], *, where: str) -> EncoderReference:
        """Return what ``to_table`` made a table of.

        Raises:
            ModelError: it names another encoder than the default one; no folder may say what is downloaded.
        """
        found = cls(name=str(table.get("name")), sha256=str(table.get("sha256")))
        if found.name != DEFAULT:
            raise ModelError(wanted=f"a reference to {DEFAULT}", came=repr(found.name)[:80], where=where)
        return found

    def to_table(self) -> dict[str, str]:
        """Return it as a table that JSON can hold."""
        return asdict(self)

    def folder(self, *, where: str) -> Path:
        """Return where the encoder is on this machine; its weights are compared with the hash.

        Args:
            where: what refers to it, for messages.

        Raises:
            ModelError: it is nowhere, or its weights are others.

        Cost: 0.1 to 0.3 s for the hash; a download at the first use.
        """
        place = resolve(self.name)
        found = DEFAULT_SHA256 if place.verified else weights_hash(place.path)
        if found != self.sha256:
            raise ModelError(
                wanted=f"the encoder that this was trained on, {self.name} with the sha256 {self.sha256}",
                came=f"weights with the sha256 {found} in {place.path}",
                where=where,
                fix="put the encoder with that hash in its place, or train the model again with the one that is there",
            )
        return place.path
