"""How alike two words of names are: spelled alike, near in meaning, or exchanged for each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentalign.models.concepts.substitutions import Pair, Substitutions
from latentalign.models.concepts.vocabulary import Floats, Integers, Vocabulary

BLOCK = 512
LEAST = 0.3
"""Words less alike than that are not alike."""
STEM = 0.9
"""How alike two words of one stem are, such as *artery* and *arterial*; a *review* is no *reviewer*."""
INITIAL = 0.6
"""How alike a letter is to a word that begins with it."""
_WIDTH = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Likeness:
    r"""A sparse symmetric matrix over the words, 1 on its diagonal.

    $$L_{wv} = \frac{n^=_{wv} + B_{wv} / 2}{n^=_{wv} + n^{\ne}_{wv} + 1/2}, \quad
    B = \max\,(d,\ 0.9\,[(c - 0.35) / 0.5]_0^1,\ (d + c) / 2)$$

    $d$ is the Dice coefficient of the common beginning (from a half on, in the first term), $c$ the cosine of the
    hidden states, and $n^=$, $n^{\ne}$ how often the two words are exchanged within a concept and tell two concepts
    apart. Where neither was seen, $L = B$. Numbers are like themselves only.

    Args:
        keys: sorted ``row * size + column``.
        values: of each key, above ``LEAST``.
        size: how many words there are.
    """

    keys: Integers
    values: Floats
    size: int

    @classmethod
    def of(cls, words: Vocabulary, counted: Substitutions) -> Likeness:
        """Return the likeness of all words.

        Cost: the square of the number of words, in blocks.
        """
        keys: list[Integers] = [np.zeros(0, np.int64)]
        values: list[Floats] = [np.zeros(0, np.float32)]
        forms = words.forms
        spelling = _Spelling(forms)
        stems = np.unique([words.stems[form] for form in forms], return_inverse=True)[1]
        numeric = np.array([form.isdigit() for form in forms])
        initials = np.array([form[0] for form in forms])
        single = np.array([len(form) == 1 for form in forms]) & ~numeric
        for start in range(0, len(forms), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(forms)))
            block = _prior(rows, spelling, words.vectors)
            same = stems[rows, None] == stems
            block[same] = np.maximum(block[same], STEM)
            letter = (single[rows, None] | single) & (initials[rows, None] == initials)
            block[letter] = np.maximum(block[letter], INITIAL)
            block[numeric[rows, None] | numeric] = 0.0
            block[np.arange(len(rows)), rows] = 1.0
            row, column = np.nonzero(block >= LEAST)
            keys.append(rows[row] * len(forms) + column)
            values.append(block[row, column])
        prior = cls(keys=np.concatenate(keys), values=np.concatenate(values), size=len(forms))
        return prior._corrected(counted, words, numeric)

    def _corrected(self, counted: Substitutions, words: Vocabulary, numeric: NDArray[np.bool_]) -> Likeness:
        same, different = (_keyed(table, words, numeric) for table in (counted.same, counted.different))
        seen = np.union1d(np.fromiter(same, np.int64, len(same)), np.fromiter(different, np.int64, len(different)))
        prior = self(seen)
        alike = np.array([same.get(key, 0) for key in seen.tolist()], dtype=np.float32)
        apart = np.array([different.get(key, 0) for key in seen.tolist()], dtype=np.float32)
        told = (alike + prior / 2) / (alike + apart + 0.5)
        rest = ~np.isin(self.keys, seen)
        keys = np.concatenate([self.keys[rest], seen[told >= LEAST]])
        values = np.concatenate([self.values[rest], told[told >= LEAST]])
        order = np.argsort(keys)
        return Likeness(keys=keys[order], values=values[order].astype(np.float32), size=self.size)

    def __call__(self, keys: Integers) -> Floats:
        """Return the values of some keys, 0 where there is none."""
        if not len(self.keys):
            return np.zeros(keys.shape, np.float32)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.values[places], np.float32(0.0))

    def between(self, rows: Integers, columns: Integers) -> Floats:
        """Return the values of words against words, broadcast; 0 where either is padding."""
        keys = np.where((rows < 0) | (columns < 0), np.int64(-1), rows * self.size + columns)
        return self(keys)

    @cached_property
    def bounds(self) -> Integers:
        """(size + 1,) where the keys of each row begin."""
        return np.searchsorted(self.keys, np.arange(self.size + 1) * self.size)

    @property
    def columns(self) -> Integers:
        """(key,) the column of each key."""
        return self.keys % max(self.size, 1)


class _Spelling:
    """Words as rows of character codes, to compare their beginnings."""

    def __init__(self, forms: list[str]) -> None:
        self.lengths = np.array([min(len(form), _WIDTH) for form in forms], dtype=np.float32)
        self.codes = np.zeros((len(forms), _WIDTH), dtype=np.int32)
        for row, form in enumerate(forms):
            self.codes[row, : min(len(form), _WIDTH)] = [ord(letter) for letter in form[:_WIDTH]]

    def dice(self, rows: Integers) -> Floats:
        """Return (row, word) twice the length of the common beginning over the lengths, 0 below three letters."""
        shared = np.zeros((len(rows), len(self.codes)), dtype=np.float32)
        going = np.ones(shared.shape, dtype=bool)
        for place in range(_WIDTH):
            mine = self.codes[rows, place]
            going &= (mine[:, None] == self.codes[:, place]) & (mine != 0)[:, None]
            if not going.any():
                break
            shared += going
        shared[shared < 3] = 0.0
        return np.asarray(2 * shared / (self.lengths[rows, None] + self.lengths), dtype=np.float32)


def _prior(rows: Integers, spelling: _Spelling, vectors: Floats) -> Floats:
    dice = spelling.dice(rows)
    cosine = np.clip(vectors[rows] @ vectors.T, 0.0, 1.0)
    meaning = 0.9 * np.clip((cosine - 0.35) / 0.5, 0.0, 1.0)
    both = (dice + cosine) / 2
    return np.asarray(np.maximum(np.where(dice > 0.5, dice, 0.0), np.maximum(meaning, both)), dtype=np.float32)


def _keyed(table: Counter[Pair], words: Vocabulary, numeric: NDArray[np.bool_]) -> dict[int, int]:
    found: dict[int, int] = {}
    for (left, right), count in table.items():
        one, other = words.numbers[left], words.numbers[right]
        if not (numeric[one] or numeric[other]):
            found[one * len(words) + other] = found[other * len(words) + one] = count
    return found
