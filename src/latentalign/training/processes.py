"""The processes and the device of a run, through Hugging Face Accelerate."""

from __future__ import annotations

from typing import Any

import torch

from latentalign.errors import UnsupportedError
from latentalign.registry import require

PLAIN = frozenset({"NO", "MULTI_CPU", "MULTI_GPU"})


def accelerator_for(precision: str | None) -> Any:
    """Return the ``accelerate.Accelerator`` of this process, as `torchrun` or `accelerate launch` set it up.

    Args:
        precision: ``no``, ``bf16`` or ``fp16``; None takes what `accelerate launch` says.

    Raises:
        MissingExtraError: accelerate is not installed.
        UnsupportedError: parameters that are spread over processes (FSDP, DeepSpeed), or a second precision in one
            process.
    """
    accelerate = require("accelerate", extra="train")
    try:
        found = accelerate.Accelerator(mixed_precision=precision, cpu=not torch.accelerator.is_available())
    except ValueError as error:
        raise UnsupportedError(
            wanted="one precision that this machine has, for the whole process",
            came=f"{precision} ({error})",
            where="TrainingConfig.precision",
            fix="train with another precision in another process",
        ) from error
    kind = found.distributed_type.value
    if kind not in PLAIN:
        raise UnsupportedError(
            wanted=f"one of {', '.join(sorted(PLAIN))}, where every process has all parameters",
            came=str(kind),
            fix="launch with torchrun, or with `accelerate launch --multi_gpu`",
        )
    return found
