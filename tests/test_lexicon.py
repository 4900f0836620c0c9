"""A dictionary from expected alignments: shares that add up, counts that are counts, examples that show the entry."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import evidences, quick

from latentalign.errors import InputError
from latentalign.tasks.alignment.chunks import linked_chunks
from latentalign.tasks.alignment.given_links import GivenLinks
from latentalign.tasks.transfer.lexicon import LexiconBuilder, LexiconEntry
from latentalign.tasks.transfer.lexicon_table import LexiconTable
from latentalign.testing.examples import evidence
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Link, Span

PAIRS = [
    TextPair.from_words(["the", "hot", "potato"], ["la", "pomme", "de", "terre", "chaude"], id="a"),
    TextPair.from_words(["the", "potato"], ["la", "patate"]),
    TextPair.from_words(["The", "cat", "42"], ["le", "chat", "42"]),
]
LINKS = [
    [(0, 0), (1, 4), (2, 1), (2, 2), (2, 3)],
    [(0, 0), (1, 1)],
    [(0, 0, 0.6), (1, 1, 0.9), (2, 2)],
]


def build(**settings: object) -> dict[tuple[str, str], LexiconEntry]:
    builder = LexiconBuilder(
        aligner=GivenLinks(links=LINKS), **{"least_count": 0.0, "least_probability": 0.0, **settings}
    )
    return {(entry.source, entry.target): entry for entry in builder.build(PAIRS)}


def test_shares_and_counts_by_hand() -> None:
    found = build()
    la, le = found["the", "la"], found["the", "le"]
    assert (la.mass, la.pairs, le.pairs) == (2.0, 2, 1)
    assert la.target_given_source == pytest.approx(2 / 3)  # three times 'the', one of them 0.4 NULL
    assert le.target_given_source == pytest.approx(0.6 / 3)
    assert la.source_given_target == 1.0
    assert le.source_given_target == pytest.approx(0.6)  # the rest of 'le' is NULL
    assert found["potato", "pomme"].target_given_source == pytest.approx(1 / 4)
    assert ("42", "42") not in found


def test_phrases_are_groups_that_no_link_leaves() -> None:
    found = build()
    phrase = found["potato", "pomme de terre"]
    assert (phrase.pairs, phrase.mass, phrase.target_given_source) == (1, 1.0, 0.5)
    (example,) = phrase.evidence
    assert (example.id, example.target_span.of(example.target)) == ("a", "pomme de terre")
    assert ("potato", "pomme de terre") not in build(longest=1)
    assert ("potato", "pomme de terre") not in build(longest=2)
    apart = evidence("a b", "A x B", {("a", "A"): 1.0, ("a", "B"): 1.0})
    (chunk,) = linked_chunks(apart)
    assert chunk.target == (0, 2)
    builder = LexiconBuilder(aligner=GivenLinks(links=[]), least_count=0.0)
    assert {entry.target for entry in builder.count([apart])} == {"a", "b"}


def test_limits_leave_out_what_they_say() -> None:
    everything = build()
    assert set(build(least_count=1.0)) == {key for key, entry in everything.items() if entry.mass >= 1.0}
    wanted = {
        key for key, entry in everything.items() if max(entry.target_given_source, entry.source_given_target) >= 0.7
    }
    assert set(build(least_probability=0.7)) == wanted
    assert ("The", "le") in build(lower=False)
    assert all(not entry.evidence for entry in build(examples=0).values())
    for bad in ({"least_probability": 1.1}, {"longest": 0}, {"examples": -1}):
        with pytest.raises(InputError, match=next(iter(bad))):
            build(**bad)


def test_entries_are_in_order_whatever_the_order_of_the_pairs() -> None:
    builder = LexiconBuilder(aligner=GivenLinks(links=LINKS), least_count=0.0)
    again = LexiconBuilder(aligner=GivenLinks(links=LINKS[::-1]), least_count=0.0)
    one, other = builder.build(PAIRS), again.build(PAIRS[::-1])
    keys = [(entry.source, entry.target, round(entry.target_given_source, 9)) for entry in one]
    assert keys == [(entry.source, entry.target, round(entry.target_given_source, 9)) for entry in other]
    assert [entry.source for entry in one] == sorted(entry.source for entry in one)


@quick
@given(st.lists(evidences(), min_size=1, max_size=4))
def test_shares_are_shares_and_examples_are_true(corpus: list[Evidence]) -> None:
    builder = LexiconBuilder(aligner=GivenLinks(links=[]), least_count=0.0, least_probability=0.0, least_mass=0.0)
    entries = builder.count(corpus)
    texts = {(one.source, one.target) for one in corpus}
    shares: Counter[str] = Counter()
    for entry in entries:
        assert 0 <= entry.target_given_source <= 1
        assert 0 <= entry.source_given_target <= 1
        assert entry.mass > 0
        assert len(entry.evidence) <= builder.examples
        for example in entry.evidence:
            assert (example.source, example.target) in texts
            assert " ".join(example.source_span.of(example.source).split()).lower() == entry.source
            assert " ".join(example.target_span.of(example.target).split()).lower() == entry.target
        weights = [example.weight for example in entry.evidence]
        assert weights == sorted(weights, reverse=True)
        if " " not in entry.source + entry.target:
            shares[entry.source] += entry.target_given_source


def test_links_without_a_mass_are_no_entries() -> None:
    builder = LexiconBuilder(aligner=GivenLinks(links=[]), least_count=0.0, least_probability=0.0, least_mass=0.0)
    spans = (Span(0, 3),)
    nothing = Evidence(
        source="cat",
        target="gat",
        source_spans=spans,
        target_spans=spans,
        links=(Link(spans[0], spans[0], 0.0),),
        null_source=(0.0,),
        null_target=(0.0,),
        score=0.0,
        family="independent",
    )
    assert list(builder.count([nothing])) == []


def test_a_true_dictionary_comes_out_of_a_noisy_corpus() -> None:
    chance = random.Random(1)
    true = {f"s{i}": f"t{i}" for i in range(20)}

    def corpus() -> Iterator[Evidence]:
        for _ in range(200):
            source = chance.sample(sorted(true), 5)
            target = [true[word] for word in source]
            chance.shuffle(target)
            weights = {(s, t): 0.8 * (true[s] == t) + 0.2 * chance.random() / 5 for s in source for t in target}
            yield evidence(" ".join(source), " ".join(target), weights)

    builder = LexiconBuilder(aligner=GivenLinks(links=[]), longest=1, least_mass=0.01)
    best: dict[str, LexiconEntry] = {}
    for entry in builder.count(corpus()):
        best.setdefault(entry.source, entry)
    assert {source: entry.target for source, entry in best.items()} == true
    assert min(entry.target_given_source for entry in best.values()) > 0.7


def test_a_failure_is_reported_or_raised() -> None:
    bad = Failure(error=InputError(wanted="text", came="none"))
    seen: list[Failure] = []
    builder = LexiconBuilder(aligner=GivenLinks(links=LINKS), least_count=0.0)
    assert builder.count([bad], report=seen.append) == ()
    assert seen == [bad]
    with pytest.raises(InputError):
        builder.count([bad])


def test_memory_is_bounded_by_the_number_of_candidates() -> None:
    table = LexiconTable(examples=0, most=100)
    pair = evidence("a", "b", {})
    for number in range(2000):
        entry = ("common", "usual") if number % 2 else (f"s{number}", "rare")
        table.add(entry, 1.0, pair, str(number), (pair.source_spans[0], pair.target_spans[0]))
    assert len(table.found) <= 101
    assert table.found["common", "usual"].mass == 1000.0


def test_pairs_are_read_one_after_the_other() -> None:
    read: list[int] = []

    class Watching:
        def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
            for number, _ in enumerate(pairs):
                read.append(number)
                yield evidence("a", "b", {("a", "b"): 1.0})

    entries = LexiconBuilder(aligner=Watching(), least_count=0.0).build(iter(PAIRS))
    assert read == [0, 1, 2]
    assert entries[0].pairs == 3
