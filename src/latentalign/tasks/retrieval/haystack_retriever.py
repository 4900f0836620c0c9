"""A searcher as a component of Haystack."""

from __future__ import annotations

from typing import Any

from latentalign.registry import require
from latentalign.tasks.retrieval.search import Searcher


def haystack_retriever(searcher: Searcher, *, k: int = 10, filter: str | None = None) -> Any:
    """Return a component with the input ``query`` and the output ``documents``: the best passages.

    The meta of each are the fields of the document, and ``id``, ``title``, ``span``, ``value``, ``probability`` and
    ``evidence`` (fields that JSON can hold). Where the searcher abstains, nothing is returned.

    Args:
        searcher: what answers.
        k: how many documents, at most; a pipeline may give another ``k``.
        filter: a condition on the fields of documents.

    Raises:
        MissingExtraError: haystack-ai is not installed.
    """
    haystack: Any = require("haystack", extra="haystack")
    kind: Any = haystack.Document

    @haystack.component
    class AlignmentRetriever:
        """Passages by the alignment of their words with those of the query."""

        @haystack.component.output_types(documents=list[kind])  # type: ignore[untyped-decorator]
        def run(self, query: str, k: int = k) -> dict[str, Any]:
            """Return the documents."""
            result = searcher.search(query, k=k, filter=filter)
            hits = () if result.abstains else result.hits
            found = [kind(id=one.id, content=one.text, meta=one.metadata(), score=one.probability) for one in hits]
            return {"documents": found}

    return AlignmentRetriever()
