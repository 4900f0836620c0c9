"""Sentence pairs as numbers, and which pairs of word types meet in them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError
from latentalign.models.statistical.vocabulary import Vocabulary, normal, spell

Ints = NDArray[np.int32]
Ends = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Bitext:
    """A parallel text as word numbers; 4 bytes a word, whatever the words are.

    Args:
        source, target: the vocabularies.
        source_words, target_words: (word,) numbers, one sentence after another.
        source_ends, target_ends: (pair + 1,) where each sentence ends and the next begins.
    """

    source: Vocabulary
    target: Vocabulary
    source_words: Ints
    target_words: Ints
    source_ends: Ends
    target_ends: Ends

    @classmethod
    def read(cls, pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Bitext:
        """Number the words of pairs of sentences; the pairs are read once and not kept.

        Raises:
            InputError: no pair with words on both sides.
        """
        sides = [_Side(), _Side()]
        for pair in pairs:
            if pair[0] and pair[1]:
                for side, words in zip(sides, pair, strict=True):
                    side.add(words)
        if len(sides[0].ends) == 1:
            raise InputError(wanted="at least one pair with words on both sides", came="none", where="Bitext")
        (source, source_words, source_ends), (target, target_words, target_ends) = (side.close() for side in sides)
        return cls(
            source=source,
            target=target,
            source_words=source_words,
            target_words=target_words,
            source_ends=source_ends,
            target_ends=target_ends,
        )

    def __len__(self) -> int:
        return len(self.source_ends) - 1

    def pair(self, number: int) -> tuple[list[str], list[str]]:
        """Return the words of a pair, normalised."""
        sides = (self.source, self.source_words, self.source_ends), (self.target, self.target_words, self.target_ends)
        source, target = (
            [side.words[word] for word in words[ends[number] : ends[number + 1]]] for side, words, ends in sides
        )
        return source, target

    @property
    def cell_ends(self) -> Ends:
        """(pair + 1,) where the words by words matrix of each pair begins, if they stand one after another."""
        return np.append(0, np.cumsum(np.diff(self.source_ends) * np.diff(self.target_ends)))


class _Side:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.words, self.ends = array("i"), array("q", [0])

    def add(self, words: Sequence[str]) -> None:
        self.words.extend([self.numbers.setdefault(normal(word), len(self.numbers)) for word in words])
        self.ends.append(len(self.words))

    def close(self) -> tuple[Vocabulary, Ints, Ends]:
        words = np.frombuffer(self.words, dtype=np.int32)
        counts = np.bincount(words, minlength=len(self.numbers)).astype(np.int64)
        return Vocabulary(words=tuple(self.numbers), counts=counts), words, np.frombuffer(self.ends, dtype=np.int64)


class Meetings(NamedTuple):
    """The pairs of word types that meet in a text, seen through one view of the words; what kernels read.

    Args:
        source_ends, target_ends, cell_ends: as in the bitext.
        source_types, target_types: (word,) numbers of the types.
        cells: (cell,) for each source word with each target word of its pair, the number of the pair of types.
        rows, columns: (pair of types,) its source type and its target type; pairs of one source type stand together.
    """

    source_ends: Ends
    target_ends: Ends
    cell_ends: Ends
    source_types: Ints
    target_types: Ints
    cells: Ints
    rows: Ints
    columns: Ints


def meetings(text: Bitext, size: int) -> tuple[Meetings, Vocabulary, Vocabulary]:
    """Return what meets in a text whose words are cut to ``size`` letters, and the two vocabularies of the view.

    Cost: linear in the number of cells; 4 bytes a cell and 8 a pair of types.
    """
    from latentalign.training.expectation import meet

    (source, source_places), (target, target_places) = text.source.view(size), text.target.view(size)
    source_types, target_types = source_places[text.source_words], target_places[text.target_words]
    cell_ends = text.cell_ends
    cells = np.empty(cell_ends[-1], np.int32)
    order = np.argsort(source_types, kind="stable")
    pair = np.repeat(np.arange(len(text), dtype=np.int32), np.diff(text.source_ends))
    ends = (text.source_ends, text.target_ends, cell_ends)
    rows, columns = meet(*ends, source_types, target_types, order, pair, len(target.words), cells)
    return Meetings(*ends, source_types, target_types, cells, rows, columns), source, target


def likenesses(met: Meetings, source: Vocabulary, target: Vocabulary) -> NDArray[np.int8]:
    """Return (pair of types,) how alike the two are spelled."""
    from latentalign.models.statistical.kernels import likeness

    found = np.empty(len(met.rows), np.int8)
    likeness(met.rows, met.columns, *spell(source.words), *spell(target.words), found)
    return found
