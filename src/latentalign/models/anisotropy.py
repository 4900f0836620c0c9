"""Against anisotropy: what all hidden states of a model have in common says nothing about two of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from latentalign.errors import InputError, ModelError

Kind = Literal["centre", "whiten", "components"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Centring:
    r"""A map $x \mapsto (x - \mu) W$, fitted on a sample of states.

    Args:
        mean: (features,) $\mu$.
        transform: (features, features) $W$; None is the identity.

    >>> states = torch.tensor([[1.0, 1.0], [3.0, 1.0]])
    >>> Centring.fit(states)(states)
    tensor([[-1.,  0.],
            [ 1.,  0.]])
    """

    mean: Tensor
    transform: Tensor | None = None

    @classmethod
    def fit(
        cls, states: Tensor | Iterable[Tensor], *, kind: Kind = "centre", components: int = 1, floor: float = 1e-3
    ) -> Centring:
        r"""Return the map that suits a sample of states.

        ``centre`` takes off the mean. ``components`` also takes out the directions of largest variance,
        $W = I - U_k U_k^T$. ``whiten`` makes the covariance the identity, $W = U (\Lambda + \epsilon)^{-1/2}$.

        Args:
            states: (\*, features), or several such tensors; only their moments are kept.
            kind: which map.
            components: $k$, for ``components``; at least 1.
            floor: $\epsilon$ as a share of the mean variance, so that directions without variance do not blow up.

        Raises:
            InputError: no states at all, or more components than features.

        Mu and Viswanath 2018, algorithm 1 (components); Su and others 2021, eq. 6 (whiten).
        """
        count, total, outer = _moments(states)
        mean = total / count
        if kind == "centre":
            return cls(mean=mean.float())
        values, vectors = torch.linalg.eigh(outer / count - mean[:, None] * mean[None, :])
        if kind == "whiten":
            spread = (values.clamp_min(0.0) + floor * values.clamp_min(0.0).mean().clamp_min(1e-12)).rsqrt()
            return cls(mean=mean.float(), transform=(vectors * spread).float())
        if not 1 <= components <= len(mean):
            raise InputError(wanted=f"1 to {len(mean)} components", came=repr(components), where="components")
        top = vectors[:, -components:]
        return cls(mean=mean.float(), transform=(torch.eye(len(mean)).to(top) - top @ top.T).float())

    def __call__(self, states: Tensor) -> Tensor:
        r"""Return the mapped states, (\*, features)."""
        centred = states - self.mean.to(states)
        return centred if self.transform is None else centred @ self.transform.to(states)

    def save(self, path: str | Path) -> None:
        """Write the map as safetensors."""
        from safetensors.torch import save_file

        tensors = {"mean": self.mean} | ({} if self.transform is None else {"transform": self.transform})
        save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, path)

    @classmethod
    def load(cls, path: str | Path) -> Centring:
        """Read a map that was saved.

        Raises:
            ModelError: the file is absent or holds no such map.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            tensors = load_file(path)
        except (OSError, SafetensorError) as error:
            raise ModelError(
                wanted="'none', 'pair' or the file of a fitted centring", came=str(error), where=f"centring {path}"
            ) from error
        if "mean" not in tensors:
            raise ModelError(wanted="a tensor 'mean'", came=", ".join(tensors) or "none", where=str(path))
        return cls(mean=tensors["mean"], transform=tensors.get("transform"))


def _moments(states: Tensor | Iterable[Tensor]) -> tuple[int, Tensor, Tensor]:
    count, total, outer = 0, torch.zeros(()), torch.zeros(())
    for part in [states] if isinstance(states, Tensor) else states:
        rows = part.detach().double().flatten(0, -2)
        count, total, outer = count + len(rows), total + rows.sum(dim=0), outer + rows.T @ rows
    if count == 0:
        raise InputError(wanted="at least one state", came="none", where="Centring.fit")
    return count, total, outer
