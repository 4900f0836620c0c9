"""A searcher as a retriever of LangChain."""

from __future__ import annotations

from typing import Any

from latentalign.registry import require
from latentalign.tasks.retrieval.search import Searcher


def langchain_retriever(searcher: Searcher, *, k: int = 10, filter: str | None = None) -> Any:
    """Return a ``BaseRetriever`` whose documents are the best passages.

    The metadata of each are the fields of the document, and ``id``, ``title``, ``span``, ``value``, ``probability`` and
    ``evidence`` (fields that JSON can hold). Where the searcher abstains, nothing is returned.

    Args:
        searcher: what answers.
        k: how many documents, at most.
        filter: a condition on the fields of documents.

    Raises:
        MissingExtraError: langchain-core is not installed.
    """
    documents = require("langchain_core.documents", extra="langchain")
    kind: Any = require("langchain_core.retrievers", extra="langchain").BaseRetriever

    class AlignmentRetriever(kind):  # type: ignore[misc]
        """Passages by the alignment of their words with those of the query."""

        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Any]:
            result = searcher.search(query, k=k, filter=filter)
            hits = () if result.abstains else result.hits
            return [documents.Document(id=one.id, page_content=one.text, metadata=one.metadata()) for one in hits]

    return AlignmentRetriever()
