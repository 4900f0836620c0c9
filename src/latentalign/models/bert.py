"""BERT's encoder in plain torch, so that the default model starts without importing transformers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.models.packed_linear import PackedLinear

_LAYER = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "out_norm": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "narrow_norm": "output.LayerNorm",
}
_ATTENTION = ("query", "key", "value")
_EMBEDDINGS = {
    "words": "word_embeddings.weight",
    "positions": "position_embeddings.weight",
    "types": "token_type_embeddings.weight",
    "norm_weight": "LayerNorm.weight",
    "norm_bias": "LayerNorm.bias",
}

Read = Callable[[str], Tensor]


class BertLayer(nn.Module):
    r"""One layer: $h = \mathrm{LN}(x + \mathrm{Att}(x))$, $y = \mathrm{LN}(h + W_2\,\mathrm{GELU}(W_1 h))$.

    Args:
        read: gives a weight by its name in the layer of a checkpoint.
        heads: of the attention.
        epsilon: of the normalisations.
    """

    def __init__(self, read: Read, *, heads: int, epsilon: float) -> None:
        super().__init__()
        self.heads, self.epsilon = heads, epsilon
        self.dropout = 0.0
        self.packed = PackedLinear()
        self.weight = nn.ParameterDict({ours: read(f"{theirs}.weight") for ours, theirs in _LAYER.items()})
        self.bias = nn.ParameterDict({ours: read(f"{theirs}.bias") for ours, theirs in _LAYER.items()})

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the states (batch, token, features) after the layer; the mask is True where keys are read."""
        weights, biases = ([one[name] for name in _ATTENTION] for one in (self.weight, self.bias))
        query, key, value = map(self._heads, self.packed.several("attention", states, weights, biases))
        read = attend(query, key, value, mask).transpose(1, 2).flatten(-2)
        states = self._norm("out_norm", states + self._dropped(self._linear("out", read)))
        wide = self._linear("wide", states, gelu=True)
        return self._norm("narrow_norm", states + self._dropped(self._linear("narrow", wide)))

    def _apply(self, fn: Any, recurse: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's own signature
        self.packed.clear()  # the weights move, or change their type
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]

    def _dropped(self, states: Tensor) -> Tensor:
        return F.dropout(states, self.dropout) if self.training and self.dropout else states

    def _heads(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], self.heads, -1).transpose(1, 2)

    def _linear(self, name: str, states: Tensor, *, gelu: bool = False) -> Tensor:
        return self.packed(name, states, self.weight[name], self.bias[name], gelu=gelu)

    def _norm(self, name: str, states: Tensor) -> Tensor:
        return F.layer_norm(states, states.shape[-1:], self.weight[name], self.bias[name], self.epsilon)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    r"""Return $\mathrm{softmax}(Q K^\top / \sqrt{d})\,V$.

    In half precision on a CPU it is written out: torch's own took 77 ms there, this 31 ms (in float32 44 ms), forwards
    and backwards over 8 texts of 256 pieces.

    Args:
        query, key, value: (batch, head, token, features).
        mask: (batch, 1, 1, token), True where keys are read; None reads all.
    """
    if query.device.type != "cpu" or query.dtype is not torch.bfloat16:
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    read: Tensor = scores.softmax(dim=-1).to(value.dtype) @ value
    return read


class Bert(nn.Module):
    """The encoder of a BERT checkpoint: the same numbers as transformers' ``BertModel``, without dropout unless asked.

    Why it is here: importing ``BertModel`` takes three times as long as importing torch, and the default encoder is a
    BERT. Any other model goes through transformers. It is built from weights and not initialised, because both random
    weights and torch's meta device would cost a second.

    Args:
        config: the checkpoint's ``config.json``.
        read: gives a weight by its name in the checkpoint.

    References:
        Devlin and others 2019, section 3.
    """

    def __init__(self, config: dict[str, Any], read: Read) -> None:
        super().__init__()
        self.epsilon: float = config.get("layer_norm_eps", 1e-12)
        self.embedding = nn.ParameterDict({ours: read(f"embeddings.{theirs}") for ours, theirs in _EMBEDDINGS.items()})
        self.layers = nn.ModuleList(
            BertLayer(
                _below(read, f"encoder.layer.{number}."), heads=config["num_attention_heads"], epsilon=self.epsilon
            )
            for number in range(config["num_hidden_layers"])
        )
        self.depth = len(self.layers)
        self.features: int = config["hidden_size"]
        self.window: int | None = config["max_position_embeddings"]

    @classmethod
    def load(cls, folder: Path) -> Bert | None:
        """Return the encoder in a checkpoint folder; None if it is no plain BERT, so that transformers has to do it."""
        from safetensors import safe_open

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = folder / "model.safetensors"
        if not weights.is_file() or not _is_plain(config):
            return None
        with safe_open(weights, framework="pt") as file:
            stored = set(file.keys())
            prefix = "bert." if "bert.embeddings.LayerNorm.weight" in stored else ""
            if f"{prefix}embeddings.LayerNorm.weight" not in stored:
                return None
            return cls(config, _below(file.get_tensor, prefix))

    def truncate(self, depth: int) -> None:
        """Drop the layers above ``depth``."""
        self.layers = self.layers[:depth]

    def drop_out(self, share: float) -> None:
        """Drop a share of what each layer adds to the states, while the module trains (never of the attention)."""
        for layer in self.layers:
            cast(BertLayer, layer).dropout = share

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights under the names that a checkpoint gives them."""
        found = {f"embeddings.{theirs}": self.embedding[ours] for ours, theirs in _EMBEDDINGS.items()}
        for number, layer in enumerate(self.layers):
            one = cast(BertLayer, layer)
            for ours, theirs in _LAYER.items():
                found[f"encoder.layer.{number}.{theirs}.weight"] = one.weight[ours]
                found[f"encoder.layer.{number}.{theirs}.bias"] = one.bias[ours]
        return {name: tensor.detach() for name, tensor in found.items()}

    def hidden(self, ids: Tensor, mask: Tensor, *, layers: Sequence[int]) -> list[Tensor]:
        """Return the states (batch, token, features) after each of the wanted layers; 0 is the embedding."""
        words, positions, types, weight, bias = (self.embedding[name] for name in _EMBEDDINGS)
        summed = F.embedding(ids, words) + positions[: ids.shape[1]] + types[0]
        states = F.layer_norm(summed, summed.shape[-1:], weight, bias, self.epsilon)
        padding = None if bool(mask.all()) else mask[:, None, None, :]
        seen = {0: states}
        for number in range(1, max(layers) + 1):
            seen[number] = states = self.layers[number - 1](states, padding)
        return [seen[layer] for layer in layers]


def _below(read: Read, prefix: str) -> Read:
    return lambda name: read(prefix + name)


def _is_plain(config: dict[str, Any]) -> bool:
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and "quantization_config" not in config
    )
