"""Texts into hidden states of a pretrained encoder, whatever their length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.models.backbone import Backbone, device_of, layer_index
from latentalign.models.devices import pick_device
from latentalign.models.pieces import PieceTokenizer, overlaps
from latentalign.models.pretrained import read_backbone, read_pooling, read_tokenizer, read_window
from latentalign.models.reader import Pooling, Reader
from latentalign.models.units import Encoded, Level, Units

_WINDOW = 512
_TOKENS = {"cpu": 512, "cuda": 32768}


@dataclass(frozen=True, eq=False)
class HuggingFaceEncoder:
    """An encoder of the Hugging Face hub, or of a folder in its format.

    A text longer than the window is read in overlapping windows, and every word piece takes its state from the window
    where it has the most context. Windows are sorted by length and run in batches, so memory is bounded by the batch
    and by what is returned.

    Args:
        model: what gives the hidden states.
        tokenizer: what gives the word pieces.
        layer: where the states of units come from: 0 is the embedding, negative layers count from the last.
        pooled_layer: where the vectors of texts and sentences come from. Layers above both are dropped from the
            model, and layers above the one that a call needs are not run.
        pooling: ``mean`` of all tokens, special ones included, as sentence-transformers do; or ``cls``, the first one.
        window: tokens read at once, special ones included.
        overlap: tokens that neighbouring windows share at least; None is a quarter of the window.
        batch_tokens: padded tokens in a batch; None is 512 on a CPU and 32,768 on a GPU.
        frozen: whether the model is only read. If not, states carry gradients to its parameters.
        origin: the checkpoint folder that it was loaded from, if it was.

    Raises:
        ModelError: a layer that the model has not, or ``cls`` for a tokenizer without a first token.
        InputError: a window that holds no piece, an overlap that is no smaller than it.
    """

    model: Backbone
    tokenizer: PieceTokenizer
    _: KW_ONLY
    layer: int = -1
    pooled_layer: int = -1
    pooling: Pooling = "mean"
    window: int = _WINDOW
    overlap: int | None = None
    batch_tokens: int | None = None
    frozen: bool = True
    origin: Path | None = None

    def __post_init__(self) -> None:
        self.model.truncate(max(self._reader.layer, self._reader.pooled_layer))

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        layer: int = -1,
        pooled_layer: int = -1,
        pooling: Pooling | None = None,
        window: int | None = None,
        overlap: int | None = None,
        batch_tokens: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
        frozen: bool = True,
    ) -> HuggingFaceEncoder:
        """Return the encoder in a checkpoint folder, as `latentalign.models.checkpoints.resolve` finds it.

        Args:
            folder: configuration, tokenizer and weights in safetensors.
            layer, pooled_layer, overlap, batch_tokens, frozen: see the class.
            pooling: None is what the checkpoint says.
            window: None is the smallest limit that the checkpoint states, 512 if it states none.
            dtype: of the model; states are float32 in any case.
            device: None takes the GPU if there is one.

        Raises:
            ModelError: the folder holds no model, or none that can be read.
        """
        model = read_backbone(folder, dtype=dtype, device=pick_device(device))
        limits = [limit for limit in (model.window, window or read_window(folder)) if limit]
        return cls(
            model,
            read_tokenizer(folder),
            layer=layer,
            pooled_layer=pooled_layer,
            pooling=pooling or read_pooling(folder),
            window=min(limits, default=_WINDOW),
            overlap=overlap,
            batch_tokens=batch_tokens,
            frozen=frozen,
            origin=folder,
        )

    @property
    def device(self) -> torch.device:
        """Where the model and the states are."""
        return device_of(self.model)

    def is_word(self, word: str) -> bool:
        """Return whether a word is a whole piece of the vocabulary."""
        return self.tokenizer.is_word(word)

    @cached_property
    def _reader(self) -> Reader:
        depth = self.model.depth
        room = self.window - self.tokenizer.special
        return Reader(
            model=self.model,
            tokenizer=self.tokenizer,
            layer=layer_index(self.layer, depth=depth, where="layer"),
            pooled_layer=layer_index(self.pooled_layer, depth=depth, where="pooled_layer"),
            pooling=self.pooling,
            room=room,
            overlap=room // 4 if self.overlap is None else self.overlap,
            batch_tokens=self.batch_tokens or _TOKENS.get(self.device.type, _TOKENS["cuda"]),
            frozen=self.frozen,
        )

    def encode(
        self, units: Sequence[Units], *, level: Level = "word", states: bool = True, pooled: bool = True
    ) -> list[Encoded]:
        """Return the states of each text, in input order; float32, on the model's device.

        Raises:
            InputError: a text has a lone surrogate.

        Cost: one pass of the model over each different text (level ``word``) or sentence.
        """
        return self._words(units, states=states, pooled=pooled) if level == "word" else self._sentences(units)

    def _words(self, units: Sequence[Units], *, states: bool, pooled: bool) -> list[Encoded]:
        index = {text: number for number, text in enumerate(dict.fromkeys(one.text for one in units))}
        reading = self._reader.read(list(index), states=states, pooled=pooled)
        texts = [index[one.text] for one in units]
        words: Sequence[Tensor | None] = [None] * len(units)
        if reading.states is not None:
            found, begins = overlaps(reading.pieces, units, texts, sizes=[len(text) for text in index])
            rows = reading.places[torch.from_numpy(found).to(self.device)]
            means = F.embedding_bag(rows, reading.states, torch.from_numpy(begins).to(self.device), mode="mean")
            words = torch.split(means, [len(one.spans) for one in units])
        vectors = [None if reading.pooled is None else reading.pooled[text] for text in texts]
        return [Encoded(states=word, pooled=vector) for word, vector in zip(words, vectors, strict=True)]

    def _sentences(self, units: Sequence[Units]) -> list[Encoded]:
        strings = dict.fromkeys(string for one in units for string in one.strings)
        index = {string: number for number, string in enumerate(strings)}
        vectors = self._reader.read(list(index), states=False, pooled=True).pooled
        assert vectors is not None
        result = []
        for one in units:
            states = vectors[torch.tensor([index[string] for string in one.strings], dtype=torch.long).to(self.device)]
            result.append(Encoded(states=states, pooled=states.sum(dim=0) / max(1, len(states))))
        return result
