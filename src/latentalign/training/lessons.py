"""What a student learns from: pairs, what a weak teacher says of them, and what the student should say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentalign.models.neural.batch import Pairs, Texts, pairs, texts
from latentalign.models.neural.evidence import Prior, Said, padded, prior
from latentalign.models.subwords import Subwords
from latentalign.training.packed import Item, PackedCorpus, pack

Matrix = NDArray[np.floating]
KINDS = ("int32", "int32", "int32", "int32", "float16", "float16", "int32", "int32", "float16", "float16")


class Lesson(NamedTuple):
    """One pair.

    Args:
        source, target: words.
        said: of a teacher that knows less.
        forward, backward: (source, target) the masses that should be found.
    """

    source: Sequence[str]
    target: Sequence[str]
    said: Said
    forward: Matrix
    backward: Matrix


class Batch(NamedTuple):
    """Some lessons, padded.

    Args:
        pairs: their pieces.
        prior: what the weak teacher says.
        forward: (pair, target, source) the masses that should be found.
        backward: (pair, source, target) the same, the other way round.
        source_types, target_types: (pair, word) which of the different words each word is.
        source_words, target_words: the different words of the batch, each a text of its own.
    """

    pairs: Pairs
    prior: Prior
    forward: Tensor
    backward: Tensor
    source_types: Tensor
    target_types: Tensor
    source_words: Texts
    target_words: Texts


def pack_lessons(path: Path, lessons: Iterable[Lesson], subwords: Subwords) -> PackedCorpus:
    """Write lessons to a file, as pieces and half-precision masses, and open it.

    Cost: 4 bytes a cell of the words by words matrices, and 4 more a view.
    """
    rows = (
        (
            *subwords.encode(lesson.source),
            *subwords.encode(lesson.target),
            lesson.said.forward.ravel(),
            lesson.said.backward.ravel(),
            lesson.said.source,
            lesson.said.target,
            lesson.forward.ravel(),
            lesson.backward.ravel(),
        )
        for lesson in lessons
    )
    return pack(path, rows, kinds=KINDS, measure=_pieces)


def _pieces(item: Item) -> int:
    return max(1, len(item[0]), len(item[2]))


def collate(items: Sequence[Item]) -> Batch:
    """Return a batch of items of ``pack_lessons``."""
    shapes = [(len(item[6]), len(item[7])) for item in items]
    given = [((item[0], item[1]), (item[2], item[3])) for item in items]
    wanted = [padded([item[k].reshape(shape) for item, shape in zip(items, shapes, strict=True)]) for k in (8, 9)]
    said = [
        Said(item[4].reshape(-1, *shape), item[5].reshape(-1, *shape), item[6], item[7])
        for item, shape in zip(items, shapes, strict=True)
    ]
    (source_types, source_words), (target_types, target_words) = (
        _types([pair[side] for pair in given]) for side in (0, 1)
    )
    return Batch(
        pairs(given), prior(said), wanted[0].mT, wanted[1], source_types, target_types, source_words, target_words
    )


def _types(given: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> tuple[Tensor, Texts]:
    """Return (text, word) the number of each word among the different ones, and these."""
    known: dict[bytes, int] = {}
    different: list[NDArray[Any]] = []
    rows = []
    for pieces, places in given:
        row = []
        for word in np.split(pieces, np.flatnonzero(np.diff(places)) + 1):
            number = known.setdefault(word.tobytes(), len(known))
            if number == len(different):
                different.append(word)
            row.append(number)
        rows.append(torch.tensor(row))
    numbers = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return numbers, texts([(word, np.zeros(len(word), int)) for word in different])
