"""Where tensors live."""

from __future__ import annotations

import torch

from latentalign.errors import InputError


def pick_device(name: str | torch.device | None = None) -> torch.device:
    """Return the device of that name, or the GPU if there is one and the CPU if not.

    Raises:
        InputError: no such device on this machine.

    >>> pick_device("cpu")
    device(type='cpu')
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            wanted="a device of this machine, such as cpu or cuda",
            came=repr(str(name)),
            where="device",
            fix="leave it out to take the GPU if there is one",
        ) from error
    return device
