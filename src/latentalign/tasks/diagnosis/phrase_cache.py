"""Vectors of phrases kept on disk, by what they are of: the phrases themselves and the weights of the encoder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.matcher.phrases import encode

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.models.encoder import Encoder

FORMAT = "1"


def vectors_of(phrases: Sequence[str], encoder: Encoder, *, cache: Path | None = None) -> Tensor:
    """Return (phrase, features) the vectors of phrases, from the cache if it has them.

    A file that cannot be written, or is not what its name says, is no error: the phrases are encoded again.

    Args:
        phrases: in this order.
        encoder: one that was loaded from a folder; the vectors of any other are not kept.
        cache: a folder; None keeps nothing.

    Cost: reading the weights of the encoder once (0.1 s), and else a pass of it over the phrases.
    """
    if cache is None or not isinstance(encoder, HuggingFaceEncoder) or encoder.origin is None:
        return encode(phrases, encoder)
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save

    from latentalign.durable import replacing

    place = cache / f"{_key(phrases, encoder, encoder.origin)}.safetensors"
    try:
        found = load_file(place)["vectors"]
        if len(found) == len(phrases):
            return found
    except (OSError, SafetensorError, KeyError):
        pass
    made = encode(phrases, encoder)
    try:
        with replacing(place) as file:
            file.write(save({"vectors": made.contiguous()}))
    except OSError:
        pass
    return made


def _key(phrases: Sequence[str], encoder: HuggingFaceEncoder, folder: Path) -> str:
    digest = hashlib.sha256(f"{FORMAT} {encoder.pooled_layer} {encoder.pooling} {encoder.window}".encode())
    for path in sorted(folder.rglob("*.safetensors")) + sorted(folder.glob("*.json")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    for phrase in phrases:
        digest.update(b"\0" + phrase.encode())
    return digest.hexdigest()
