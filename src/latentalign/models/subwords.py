"""Subwords: one vocabulary of pieces for both languages, trained on the text, which never crosses a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from latentalign.errors import InputError, ModelError
from latentalign.models.statistical.vocabulary import normal

if TYPE_CHECKING:
    import tokenizers

PAD, UNKNOWN, HIDDEN = range(3)
SPECIAL = ["<pad>", "<unknown>", "<hidden>"]
Kind = Literal["bpe", "unigram"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Subwords:
    """A trained vocabulary of pieces of words.

    Args:
        vocabulary: as the JSON of the ``tokenizers`` library.
    """

    vocabulary: str

    @classmethod
    def train(cls, words: Iterable[str], *, size: int = 8_000, kind: Kind = "bpe", most: int = 50) -> Subwords:
        """Return pieces that spell the words of a text, frequent words whole.

        Args:
            words: running words of both sides.
            size: of the vocabulary at most, with the three special entries; at least 4.
            kind: ``bpe``, or ``unigram``.
            most: a word counts so often at most, so that frequent words do not take all merges.

        Raises:
            InputError: a size below 4, or no words.

        >>> pieces = Subwords.train(["cats", "cat", "dogs", "dog"] * 3, size=16)
        >>> numbers, places = pieces.encode(["cats", "Dog", "☃"])
        >>> sorted(set(places)) == [0, 1, 2] and len(numbers) == len(places)
        True

        Sennrich, Haddow and Birch 2016, algorithm 1 (bpe); Kudo 2018, eq. 1 (unigram).
        """
        import tokenizers
        from tokenizers import models, trainers

        if size <= len(SPECIAL):
            raise InputError(wanted=f"a vocabulary above {len(SPECIAL)}", came=repr(size), where="Subwords.size")
        counts = Counter(normal(word) for word in words)
        if not counts:
            raise InputError(wanted="at least one word", came="none", where="Subwords.train")
        # Sorted, because the ties of the trainer go by the order of the words.
        text = (word for word, count in sorted(counts.items()) for _ in range(min(count, most)))
        settings: dict[str, Any] = {"vocab_size": size, "special_tokens": SPECIAL, "show_progress": False}
        if kind == "bpe":
            found = tokenizers.Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
            found.train_from_iterator(text, trainers.BpeTrainer(**settings))
        else:
            found = tokenizers.Tokenizer(models.Unigram())
            found.train_from_iterator(text, trainers.UnigramTrainer(**settings, unk_token=SPECIAL[UNKNOWN]))
        return cls(vocabulary=found.to_str())

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        import tokenizers

        try:
            return tokenizers.Tokenizer.from_str(self.vocabulary)
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(wanted="a vocabulary of the tokenizers library", came=str(error)) from error

    @cached_property
    def _known(self) -> dict[str, tuple[int, ...]]:
        return {}

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def pieces(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the pieces of one word, at least one."""
        if word not in self._known:
            if len(self._known) > 1 << 17:
                self._known.clear()
            self._known[word] = tuple(self._tokenizer.encode(normal(word)).ids) or (UNKNOWN,)
        return self._known[word]

    def encode(self, words: Sequence[str]) -> tuple[list[int], list[int]]:
        """Return the pieces of some words one after another, and for each piece the place of its word."""
        split = [self.pieces(word) for word in words]
        return [piece for word in split for piece in word], [place for place, word in enumerate(split) for _ in word]
