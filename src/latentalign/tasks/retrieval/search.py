"""Search: the documents of an index that explain a query, with words as evidence, or an abstention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign.errors import InputError, LatentAlignError
from latentalign.tasks.retrieval.search_result import SearchResult
from latentalign.text.pairs import Failure
from latentalign.text.records import TextRecord

if TYPE_CHECKING:
    from latentalign.index.candidates.candidate_index import CandidateIndex
    from latentalign.index.filters import Filter
    from latentalign.index.query import Query
    from latentalign.index.ranking import Ranker
    from latentalign.index.relevance import RelevanceWeights
    from latentalign.index.snapshot import Snapshot
    from latentalign.index.store import Index


@dataclass(frozen=True, kw_only=True, eq=False)
class Searcher:
    """Answers queries from an index as it was when it was loaded, or when ``refresh`` was last called.

    Args:
        index: the folder.
        ranker: of its passages.
        exact: align the words of every passage, whatever the cost.
        candidates: the engine that proposes passages, if there is one.
    """

    index: Index
    ranker: Ranker
    exact: bool = False
    candidates: CandidateIndex | None = None

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        weights: RelevanceWeights | None = None,
        rescored: int | None = None,
        exact: bool = False,
        candidates: CandidateIndex | None = None,
    ) -> Searcher:
        """Return a searcher of the index in a folder.

        Args:
            path: the folder.
            weights: of the potentials; None takes the default.
            rescored: candidates whose words are aligned, at least 1; None takes the default. Twice as many as the hits
                that are asked for are aligned in any case.
            exact: align the words of every passage.
            candidates: an engine that ``offer`` has filled, which proposes passages by their vectors; None looks at
                all, or asks the graphs of segments that are large.

        Raises:
            InputError: the folder is no index.
            DamageError: a file of it is not what was written.
            ModelError: its encoder cannot be found.
        """
        from latentalign.index.store import Index

        return cls._of(Index.open(path), weights=weights, rescored=rescored, exact=exact, candidates=candidates)

    @classmethod
    def _of(
        cls,
        index: Index,
        *,
        weights: RelevanceWeights | None,
        rescored: int | None,
        exact: bool,
        candidates: CandidateIndex | None,
    ) -> Searcher:
        from latentalign.index.corpus import Corpus
        from latentalign.index.proposals import EngineProposals, GraphProposals, Proposer
        from latentalign.index.ranking import RESCORED, Ranker
        from latentalign.index.relevance import RelevanceWeights

        rescored = RESCORED if rescored is None else rescored
        if rescored < 1:
            raise InputError(wanted="at least 1 candidate to rescore", came=repr(rescored), where="rescored")
        corpus = Corpus(snapshot=index.snapshot(), weights=weights or RelevanceWeights())
        proposer: Proposer | None = None
        if candidates is not None:
            proposer = EngineProposals(corpus=corpus, engine=candidates)
        elif any(one.graph is not None for one in corpus.segments):
            proposer = GraphProposals(corpus=corpus)
        ranker = Ranker(corpus=corpus, rescored=rescored, proposer=proposer)
        return cls(index=index, ranker=ranker, exact=exact, candidates=candidates)

    def offer(self, candidates: CandidateIndex) -> None:
        """Give an engine of candidates the vectors of all passages, so that ``load(candidates=…)`` can ask it."""
        from latentalign.index.proposals import EngineProposals

        EngineProposals(corpus=self.ranker.corpus, engine=candidates).fill()

    def refresh(self) -> Searcher:
        """Return a searcher of what the index holds now, with the same settings; the encoder is not loaded again."""
        return self._of(
            self.index,
            weights=self.ranker.corpus.weights,
            rescored=self.ranker.rescored,
            exact=self.exact,
            candidates=self.candidates,
        )

    def search(self, query: str, *, k: int = 10, filter: str | Filter | None = None) -> SearchResult:
        """Return the documents that explain a query best.

        Args:
            query: a text with a word in it.
            k: how many, at most.
            filter: a condition on the fields of documents, such as ``year>2000``.

        Raises:
            InputError: a query without a word, a filter that cannot be read, or a k below 1.
        """
        result = next(self.search_many([query], k=k, filter=filter))
        if isinstance(result, Failure):
            raise result.error
        return result

    def search_many(
        self, queries: Iterable[str | TextRecord | Failure], *, k: int = 10, filter: str | Filter | None = None
    ) -> Iterator[SearchResult | Failure]:
        """Yield one result a query, in order; one that cannot be used yields a ``Failure`` and harms no other.

        Raises:
            InputError: a filter that cannot be read, or a k below 1.
        """
        from latentalign.index.query import Query

        allowed = self._allowed(filter, k=k)
        for one in queries:
            if isinstance(one, Failure):
                yield one
                continue
            text, name = (one, None) if isinstance(one, str) else (one.text, one.id)
            try:
                query = Query.of(text, self.snapshot.manifest.settings, self.index.scorer)
            except LatentAlignError as error:
                yield Failure(error=error, id=name)
                continue
            yield self.answer(query, allowed, k=k, id=name)

    def like(self, id: str, *, k: int = 10, filter: str | Filter | None = None) -> SearchResult:
        """Return the documents that are most like one of the index, which is left out.

        Raises:
            InputError: there is no document of that name, a filter that cannot be read, or a k below 1.
        """
        from latentalign.index.query import Query

        self.snapshot.document(id)
        segment, number = self.snapshot.places[id]
        query = Query.of_document(self.snapshot.segments[segment], number)
        allowed = self._allowed(filter, k=k).copy()
        begin = self.ranker.corpus.begins[segment]
        passages = self.snapshot.segments[segment].passages
        allowed[begin : begin + len(passages)] &= passages[:, 0] != number
        return self.answer(query, allowed, k=k, id=id)

    @property
    def snapshot(self) -> Snapshot:
        """What the index held when the searcher was loaded."""
        return self.ranker.corpus.snapshot

    def _allowed(self, filter: str | Filter | None, *, k: int) -> Any:
        from latentalign.index.filters import parse_filter

        if k < 1:
            raise InputError(wanted="at least 1 hit", came=repr(k), where="k")
        return self.ranker.corpus.allowed(parse_filter(filter) if isinstance(filter, str) else filter)

    def answer(self, query: Query, allowed: Any, *, k: int, id: str | None = None) -> SearchResult:
        """Return the answer to a query that has been encoded.

        Args:
            query: what is searched for.
            allowed: (passage,) bool, which may be found; ``ranker.corpus.live`` are all.
            k: how many documents, at most.
            id: of the query.
        """
        from latentalign.tasks.retrieval.search_hits import grouped, hits_of

        least, there = 2 * k, int(allowed.sum())
        while True:  # several passages of one document, and texts that are the same, make one hit
            ranking = self.ranker.rank(query, allowed=allowed, exact=self.exact, least=least)
            found = grouped(ranking, self.ranker, k=k)
            if len(found) == k or len(ranking.passages) == there or least > there:
                break
            least *= 4
        hits = hits_of(query, ranking, self.ranker, found)
        nothing = 1.0 - max((one.probability for one in hits), default=0.0)
        return SearchResult(query=query.units.text, hits=hits, nothing=nothing, id=id)
