"""Subwords: what is encoded spells the words, and every piece knows its word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentalign.errors import InputError, ModelError
from latentalign.models.subwords import UNKNOWN, Subwords

WORDS = ["the", "cats", "cat", "dogs", "l'", "été", "Katze", "noir"] * 3


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_pieces_are_in_the_order_of_their_words(kind) -> None:
    subwords = Subwords.train(WORDS, size=40, kind=kind)
    pieces, places = subwords.encode(["cats", "☃", "Été"])
    assert len(pieces) == len(places)
    assert sorted(set(places)) == [0, 1, 2]
    assert places == sorted(places)
    assert UNKNOWN in pieces
    assert subwords.encode(["CATS"])[0] == subwords.encode(["cats"])[0]
    assert max(pieces) < len(subwords) <= 40


@given(st.lists(st.text(min_size=1, max_size=6), max_size=5))
def test_any_word_has_a_piece(words) -> None:
    subwords = Subwords.train(WORDS, size=30)
    pieces, places = subwords.encode(words)
    assert sorted(set(places)) == list(range(len(words)))
    assert all(0 <= piece < len(subwords) for piece in pieces)


def test_the_same_text_in_another_order_gives_the_same_pieces() -> None:
    one, other = Subwords.train(WORDS, size=30), Subwords.train(WORDS[::-1], size=30)
    assert one.encode(WORDS) == other.encode(WORDS)
    assert Subwords(vocabulary=one.vocabulary).encode(WORDS) == one.encode(WORDS)


def test_what_is_no_vocabulary_is_refused() -> None:
    with pytest.raises(InputError, match="at least one word"):
        Subwords.train([])
    with pytest.raises(InputError, match="a vocabulary above 3"):
        Subwords.train(WORDS, size=3)
    with pytest.raises(ModelError, match="a vocabulary of the tokenizers library"):
        len(Subwords(vocabulary="{}"))
