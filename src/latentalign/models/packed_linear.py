"""Weights of linear layers in the order in which oneDNN reads them, kept while a model is only read on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

Known = tuple[Sequence[Tensor], list[tuple[int, int]], Tensor, Tensor]


class PackedLinear:
    r"""The linear layers of a model, $y = W x + b$, each weight put in order once.

    ``torch.nn.functional.linear`` puts a weight in order at every call, which for a short text takes longer than the
    product. Wherever a gradient may be wanted, and on any other device, it is what is called. A weight that was
    changed in place is put in order again, but not one that was changed behind autograd's back, through ``.data``.
    ``torch.backends.mkldnn.flags(enabled=False)`` turns it off.

    A copy, or one that another process gets, is empty.

    Cost: the memory of the weights, once more.

    >>> layers, weight, states = PackedLinear(), torch.rand(3, 2), torch.rand(4, 2)
    >>> with torch.inference_mode():
    ...     found = layers("a", states, weight, torch.zeros(3))
    >>> torch.allclose(found, states @ weight.T)
    True
    """

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def __call__(self, name: str, states: Tensor, weight: Tensor, bias: Tensor, *, gelu: bool = False) -> Tensor:
        r"""Return (..., outputs).

        Args:
            name: what the weight is remembered by.
            states: (..., inputs).
            weight: (outputs, inputs).
            bias: (outputs,).
            gelu: return $\mathrm{GELU}(y)$.
        """
        if _can_be_packed(states, weight):
            return self._product(name, states, [weight], [bias], gelu=gelu)
        found = F.linear(states, weight, bias)
        return F.gelu(found) if gelu else found

    def several(
        self, name: str, states: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """Return what several layers with as many outputs each make of the same states, by one product."""
        if _can_be_packed(states, weights[0]):
            return self._product(name, states, weights, biases).chunk(len(weights), dim=-1)
        return [F.linear(states, weight, bias) for weight, bias in zip(weights, biases, strict=True)]

    def __reduce__(self) -> Any:
        return PackedLinear, ()

    def clear(self) -> None:
        """Forget all weights."""
        self._known.clear()

    def _product(
        self, name: str, states: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], *, gelu: bool = False
    ) -> Tensor:
        weight, bias = self._packed(name, [*weights, *biases])
        activation, algorithm = ("gelu", "none") if gelu else ("none", "")  # "none" of GELU is the exact one
        found: Tensor = torch.ops.mkldnn._linear_pointwise.default(states, weight, bias, activation, [], algorithm)
        return found

    def _packed(self, name: str, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return a weight in order, and its bias, for as many weights one after the other and as many biases."""
        at = [(one.data_ptr(), 0 if one.is_inference() else one._version) for one in tensors]
        known = self._known.get(name)
        if known is None or known[1] != at:
            half = len(tensors) // 2
            weight = torch.cat([one.detach() for one in tensors[:half]])
            bias = torch.cat([one.detach() for one in tensors[half:]])
            packed = torch.ops.mkldnn._reorder_linear_weight(weight, None)
            known = self._known[name] = tensors, at, packed, bias  # the tensors, so that their places stay theirs
        return known[2:]


def _can_be_packed(states: Tensor, weight: Tensor) -> bool:
    return (
        not torch.is_grad_enabled()
        and weight.device.type == "cpu"
        and states.dtype is weight.dtype
        and states.numel() > 0
        and not torch.is_autocast_enabled("cpu")
        and _has_kernel(weight.dtype)
    )


def _has_kernel(dtype: torch.dtype) -> bool:
    """Return whether torch, where it is no public function, and this machine have a product for weights in order."""
    if not (torch.backends.mkldnn.enabled and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    return dtype is torch.float32 or (dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())
