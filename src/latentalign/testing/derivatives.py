"""Whole Jacobians in two calls: a family treats the items of a batch apart, so each entry gets an item of its own."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor, Tensor], Tensor]
"""From scores and mask (item, query, key) to (item, ...), each item on its own: a method of a family."""


def analytic_jacobian(function: Function, scores: Tensor, mask: Tensor) -> Tensor:
    """Return (item, output, query, key) the derivatives by autograd: one backward pass with a copy an output."""
    items, outputs = scores.shape[0], function(scores, mask)[0].numel()
    copies = scores.detach().repeat_interleave(outputs, dim=0).requires_grad_()
    found = function(copies, mask.repeat_interleave(outputs, dim=0)).reshape(items, outputs, outputs)
    (gradient,) = torch.autograd.grad(found.diagonal(dim1=1, dim2=2).sum(), copies)
    return gradient.reshape(items, outputs, *scores.shape[1:])


def numeric_jacobian(function: Function, scores: Tensor, mask: Tensor, *, step: float = 1e-6) -> Tensor:
    """Return (item, output, query, key) the derivatives by central differences: one call with two copies an entry."""
    items, entries = scores.shape[0], scores[0].numel()
    moves = step * torch.eye(entries, dtype=scores.dtype).reshape(entries, *scores.shape[1:])
    moved = scores.detach()[:, None, None] + torch.stack([moves, -moves])
    masks = mask[:, None, None].expand(moved.shape)
    found = function(moved.flatten(0, 2), masks.flatten(0, 2)).detach().reshape(items, 2, entries, -1)
    slopes = (found[:, 0] - found[:, 1]) / (2 * step)
    return slopes.mT.reshape(items, -1, *scores.shape[1:])


def gradient_of(function: Function) -> Function:
    """Return the gradient of a function with one output an item, differentiable again.

    >>> gradient_of(lambda scores, mask: scores.square().sum(dim=(1, 2)))(torch.tensor([[[3.0]]]), torch.ones(1))
    tensor([[[6.]]], grad_fn=<MulBackward0>)
    """

    def gradient(scores: Tensor, mask: Tensor) -> Tensor:
        leaf = scores if scores.requires_grad else scores.clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(leaf, mask).sum(), leaf, create_graph=True)
        return slope

    return gradient
