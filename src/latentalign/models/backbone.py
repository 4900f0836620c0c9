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
            layers: one or several, none above what ``truncate`` left; those above the highest are not run.
        """
        ...

    def parameters(self) -> Any:
        """Return the parameters, as ``torch.nn.Module`` does."""
        ...


class _Enough(Exception):  # noqa: N818 - not an error
    """Ends a pass of a model at the last layer that is wanted."""


class TransformersBackbone(nn.Module):
    """Any encoder of transformers, or the encoder of an encoder-decoder.

    States below the last layer are taken where the layer ends, before any final normalisation, as ``hidden_states`` of
    transformers are; the last ones are ``last_hidden_state``. So the layers above need not run. An architecture that
    shares one layer (ALBERT) runs all of them.

    Args:
        model: a ``PreTrainedModel``.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.get_encoder() if model.config.is_encoder_decoder else model
        self.depth: int = self.model.config.num_hidden_layers
        self.features: int = self.model.config.hidden_size
        self.window = _window(self.model)
        self.adapters: list[Any] = []  # of peft, while they are trained; no submodule, since they are in the model
        self._run = threading.local()  # two threads may read at once
        self._parent, self._name = _layer_list(self.model, self.depth)
        for number, layer in enumerate(self._layers):
            layer.register_forward_hook(self._hook(number + 1))
        if self._layers:
            self._layers[0].register_forward_pre_hook(self._embedding_hook, with_kwargs=True)

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
        self._run.wanted, self._run.seen = set(layers), {}
        try:
            self._run.seen[self.depth] = self.model(**inputs).last_hidden_state
        except _Enough:
            pass
        finally:
            self._run.wanted, seen = set(), self._run.seen
        return [seen[layer] for layer in layers]

    def _hook(self, number: int) -> Any:
        def hook(_layer: nn.Module, _inputs: Any, output: Any) -> None:
            self._keep(number, output[0] if isinstance(output, tuple) else output)

        return hook

    def _embedding_hook(self, _layer: nn.Module, inputs: Any, named: dict[str, Any]) -> None:
        self._keep(0, inputs[0] if inputs else named["hidden_states"])

    def _keep(self, number: int, states: Tensor) -> None:
        """Note the states after a layer if this pass wants them; the last layer's are normalised later."""
        wanted: set[int] = getattr(self._run, "wanted", set())
        if number in wanted and number < self.depth:
            self._run.seen[number] = states
            if number == max(wanted):
                raise _Enough


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
