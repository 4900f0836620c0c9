"""What the trainer reads: items by number, each with a size that is known before it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, final

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Corpus(Protocol[Item_co]):
    """Items by number. ``PackedCorpus`` reads them from a file, ``Items`` holds them in memory."""

    def __len__(self) -> int:
        """Return how many items there are."""

    def __getitem__(self, number: int, /) -> Item_co:
        """Return an item."""

    def size(self, number: int, /) -> int:
        """Return the length that an item is padded from, at least 1: the tokens of its longest side."""


def alike(_: object) -> int:
    """Return 1: every item is as large as any other."""
    return 1


@final
@dataclass(frozen=True, kw_only=True)
class Items(Generic[Item]):
    """A corpus that is small enough to be held in memory.

    Args:
        items: the items.
        measure: the size of an item, in tokens.

    >>> corpus = Items(items=["a b", "c"], measure=lambda text: len(text.split()))
    >>> len(corpus), corpus[0], corpus.size(0)
    (2, 'a b', 2)
    """

    items: Sequence[Item]
    measure: Callable[[Item], int] = alike

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> Item:
        return self.items[number]

    def size(self, number: int) -> int:
        """Return the size of an item."""
        return self.measure(self.items[number])
