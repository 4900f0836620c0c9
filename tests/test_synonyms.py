"""Texts in other words: which words have a synonym, from a few lines in WordNet's format, and what a recipe tells."""

from pathlib import Path
from random import Random

import pytest

from latentalign.errors import InputError
from latentalign.evaluation.synonyms import read_synonyms, with_synonyms

# sense key, place of the synset, number of the sense, times it was tagged
SENSES = """\
buy%1:21:00:: 13253751 1 0
buy%2:40:00:: 02207206 1 102
buy%2:42:00:: 02646757 3 2
purchase%2:40:00:: 02207206 1 30
purchases%2:40:00:: 02207206 1 30
get_hold_of%2:40:00:: 02207206 1 30
bank%1:14:00:: 08420278 1 20
bank%1:17:01:: 09213565 2 25
shore%1:17:00:: 09213565 1 9
week%1:28:00:: 15169873 1 44
hebdomad%1:28:00:: 15169873 1 0
nice%5:00:00:pleasant:00 00000001 1 8
pleasant%3:00:00:: 00000001 1 9
"""


@pytest.fixture
def senses(tmp_path: Path) -> Path:
    path = tmp_path / "index.sense"
    path.write_text(SENSES, encoding="utf8")
    return path


def test_a_word_has_synonyms_in_the_sense_that_it_nearly_always_has(senses: Path) -> None:
    found = read_synonyms(senses)
    assert found == {
        "buy": ("purchase",),  # no plural, no word of several parts
        "purchase": ("buy",),
        "shore": ("bank",),  # the chief sense of `bank`, but one that it has too rarely to be replaced
        "nice": ("pleasant",),  # both kinds of adjectives
        "pleasant": ("nice",),
    }


def test_each_word_that_has_a_synonym_is_replaced(senses: Path) -> None:
    known = read_synonyms(senses)
    assert with_synonyms("Buy a nice bank, buy", Random(0), known=known) == "Purchase a pleasant bank, purchase"
    assert with_synonyms("what a week", Random(0), known=known) == "what a week"


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("buy,purchase\n", encoding="utf8")
    with pytest.raises(InputError, match=r"lines of WordNet's index.sense, got 'buy,purchase'") as wrong:
        read_synonyms(tmp_path / "other")
    assert "other:1" in str(wrong.value)
    with pytest.raises(InputError, match="a file that can be read"):
        read_synonyms(tmp_path / "none")
