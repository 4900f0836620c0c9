"""What every engine of candidates must do; the suite is public, for authors of adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from latentalign.index.candidates.candidate_index import CandidateIndex, Proposal, maxsim
from latentalign.index.filters import Filter, parse_filter
from latentalign.text.documents import Value

FEATURES, TEXTS = 16, 120
FILTERS = ("year>2000", "year<=1991", "kind=b and not year>2010", "kind~C or year=1999", "year>3000")


def check_candidates(opened: Callable[[], CandidateIndex], *, recall: float = 0.97) -> None:
    """Raise an ``AssertionError`` where an engine breaks a rule of ``CandidateIndex``.

    Args:
        opened: opens the same index each time, empty at first.
        recall: of the ten best candidates, the share that it has to find on average.
    """
    texts = _texts()
    fields: dict[str, Mapping[str, Value]] = {
        name: {"year": 1980 + number % 40, "kind": "abc"[number % 3]} for number, name in enumerate(texts)
    }
    index = opened()
    assert index.search(_query(0), k=3) == [], "an empty index proposes nothing"
    names = list(texts)
    index.add(names[:80], [texts[one] for one in names[:80]], fields=[fields[one] for one in names[:80]])
    index.add(names[80:], [texts[one] for one in names[80:]], fields=[fields[one] for one in names[80:]])
    _same(index, texts, recall=recall)
    gone = names[::5]
    index.delete([*gone, "never there"])
    for name in gone:
        del texts[name]
    _same(index, texts, recall=recall)
    changed = names[1]
    texts[changed] = _tokens(np.random.default_rng(99), 4)
    index.add([changed], [texts[changed]], fields=[fields[changed]])
    _same(index, texts, recall=recall)
    assert index.search(texts[changed], k=1)[0].id == changed, "a text of a name that is there takes its place"
    for condition in FILTERS:
        _filtered(index, texts, fields, parse_filter(condition))
    before = [index.search(_query(number), k=5) for number in range(5)]
    index.close()
    again = opened()
    _alike([again.search(_query(number), k=5) for number in range(5)], before)
    again.delete(list(texts))
    assert len(again) == 0
    assert again.search(_query(0), k=3) == []
    again.close()


def _same(index: CandidateIndex, texts: dict[str, NDArray[np.float32]], *, recall: float) -> None:
    """Check the size, the scores and the recall of an index."""
    assert len(index) == len(texts), "every text counts once"
    found = []
    for number in range(12):
        query = _query(number)
        wanted = _ranked(query, texts)[:10]
        proposed = index.search(query, k=10)
        assert len(proposed) == 10
        assert [one.score for one in proposed] == sorted((one.score for one in proposed), reverse=True)
        for one in proposed:
            assert abs(one.score - maxsim(query, texts[one.id])) < 2e-3, "scores are exact"
        found.append(len({one.id for one in proposed} & {one.id for one in wanted}) / 10)
    assert float(np.mean(found)) >= recall, f"recall {np.mean(found):.3f}"


def _filtered(
    index: CandidateIndex,
    texts: dict[str, NDArray[np.float32]],
    fields: Mapping[str, Mapping[str, Value]],
    filter: Filter,
) -> None:
    """Check that a filter equals filtering afterwards."""
    for number in range(4):
        query = _query(number)
        wanted = [one for one in _ranked(query, texts) if filter.matches(fields[one.id])]
        proposed = index.search(query, k=8, filter=filter)
        assert len(proposed) == min(8, len(wanted))
        assert all(filter.matches(fields[one.id]) for one in proposed)
        _alike([proposed], [wanted[:8]])


def _alike(found: list[list[Proposal]], wanted: list[list[Proposal]]) -> None:
    """Check that candidates are the same, up to ties in the precision of the engine."""
    for one, other in zip(found, wanted, strict=True):
        assert np.allclose([it.score for it in one], [it.score for it in other], atol=2e-3)


def _ranked(query: NDArray[np.float32], texts: dict[str, NDArray[np.float32]]) -> list[Proposal]:
    scored = [Proposal(name, maxsim(query, tokens)) for name, tokens in texts.items()]
    return sorted(scored, key=lambda one: -one.score)


def _texts() -> dict[str, NDArray[np.float32]]:
    chance = np.random.default_rng(0)
    return {f"text '{number}'": _tokens(chance, int(chance.integers(1, 6))) for number in range(TEXTS)}


def _query(number: int) -> NDArray[np.float32]:
    return _tokens(np.random.default_rng(1000 + number), 1 + number % 3)


def _tokens(chance: np.random.Generator, count: int) -> NDArray[np.float32]:
    return chance.standard_normal((count, FEATURES)).astype(np.float32)
