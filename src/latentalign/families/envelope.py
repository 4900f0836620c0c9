"""A value that was found by solving a problem, with the solution as its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _Envelope(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, scores: Tensor, value: Callable[[Tensor], Tensor], expected: Callable[[Tensor], Tensor]
    ) -> Tensor:
        ctx.save_for_backward(scores)
        ctx.expected = expected
        return value(scores)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (scores,) = ctx.saved_tensors
        return gradients[0][..., None, None] * ctx.expected(scores), None, None


def envelope(scores: Tensor, value: Callable[[Tensor], Tensor], expected: Callable[[Tensor], Tensor]) -> Tensor:
    r"""Return ``value(scores)``, whose gradient is ``expected(scores)`` by the envelope theorem.

    $$\Phi(S) = \max_A \langle S, A \rangle + \Omega(A) \Rightarrow \partial \Phi / \partial S = A^*(S)$$

    Differentiating twice differentiates ``expected``, so that has to be differentiable once. It saves the graph of the
    solver, and is exact where the solver has converged (Danskin 1966).
    """
    result: Tensor = _Envelope.apply(scores, value, expected)  # type: ignore[no-untyped-call]
    return result
