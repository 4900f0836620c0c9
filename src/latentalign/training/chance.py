"""Random state that is set for one block and given back after it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def fixed_chance(seed: int, device: torch.device) -> Iterator[None]:
    """Run a block with the random states of torch, numpy and Python decided by a seed.

    So what is random in a batch depends on its position alone: not on the batches before it, nor on how many processes
    there are, nor on whether the run was resumed; and the caller's random states are left as they were.

    Args:
        seed: from 0 to below 2**63.
        device: whose state is given back, besides that of the CPU.

    >>> cpu = torch.device("cpu")
    >>> with fixed_chance(1, cpu):
    ...     first = torch.rand(1)
    >>> with fixed_chance(1, cpu):
    ...     torch.equal(first, torch.rand(1))
    True
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the state that a model may use
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
