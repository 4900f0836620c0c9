"""Misspelled words: which known word is read, that evidence shows the text as it was, and that a folder keeps it."""

from pathlib import Path
from random import Random
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentalign.errors import InputError
from latentalign.models.encoder import KnowsWords
from latentalign.models.matcher.memory import units_of
from latentalign.models.matcher.respelling import respelled
from latentalign.tasks.classification.classify import Classifier
from latentalign.text import spelling as module
from latentalign.text.misspelling import misspelled
from latentalign.text.spans import Span
from latentalign.text.spelling import SHORTEST, Spelling

EXAMPLES = {
    "alarm": ["set an alarm for seven", "wake me with an alarm tomorrow"],
    "weather": ["what is the weather like", "is it going to rain tomorrow"],
}


def distance(one: str, other: str) -> int:
    """Of optimal string alignment, by its recurrence: edits and swaps of neighbours."""
    rows = [[max(i, j) for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


words = st.text(alphabet="abc", min_size=SHORTEST, max_size=7)


@given(st.lists(words, min_size=1, max_size=6), words)
def test_a_word_is_read_as_the_most_frequent_known_one_at_distance_one(known: list[str], word: str) -> None:
    spelling = Spelling.of(known)
    near = {one for one in known if distance(word, one) == 1}
    if len(word) == SHORTEST:  # a letter too many is seen in longer words alone
        near = {one for one in near if len(one) >= SHORTEST}
    near = {one for one in near if set(one) | set(word) <= set(word) | set(spelling.letters)}
    found = spelling.corrected(word)
    if word in known or not near:
        assert found is None
    else:
        assert found in near
        assert known.count(found) == max(map(known.count, near))
    assert spelling.corrected(word, is_word=lambda _: False) == found


@given(st.integers(0, 1000))
def test_what_is_misspelled_is_read_as_it_was(seed: int) -> None:
    chance = Random(seed)
    word = "".join(chance.choice(ascii_lowercase) for _ in range(9))
    wrong = misspelled(word, chance)
    assert Spelling.of([word]).corrected(wrong) == (None if wrong == word else word)


def test_words_of_the_encoder_and_short_ones_stay() -> None:
    spelling = Spelling.of(["hear", "its", "phone"])
    assert spelling.corrected("sear", is_word=lambda word: word == "sear") is None
    assert Spelling.of(["hear"]).corrected("sear") == "hear"
    assert [spelling.corrected(one) for one in ("is", "Phonee", "PHONE", "phone2", "dont")] == [
        None,
        "phone",
        None,
        None,
        None,
    ]


def test_a_run_of_letters_longer_than_any_word_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    spelling = Spelling.of(["alarm"])
    monkeypatch.setattr(Spelling, "_edits", lambda *_: pytest.fail("looked up"))
    assert spelling.corrected("alarm" * 1000) is None
    with pytest.raises(pytest.fail.Exception, match="looked up"):
        spelling.corrected("allarm")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    spelling = Spelling.of(["alarm"])
    for one in ("alrm", "xxxx", "alar", "yyyy", "alrm", "zzzz", "aalarm"):
        assert spelling.corrected(one) == (None if len(set(one)) == 1 else "alarm")
        assert len(spelling._found) <= 3


def test_what_one_encoder_knows_is_not_remembered_for_another() -> None:
    spelling = Spelling.of(["alarm", "pairs"])
    assert spelling.corrected("alrm", is_word=lambda _: True) is None
    assert spelling.corrected("alrm") == "alarm"
    assert spelling.corrected("Paris", is_word=lambda word: word == "Paris") is None  # a cased vocabulary


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(EXAMPLES, spelling=True)


def test_a_misspelled_text_has_the_values_of_the_right_one_and_its_own_evidence(
    classifier: Classifier, tmp_path: Path
) -> None:
    right, wrong = classifier.classify("set an alarm tomorrow"), classifier.classify("set an alrm tomorow")
    assert wrong.ranked == right.ranked
    assert wrong.nothing == right.nothing
    assert wrong.carried == right.carried
    assert wrong.evidence.source == "set an alrm tomorow"
    assert wrong.evidence.source_spans[2] == Span(7, 11)
    assert classifier.values(["set an alrm tomorow"]).equal(classifier.values(["set an alarm tomorrow"]))
    plain = Classifier.load(EXAMPLES)
    assert not plain.values(["set an alrm tomorow"]).equal(plain.values(["set an alarm tomorrow"]))
    kept = Classifier.load(folder=classifier.save(tmp_path / "out"))
    assert kept.matcher.spelling
    assert kept.classify("set an alrm tomorow") == wrong
    off = Classifier.load(folder=tmp_path / "out", spelling=False)
    assert off.values(["set an alrm tomorow"]).equal(plain.values(["set an alrm tomorow"]))
    with pytest.raises(InputError, match=r"no setting but spelling beside a folder.* got aligned"):
        Classifier.load(folder=tmp_path / "out", aligned=3)


def test_capitals_stay() -> None:
    spelling = Spelling.of(["alarm"])
    found = [respelled(units_of(one), spelling, None).text for one in ("an ALRM", "Alrm set", "an alrm!", "an alarm")]
    assert found == ["an ALARM", "Alarm set", "an alarm!", "an alarm"]


def test_the_default_encoder_tells_words(classifier: Classifier) -> None:
    encoder = classifier.matcher.scorer.encoder
    assert isinstance(encoder, KnowsWords)
    assert [encoder.is_word(one) for one in ("appointment", "appointmnt", "[UNK]", "☃☃")] == [True, False, False, False]
