"""Word pieces: texts into the ids that a model reads, each with its place in the original text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latentalign.models.units import Units
from latentalign.text.characters import check_text

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """The word pieces of some texts, one text after the other, without special tokens.

    Args:
        ids: (piece,) what the model reads.
        starts, ends: (piece,) the place of each piece in its own text, in code points.
        bounds: (text + 1,) where the pieces of each text begin, and the end.
    """

    ids: Integers
    starts: Integers
    ends: Integers
    bounds: Integers

    @property
    def counts(self) -> list[int]:
        """The number of pieces of each text."""
        counts: list[int] = np.diff(self.bounds).tolist()
        return counts


class PieceTokenizer:
    """A fast tokenizer, and the special tokens that stand before and after a text.

    Nothing is cut and nothing is padded, whatever the tokenizer's own settings; special tokens that a text spells out
    (``[SEP]``) are read as ordinary text.

    Args:
        tokenizer: of the library ``tokenizers``; it is set up in place.
        pad: the id that fills a batch.
        prompt: a text to be read before every text, after the first special tokens; it has no units.
    """

    def __init__(self, tokenizer: Tokenizer, *, pad: int = 0, prompt: str = "") -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        probe = tokenizer.encode("a")
        special = probe.special_tokens_mask
        first = special.index(0) if 0 in special else len(special)
        last = len(special) - special[::-1].index(0) if 0 in special else len(special)
        self.prefix: list[int] = probe.ids[:first] + tokenizer.encode(prompt, add_special_tokens=False).ids
        self.suffix: list[int] = probe.ids[last:]
        self.pad = pad
        self._unknown = {one for name in ("[UNK]", "<unk>") if (one := tokenizer.token_to_id(name)) is not None}
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True

    @property
    def special(self) -> int:
        """The number of tokens that are added to each window."""
        return len(self.prefix) + len(self.suffix)

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece, and a known one, at the beginning of a text or after a space.

        Raises:
            InputError: a lone surrogate.
        """
        check_text(word, where="word")
        found = [self._tokenizer.encode(one, add_special_tokens=False).ids for one in (word, f" {word}")]
        return any(len(ids) == 1 and ids[0] not in self._unknown for ids in found)

    def split(self, texts: Sequence[str]) -> Pieces:
        """Return the word pieces of some texts.

        Raises:
            InputError: a text has a lone surrogate.
        """
        try:
            found = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        except TypeError:
            for text in texts:
                check_text(text, where="text")
            raise
        total = sum(map(len, found))
        ids = np.fromiter(chain.from_iterable(one.ids for one in found), np.int64, total)
        places = chain.from_iterable(chain.from_iterable(one.offsets for one in found))
        offsets = np.fromiter(places, np.int64, 2 * total).reshape(total, 2)
        bounds = np.cumsum([0, *map(len, found)], dtype=np.int64)
        return Pieces(ids=ids, starts=offsets[:, 0], ends=offsets[:, 1], bounds=bounds)


def overlaps(
    pieces: Pieces, units: Sequence[Units], texts: Sequence[int], *, sizes: Sequence[int]
) -> tuple[Integers, Integers]:
    """Return which pieces overlap each unit.

    Args:
        pieces: the word pieces of the texts.
        units: whose spans are looked up.
        texts: for each of ``units``, the index of its text in ``pieces``.
        sizes: the number of code points of each text.

    Returns:
        the indices of the overlapping pieces, unit after unit, and where those of each unit begin.

    Cost: one sort and two binary searches a unit, in numpy; no loop over words.
    """
    shift = np.cumsum([0, *sizes], dtype=np.int64)  # all the texts on one line
    kept = np.flatnonzero(pieces.ends > pieces.starts)
    owner = np.repeat(np.arange(len(pieces.bounds) - 1), np.diff(pieces.bounds))[kept]
    # A normaliser may swap combining marks, so that the offsets are not quite in order; these two bounds are.
    ends = np.maximum.accumulate(pieces.ends[kept] + shift[owner])
    starts = np.minimum.accumulate((pieces.starts[kept] + shift[owner])[::-1])[::-1]
    total = sum(len(one.spans) for one in units)
    flat = chain.from_iterable(chain.from_iterable(one.spans for one in units))
    spans = np.fromiter(flat, np.int64, 2 * total).reshape(total, 2)
    spans = spans + np.repeat(shift[list(texts)], [len(one.spans) for one in units])[:, None]
    low = np.searchsorted(ends, spans[:, 0], side="right")
    high = np.maximum(np.searchsorted(starts, spans[:, 1], side="left"), low)
    counts = high - low
    begins = np.cumsum(counts) - counts
    inside = np.arange(counts.sum()) - np.repeat(begins - low, counts)
    return kept[inside], begins
