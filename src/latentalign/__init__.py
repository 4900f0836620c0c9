"""latentalign: align two texts through the hidden states of a transformer, and show the alignment as evidence."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "Aligner": "latentalign.tasks.alignment.align",
    "Bot": "latentalign.tasks.chat.bot",
    "CitationLinker": "latentalign.tasks.relating.cite",
    "Classifier": "latentalign.tasks.classification.classify",
    "Diagnoser": "latentalign.tasks.diagnosis.diagnose",
    "Document": "latentalign.text.documents",
    "Evidence": "latentalign.text.spans",
    "Index": "latentalign.index.store",
    "LatentAlignment": "latentalign.families.alignment",
    "Link": "latentalign.text.spans",
    "Linker": "latentalign.tasks.linking.link",
    "OntologyAligner": "latentalign.tasks.relating.relate",
    "PaperRelater": "latentalign.tasks.relating.papers",
    "Searcher": "latentalign.tasks.retrieval.search",
    "SectionClassifier": "latentalign.tasks.sections.sectioner",
    "Span": "latentalign.text.spans",
    "TextPair": "latentalign.text.pairs",
    "TripleAligner": "latentalign.tasks.linking.express",
}
__all__ = [
    "Aligner",
    "Bot",
    "CitationLinker",
    "Classifier",
    "Diagnoser",
    "Document",
    "Evidence",
    "Index",
    "LatentAlignment",
    "Link",
    "Linker",
    "OntologyAligner",
    "PaperRelater",
    "Searcher",
    "SectionClassifier",
    "Span",
    "TextPair",
    "TripleAligner",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import latentalign`` stays fast."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'latentalign' has no attribute {name!r}")
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
