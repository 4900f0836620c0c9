"""A searcher inside LangChain, LlamaIndex and Haystack, each tested with the library itself."""

import json

import pytest

from latentalign.index.store import Index
from latentalign.tasks.retrieval.haystack_retriever import haystack_retriever
from latentalign.tasks.retrieval.langchain_retriever import langchain_retriever
from latentalign.tasks.retrieval.llamaindex_retriever import llamaindex_retriever
from latentalign.tasks.retrieval.search import Searcher
from latentalign.text.documents import Document

pytestmark = pytest.mark.filterwarnings("ignore")  # of the three libraries
QUERY, NONSENSE = "how do I renew a passport", "the quarterback threw an interception"


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    path = tmp_path_factory.mktemp("town") / "index"
    Index.create(path).add(
        [
            Document(
                id="passport", title="Passports", text="Passports are renewed at the city office.", fields={"y": 1}
            ),
            Document(id="library", text="The library opens at nine.", fields={"y": 2}),
        ]
    )
    return Searcher.load(path)


def is_found(id: str, text: str, metadata: dict[str, object]) -> bool:
    json.dumps(metadata)
    return (id, text, metadata["title"], metadata["y"]) == (
        "passport",
        "Passports are renewed at the city office.",
        "Passports",
        1,
    ) and bool(metadata["evidence"])


def test_langchain_retrieves(searcher: Searcher) -> None:
    pytest.importorskip("langchain_core", reason="langchain-core is not installed (extra langchain)")
    (found,) = langchain_retriever(searcher, k=1).invoke(QUERY)
    assert is_found(found.id, found.page_content, found.metadata)
    assert [
        one.id for one in langchain_retriever(searcher, filter="y=2", k=1).invoke("when does the library open")
    ] == ["library"]
    assert langchain_retriever(searcher).invoke(NONSENSE) == []


def test_llamaindex_retrieves(searcher: Searcher) -> None:
    pytest.importorskip("llama_index.core", reason="llama-index-core is not installed (extra llamaindex)")
    (found,) = llamaindex_retriever(searcher, k=1).retrieve(QUERY)
    assert is_found(found.node.node_id, found.node.text, found.node.metadata)
    assert 0.5 < found.score <= 1
    assert llamaindex_retriever(searcher).retrieve(NONSENSE) == []


def test_haystack_retrieves_in_a_pipeline(searcher: Searcher) -> None:
    haystack = pytest.importorskip("haystack", reason="haystack-ai is not installed (extra haystack)")
    pipeline = haystack.Pipeline()
    pipeline.add_component("search", haystack_retriever(searcher))
    (found,) = pipeline.run({"search": {"query": QUERY, "k": 1}})["search"]["documents"]
    assert is_found(found.id, found.content, found.meta)
    assert pipeline.run({"search": {"query": NONSENSE}})["search"]["documents"] == []
