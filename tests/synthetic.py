"""Parallel sentences whose true alignment is known, because they were made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor

from latentalign.families.numerics import pair_mask
from latentalign.metrics.links import LinkCounts, aer

Order = Literal["same", "reversed", "permuted"]
SOURCE_WORDS = 24
TARGET_WORDS = 2 * SOURCE_WORDS + 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Sentences:
    """Padded pairs: numbers of words (pair, word) and lengths (pair,) of both sides, true links (pair, target, source).

    Source word w is translated as the target word 2w. Every fourth word of a fertile corpus is translated as 2w and
    2w + 1, side by side. In a corpus with NULLs every sixth source word has no translation, and three target words
    stand anywhere without a source.
    """

    source: Tensor
    target: Tensor
    source_lengths: Tensor
    target_lengths: Tensor
    gold: Tensor

    @property
    def mask(self) -> Tensor:
        return pair_mask(
            query_lengths=self.target_lengths,
            key_lengths=self.source_lengths,
            query_size=self.target.shape[1],
            key_size=self.source.shape[1],
        )

    def __getitem__(self, chosen: Tensor) -> Sentences:
        return Sentences(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def batches(self, *, size: int, count: int, seed: int = 0) -> Iterator[Sentences]:
        """Yield random batches."""
        generator = torch.Generator().manual_seed(seed)
        for _ in range(count):
            yield self[torch.randint(len(self.source), (size,), generator=generator)]

    def error_rate(self, links: Tensor) -> float:
        """The alignment error rate of links (pair, target, source)."""
        return aer(LinkCounts.of(pairs(found), sure=pairs(true)) for found, true in zip(links, self.gold, strict=True))


def pairs(links: Tensor) -> set[tuple[int, int]]:
    return {(i, j) for i, j in links.nonzero().tolist()}


def sentences(
    *, order: Order, fertile: bool = False, nulls: bool = False, count: int = 400, seed: int = 0
) -> Sentences:
    """Make a corpus of sentences of 3 to 6 different words."""
    generator = torch.Generator().manual_seed(seed)
    rows = [sentence(order, generator, fertile=fertile, nulls=nulls) for _ in range(count)]
    longest = max(len(target) for _, target in rows)
    source, target = torch.zeros(count, 6, dtype=torch.long), torch.zeros(count, longest, dtype=torch.long)
    gold = torch.zeros(count, longest, 6, dtype=torch.bool)
    for k, (words, translated) in enumerate(rows):
        source[k, : len(words)] = torch.tensor(words)
        target[k, : len(translated)] = torch.tensor([word for word, _ in translated])
        for i, (_, j) in enumerate(translated):
            if j is not None:
                gold[k, i, j] = True
    return Sentences(
        source=source,
        target=target,
        source_lengths=torch.tensor([len(words) for words, _ in rows]),
        target_lengths=torch.tensor([len(translated) for _, translated in rows]),
        gold=gold,
    )


def sentence(
    order: Order, generator: torch.Generator, *, fertile: bool, nulls: bool
) -> tuple[list[int], list[tuple[int, int | None]]]:
    """Make the source words, and the target words each with the place of its source word."""

    def below(limit: int) -> int:
        return int(torch.randint(limit, (), generator=generator))

    words = torch.randperm(SOURCE_WORDS, generator=generator)[: 3 + below(4)].tolist()
    places: list[int] = list(range(len(words)))
    if order == "reversed":
        places.reverse()
    if order == "permuted":
        places = torch.randperm(len(words), generator=generator).tolist()
    translated: list[tuple[int, int | None]] = []
    for j in places:
        if nulls and words[j] % 6 == 5:
            continue
        translated += [(2 * words[j] + k, j) for k in range(2 if fertile and words[j] % 4 == 0 else 1)]
    for _ in range(below(3) if nulls else 0):
        translated.insert(below(len(translated) + 1), (2 * SOURCE_WORDS + below(3), None))
    return words, translated
