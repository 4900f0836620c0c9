"""Which items come when: a pure function of the seed, the epoch and the position, so that nothing has to be stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, final

import numpy as np

from latentalign.errors import InputError
from latentalign.training.corpus import Corpus
from latentalign.training.permutation import Permutation, hashes

SHUFFLE, MIX, CHANCE = range(3)
"""What a hash is for, so that no two uses share their numbers."""


@final
@dataclass(frozen=True, kw_only=True)
class Batching:
    """How batches are cut.

    Args:
        tokens: the most tokens of a batch, padding included: its items times the size of its largest. An item that is
            larger is a batch of its own.
        items: the most items of a batch.
        pool: how many shuffled items are sorted by size together. A larger pool pads less and shuffles less.

    Raises:
        InputError: a number below 1.
    """

    tokens: int = 4096
    items: int = 256
    pool: int = 4096

    def __post_init__(self) -> None:
        for name in ("tokens", "items", "pool"):
            if getattr(self, name) < 1:
                raise InputError(wanted="at least 1", came=repr(getattr(self, name)), where=f"Batching.{name}")


@final
@dataclass(frozen=True, kw_only=True, order=True)
class Position:
    """A batch: its epoch, its pool in the epoch, and its number in the pool, from 0."""

    epoch: int = 0
    pool: int = 0
    batch: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class Batch:
    """The numbers of the items that come together, and where."""

    position: Position
    items: tuple[int, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Order:
    """The batches of every epoch, each computed when it is asked for.

    An epoch is a permutation of the corpus, cut into pools. The items of a pool are sorted by size, cut into batches,
    and the batches are shuffled. Each epoch has every item once.

    Args:
        corpus: what is read; only the sizes are asked here.
        batching: how batches are cut.
        seed: at least 0.

    Raises:
        InputError: an empty corpus, or a negative seed.

    Cost: the sizes of one pool for each pool; memory for one pool.

    >>> from latentalign.training.corpus import Items
    >>> order = Order(corpus=Items(items="abcde"), batching=Batching(items=2), seed=1)
    >>> batches, after = order.group(Position(epoch=3), 9)
    >>> sorted(item for batch in batches for item in batch.items), after
    ([0, 1, 2, 3, 4], Position(epoch=4, pool=0, batch=0))
    """

    corpus: Corpus[Any]
    batching: Batching
    seed: int
    _last: dict[tuple[int, int], list[tuple[int, ...]]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not len(self.corpus):
            raise InputError(wanted="at least one item", came="an empty corpus", where="Order.corpus")
        if self.seed < 0:
            raise InputError(wanted="a seed of at least 0", came=repr(self.seed), where="Order.seed")

    def group(self, position: Position, count: int) -> tuple[list[Batch], Position]:
        """Return up to ``count`` batches from a position on, and the position after them.

        A group ends with its epoch, so the last one of an epoch may be shorter.
        """
        found = list(islice(self._following(position), count + 1))
        after = found[count].position if len(found) > count else Position(epoch=position.epoch + 1)
        return found[:count], after

    def chance(self, position: Position) -> int:
        """Return the seed of what is random in one batch: dropout, masking, sampling."""
        return int(hashes((CHANCE, self.seed, position.epoch, position.pool, position.batch), 1)[0] >> np.uint64(1))

    def _following(self, position: Position) -> Iterator[Batch]:
        first = position.batch
        for pool in range(position.pool, -(-len(self.corpus) // self.batching.pool)):
            for number, items in enumerate(self._pool(position.epoch, pool)[first:], start=first):
                yield Batch(position=Position(epoch=position.epoch, pool=pool, batch=number), items=items)
            first = 0

    def _pool(self, epoch: int, pool: int) -> list[tuple[int, ...]]:
        """Return the batches of a pool. Those of the last pool are kept, since they are asked for one by one."""
        if (epoch, pool) not in self._last:
            batches = self._cut(epoch, pool)
            mixed = Permutation(size=len(batches), key=(MIX, self.seed, epoch, pool))(np.arange(len(batches)))
            self._last.clear()
            self._last[epoch, pool] = [batches[number] for number in mixed.tolist()]
        return self._last[epoch, pool]

    def _cut(self, epoch: int, pool: int) -> list[tuple[int, ...]]:
        end = min((pool + 1) * self.batching.pool, len(self.corpus))
        shuffle = Permutation(size=len(self.corpus), key=(SHUFFLE, self.seed, epoch))
        items = shuffle(np.arange(pool * self.batching.pool, end)).tolist()
        batches: list[tuple[int, ...]] = []
        waiting: list[int] = []
        for size, _, item in sorted((self.corpus.size(item), place, item) for place, item in enumerate(items)):
            full = len(waiting) == self.batching.items or (len(waiting) + 1) * size > self.batching.tokens
            if waiting and full:
                batches.append(tuple(waiting))
                waiting = []
            waiting.append(item)
        return [*batches, tuple(waiting)]
