"""latentalign: align two texts through the hidden states of a transformer, and show the alignment as evidence."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "Aligner": "latentalign.tasks.align",
    "Bot": "latentalign.tasks.chat",
    "CitationLinker": "latentalign.tasks.cite",
    "Classifier": "latentalign.tasks.classify",
    "Evidence": "latentalign.text.spans",
    "LatentAlignment": "latentalign.families.alignment",
    "Link": "latentalign.text.spans",
    "OntologyAligner": "latentalign.tasks.relate",
    "PaperRelater": "latentalign.tasks.papers",
    "Span": "latentalign.text.spans",
    "TextPair": "latentalign.text.pairs",
}
__all__ = [
    "Aligner",
    "Bot",
    "CitationLinker",
    "Classifier",
    "Evidence",
    "LatentAlignment",
    "Link",
    "OntologyAligner",
    "PaperRelater",
    "Span",
    "TextPair",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import latentalign`` stays fast."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'latentalign' has no attribute {name!r}")
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
