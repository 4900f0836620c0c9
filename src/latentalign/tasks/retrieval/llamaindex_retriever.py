"""A searcher as a retriever of LlamaIndex."""

from __future__ import annotations

from typing import Any

from latentalign.registry import require
from latentalign.tasks.retrieval.search import Searcher


def llamaindex_retriever(searcher: Searcher, *, k: int = 10, filter: str | None = None) -> Any:
    """Return a ``BaseRetriever`` whose nodes are the best passages, scored by their probabilities.

    The metadata of each are the fields of the document, and ``id``, ``title``, ``span``, ``value``, ``probability`` and
    ``evidence`` (fields that JSON can hold). Where the searcher abstains, nothing is returned.

    Args:
        searcher: what answers.
        k: how many documents, at most.
        filter: a condition on the fields of documents.

    Raises:
        MissingExtraError: llama-index-core is not installed.
    """
    schema = require("llama_index.core.schema", extra="llamaindex")
    kind: Any = require("llama_index.core.retrievers", extra="llamaindex").BaseRetriever

    class AlignmentRetriever(kind):  # type: ignore[misc]
        """Passages by the alignment of their words with those of the query."""

        def _retrieve(self, query_bundle: Any) -> list[Any]:
            result = searcher.search(query_bundle.query_str, k=k, filter=filter)
            hits = () if result.abstains else result.hits
            return [
                schema.NodeWithScore(
                    node=schema.TextNode(id_=one.id, text=one.text, metadata=one.metadata()), score=one.probability
                )
                for one in hits
            ]

    return AlignmentRetriever()
