"""Checks of translations: words that nothing answers, numbers that differ, and silence where nothing can be told."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import evidences, quick

from latentalign.errors import InputError
from latentalign.tasks.alignment.given_links import GivenLinks
from latentalign.tasks.transfer.check import TranslationChecker, by_frequency, by_length, check_translation
from latentalign.testing.examples import from_matrix
from latentalign.text.numbers import find_numbers
from latentalign.text.pairs import Failure, TextPair

SOURCE = "the committee approved the annual budget yesterday"
TARGET = "le comité a approuvé le budget annuel hier"
LINKS = [(0, 0), (1, 1), (2, 3), (3, 4), (4, 6), (5, 5), (6, 7)]


def issues(source: str, target: str, links: list, **settings: object) -> list[tuple[str, str, str]]:
    found = check_translation(source, target, links, **settings)
    return [
        (issue.kind, issue.source.of(source) if issue.source else "", issue.target.of(target) if issue.target else "")
        for issue in found.issues
    ]


def test_a_good_translation_has_no_issue() -> None:
    assert issues(SOURCE, TARGET, LINKS) == []


def test_an_omission_and_an_addition_are_told_with_their_spans() -> None:
    short = "le comité a approuvé le budget"
    kept = [link for link in LINKS if link[1] < 6]
    assert issues(SOURCE, short, kept) == [("omission", "annual", ""), ("omission", "yesterday", "")]
    turned = [(j, i) for i, j in kept]
    assert issues(short, SOURCE, turned) == [("addition", "", "annual"), ("addition", "", "yesterday")]
    without = [link for link in LINKS if link[0] not in {4, 5}]
    assert ("omission", "annual budget", "") in issues(SOURCE, TARGET, without)


def test_short_words_are_no_omission() -> None:
    assert issues(SOURCE, TARGET, [link for link in LINKS if link[0] not in {0, 3}]) == []
    everything = issues(SOURCE, TARGET, LINKS[1:], source_importance=lambda word: 1.0)
    assert everything[0] == ("omission", "the", "")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_it_abstains_where_hardly_anything_is_aligned(kept: int) -> None:
    result = check_translation(SOURCE, TARGET, LINKS[:kept])
    assert result.abstained
    assert result.issues == ()
    sure = check_translation(SOURCE, TARGET, LINKS[:kept], least_linked=0.0)
    assert not sure.abstained
    assert sure.issues


class Learned(GivenLinks):
    """Given links of an aligner that says which words it knows."""

    def knows(self, words, *, side: str) -> float:
        listed = list(words)
        return sum(word in SOURCE + TARGET for word in listed) / max(1, len(listed))


def test_it_abstains_where_the_aligner_does_not_know_the_words() -> None:
    everything = [(i, i) for i in range(3)]
    assert not check_translation("the annual budget", "budget annuel hier", Learned(links=[everything])).abstained
    strange = check_translation("the annual budget", "Jahreshaushalt von gestern 7", Learned(links=[everything]))
    assert "knows only 0%" in strange.abstained
    assert [issue.kind for issue in strange.issues] == ["number added"]


def test_mass_in_one_direction_only_is_half_a_link() -> None:
    """A word that only its own direction aligns lacks half, whatever its NULL mass says."""
    pair = TextPair.from_words(["the", "committee", "spoke"], ["le", "comité", "parla"])

    class Half:
        def align_many(self, pairs):
            matrix = [[1, 0, 0], [0, 0.5, 0], [0, 0, 1]]
            found = from_matrix(pair.source, pair.target, pair.source_spans, pair.target_spans, matrix)
            yield replace(found, null_source=(0.0, 0.0, 0.0))

    result = TranslationChecker(aligner=Half()).check(pair.source, pair.target)
    assert [issue.score for issue in result.issues] == [0.5, 0.5]
    assert not TranslationChecker(aligner=Half(), threshold=0.51).check(pair.source, pair.target).issues


@quick
@given(evidences())
def test_every_issue_is_in_the_text(evidence) -> None:
    class Given:
        def align_many(self, pairs):
            yield evidence

    result = TranslationChecker(aligner=Given(), least_linked=0.0).check("a", "b")
    for issue in result.issues:
        assert issue.source or issue.target
        assert 0 <= issue.score <= 1
        assert issue.message
        for span, text in ((issue.source, evidence.source), (issue.target, evidence.target)):
            assert span is None or 0 <= span.start < span.end <= len(text)


def test_importance() -> None:
    importance = by_frequency(["the cat", "the dog", "the bird", "the cow"])
    assert importance("the") == 0.0
    assert importance("cat") == importance("unknown") == 1.0
    assert importance("!") == by_length("!") == by_length("12345") == 0.0
    with pytest.raises(InputError, match="two texts"):
        by_frequency(["one"])
    for bad in ({"threshold": 1.5}, {"least_linked": -0.1}):
        with pytest.raises(InputError, match=next(iter(bad))):
            TranslationChecker(aligner=GivenLinks(links=[]), **bad)


def test_one_bad_pair_harms_no_other() -> None:
    bad = Failure(error=InputError(wanted="text", came="none"))
    pairs = [TextPair(source=SOURCE, target=TARGET), bad, TextPair(source=SOURCE, target=TARGET)]
    first, second, third = TranslationChecker(aligner=GivenLinks(links=[LINKS] * 3)).check_many(pairs)
    assert first.issues == third.issues == ()
    assert second is bad


# Numbers


def written(value: int, group: str, point: str, fraction: str) -> str:
    return f"{value:,}".replace(",", group) + (point + fraction if fraction else "")


@quick
@given(
    st.integers(0, 10**9),
    st.sampled_from(["", "5", "25", "125"]),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("\u00a0", "."), ("\u202f", ","), ("'", "."), ("", ".")]),
)
@example(10**9, "", (".", ","))  # four groups of digits with points are no address
def test_a_number_means_what_was_written(value: int, fraction: str, signs: tuple[str, str]) -> None:
    (number,) = find_numbers(f"it is {written(value, *signs, fraction)} now")
    assert Decimal(f"{value}.{fraction or 0}") in number.values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,000", ["1", "1000"]),
        ("0,500", ["0.5"]),
        ("1,000,000", ["1000000"]),
        ("1,00,000", ["100000"]),
        ("12.5%", ["12.5"]),
        ("٣٤", ["34"]),
        ("-7", ["7"]),
        ("3rd", ["3"]),
        ("10-15", ["10"]),
        ("12.05.2024", None),
        ("2024-05-12", None),
        ("1/2/24", None),
        ("at 10:30", None),
        ("192.168.0.1", None),
        ("B2", None),
        ("1.2.3", None),
        ("9" * 50, None),
        ("²", None),
    ],
)
def test_readings(text: str, values: list[str] | None) -> None:
    found = find_numbers(text)
    if values is None:
        assert found == ()
    else:
        assert sorted(found[0].values) == [Decimal(value) for value in values]


def numbers(source: str, target: str, links: list | None = None) -> list[tuple[str, str, str]]:
    return [issue for issue in issues(source, target, links or []) if issue[0].startswith("number")]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("1,000.5 dollars", "1.000,5 dollars"),
        ("1,000 dollars", "1 000 dollars"),
        ("in 2010 300 people", "300 personnes en 2010"),
        ("page 12 300 lines", "300 lignes page 12"),
        ("3 million people", "3,000,000 personnes"),
        ("3万 people", "30,000 personnes"),
        ("on 5/12/2024", "le jour"),
        ("at 10:30", "à dix heures"),
        ("2 and 2", "2 et 2"),
    ],
)
def test_numbers_that_agree(source: str, target: str) -> None:
    assert numbers(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "links", "wanted"),
    [
        ("1,000.5 here", "100,5 ici", [(0, 0)], [("number changed", "1,000.5", "100,5")]),
        ("5 here", "ici", [], [("number missing", "5", "")]),
        ("here", "5 ici", [], [("number added", "", "5")]),
        ("2 and 2", "2 et", [], [("number missing", "2", "")]),
        ("5 here", "6 ici", [], [("number missing", "5", ""), ("number added", "", "6")]),
        ("300 men", "3 hommes", [(0, 0)], [("number changed", "300", "3")]),
        ("3 cats", "trois chats", [(0, 0)], []),
        ("3 cats", "trois chats", [], [("number missing", "3", "")]),
        ("three cats", "3 chats", [(0, 0)], []),
    ],
)
def test_numbers_that_differ(source: str, target: str, links: list, wanted: list) -> None:
    assert numbers(source, target, links) == wanted
