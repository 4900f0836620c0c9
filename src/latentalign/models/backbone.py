"""The one interface of every model that an encoder runs, and the wrapper of those from transformers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from latentalign.errors import ModelError


class Backbone(Protocol):
    """A model whose hidden states are read. Layer 0 is the embedding, layer ``depth`` the last one."""

    @property
    def depth(self) -> int:
        """The number of layers the model was trained with."""
        ...

    @property
    def features(self) -> int:
        """The size of a state."""
        ...

    @property
    def window(self) -> int | None:
        """How many tokens it can read at once, special ones included; None if there is no limit."""
        ...

    def truncate(self, depth: int) -> None:
        """Drop the layers above ``depth``; they will not be asked for."""
        ...

    def hidden(self, ids: Tensor, mask: Tensor, *, layers: Sequence[int]) -> list[Tensor]:
        """Return the states (batch, token, features) after each of the wanted layers.

        Args:
            ids: (batch, token) int64, padded.
            mask: (batch, token) bool, True for real tokens.
            layers: none above what ``truncate`` left.
        """
        ...

    def parameters(self) -> Any:
        """Return the parameters, as ``torch.nn.Module`` does."""
        ...


class TransformersBackbone(nn.Module):
    """Any encoder of transformers, or the encoder of an encoder-decoder.

    States below the last layer are taken where the layer ends, before any final normalisation, as ``hidden_states`` of
    transformers are; the last ones are ``last_hidden_state``. So the layers above need not exist. An architecture that
    shares one layer (ALBERT) keeps all of them.

    Args:
        model: a ``PreTrainedModel``.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.get_encoder() if model.config.is_encoder_decoder else model
        self.depth: int = self.model.config.num_hidden_layers
        self.features: int = self.model.config.hidden_size
        self.window = _window(self.model)
        self._seen = threading.local()
        self._parent, self._name = _layer_list(self.model, self.depth)
        for number, layer in enumerate(self._layers):
            layer.register_forward_hook(self._keep(number + 1))
        if self._layers:
            self._layers[0].register_forward_pre_hook(self._keep_embedding, with_kwargs=True)

    @property
    def _layers(self) -> Sequence[nn.Module]:
        found: Sequence[nn.Module] = getattr(self._parent, self._name) if self._name else ()
        return found

    def truncate(self, depth: int) -> None:
        """Drop the layers above ``depth``, where the architecture keeps them in a list."""
        if self._name and depth < self.depth:
            setattr(self._parent, self._name, self._layers[: max(1, depth)])

    def hidden(self, ids: Tensor, mask: Tensor, *, layers: Sequence[int]) -> list[Tensor]:
        """Return the states (batch, token, features) after each of the wanted layers; 0 is the embedding."""
        inputs = {"input_ids": ids, "attention_mask": mask.long()}
        if not self._name:
            states = self.model(**inputs, output_hidden_states=True).hidden_states
            return [states[layer] for layer in layers]
        self._seen.states = {layer: None for layer in layers if layer < self.depth}
        last = self.model(**inputs).last_hidden_state
        seen = {**self._seen.states, self.depth: last}
        self._seen.states = {}
        return [seen[layer] for layer in layers]

    def _keep(self, number: int) -> Any:
        def hook(_layer: nn.Module, _inputs: Any, output: Any) -> None:
            if number in getattr(self._seen, "states", ()):
                self._seen.states[number] = output[0] if isinstance(output, tuple) else output

        return hook

    def _keep_embedding(self, _layer: nn.Module, inputs: Any, named: dict[str, Any]) -> None:
        if 0 in getattr(self._seen, "states", ()):
            self._seen.states[0] = inputs[0] if inputs else named["hidden_states"]


def _layer_list(model: nn.Module, depth: int) -> tuple[nn.Module, str]:
    """Return which module keeps the list of layers, and under what name; an empty name if there is none."""
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.ModuleList) and len(child) == depth:
                return parent, name
    return model, ""


def _window(model: Any) -> int | None:
    """Return how many positions a model has; None for relative positions, which have no end."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            before = 0 if module.padding_idx is None else module.padding_idx + 1  # RoBERTa counts from there
            return module.num_embeddings - before
    found = getattr(model.config, "max_position_embeddings", None)
    return int(found) if found else None


def layer_index(layer: int, *, depth: int, where: str) -> int:
    """Return a layer counted from the embedding; negative ones count from the last.

    Raises:
        ModelError: the model has no such layer.

    >>> layer_index(-1, depth=6, where="layer")
    6
    """
    if not -depth - 1 <= layer <= depth:
        raise ModelError(
            wanted=f"a layer from 0 (the embedding) to {depth}, or from -{depth + 1} to -1",
            came=repr(layer),
            where=where,
        )
    return layer % (depth + 1)


def device_of(backbone: Backbone) -> torch.device:
    """Return where the parameters of a model are."""
    device: torch.device = next(iter(backbone.parameters())).device
    return device
