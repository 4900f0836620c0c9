"""A corpus in one file, read item by item: memory does not grow with it."""

from __future__ import annotations

import json
import os
import shutil
import struct
import tempfile
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, final

import numpy as np
from numpy.typing import NDArray

from latentalign.durable import replacing
from latentalign.errors import InputError

Item = tuple[NDArray[Any], ...]
MAGIC = b"latentalign packed corpus 1\n"
TAIL = struct.Struct("<QQ")
KINDS = frozenset({"uint8", "uint16", "int32", "int64", "float16", "float32"})


def pack(
    path: Path,
    items: Iterable[Sequence[Any]],
    *,
    kinds: Sequence[str],
    measure: Callable[[Item], int] | None = None,
) -> PackedCorpus:
    """Write items to a file, one after the other, and open it. The file appears only when it is complete.

    Args:
        path: the file; an old one is replaced.
        items: each a sequence of as many flat sequences of numbers as there are ``kinds``; flatten a matrix.
        kinds: the type of each of these: uint8, uint16, int32, int64, float16 or float32.
        measure: the size of an item, in tokens; None takes the longest of its sequences, at least 1.

    Raises:
        InputError: an unknown kind, an item of another number of sequences, or numbers that do not fit their kind.

    Cost: the file, and 12 bytes an item and 4 a sequence; constant memory.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "pairs.packed"
    >>> corpus = pack(path, [([1, 2], [3]), ([4], [])], kinds=("int32", "int32"))
    >>> len(corpus), corpus.size(0), [part.tolist() for part in corpus[0]]
    (2, 2, [[1, 2], [3]])
    """
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(wanted=f"one of {', '.join(sorted(KINDS))}", came=repr(kind), where="pack.kinds")
    measure = measure or (lambda item: max(1, *(len(part) for part in item)))
    with replacing(path) as file, tempfile.TemporaryFile() as index:
        file.write(MAGIC)
        row = _row(len(kinds))
        for number, item in enumerate(items):
            parts = _typed(item, kinds, where=f"item {number}")
            index.write(row.pack(file.tell(), measure(parts), *(len(part) for part in parts)))
            for part in parts:
                file.write(part.tobytes())
        start = file.tell()
        index.seek(0)
        shutil.copyfileobj(index, file)
        _close(file, start, kinds)
    return PackedCorpus(path)


def _row(parts: int) -> struct.Struct:
    """The index has a row an item: where it begins, its size, and the length of each of its sequences."""
    return struct.Struct(f"<QI{parts}I")


def _typed(item: Sequence[Any], kinds: Sequence[str], *, where: str) -> Item:
    if len(item) != len(kinds):
        raise InputError(wanted=f"{len(kinds)} sequences", came=str(len(item)), where=where)
    typed = []
    for part, kind in zip(item, kinds, strict=True):
        given = np.asarray(part)
        found = given.astype(np.dtype(kind).newbyteorder("<")) if given.size else np.empty(0, dtype=kind)
        if given.ndim != 1 or (np.dtype(kind).kind in "iu" and not np.array_equal(found, given)):
            raise InputError(wanted=f"a flat sequence of {kind}", came=str(part)[:80], where=where)
        typed.append(found)
    return tuple(typed)


def _close(file: BinaryIO, start: int, kinds: Sequence[str]) -> None:
    about = json.dumps({"kinds": list(kinds)}).encode()
    file.write(about)
    file.write(TAIL.pack(start, len(about)))


@final
class PackedCorpus:
    """A corpus that ``pack`` wrote. An item is a tuple of flat arrays, and is read when it is asked for.

    Args:
        path: the file.

    Raises:
        InputError: the file is absent, is none that ``pack`` wrote, or was cut off.

    Cost: two reads an item, one a size; nothing is kept in memory. Threads and forked processes may share it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise InputError(wanted="a packed corpus", came=str(error.strerror), where=str(path)) from error
        weakref.finalize(self, os.close, self._file)
        self._length = 0
        end = os.fstat(self._file).st_size - TAIL.size
        if end < len(MAGIC) or self._read(len(MAGIC), 0) != MAGIC:
            raise InputError(wanted="a file that `pack` wrote", came="another one", where=str(path))
        self._start, length = TAIL.unpack(self._read(TAIL.size, end))
        if self._start + length > end:
            raise self._cut_off()
        try:
            self._kinds = [np.dtype(kind) for kind in json.loads(self._read(length, end - length))["kinds"]]
            self._row = _row(len(self._kinds))
            self._length, rest = divmod(end - length - self._start, self._row.size)
        except (ValueError, TypeError, KeyError) as error:
            raise self._cut_off() from error
        if rest:
            raise self._cut_off()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Item:
        place, _, *lengths = self._index(number)
        sizes = [length * kind.itemsize for length, kind in zip(lengths, self._kinds, strict=True)]
        data = self._read(sum(sizes), place)
        starts = np.cumsum([0, *sizes]).tolist()
        return tuple(
            np.frombuffer(data, dtype=kind, count=length, offset=start)
            for kind, length, start in zip(self._kinds, lengths, starts, strict=False)
        )

    def size(self, number: int) -> int:
        """Return the size of an item, in tokens."""
        size: int = self._index(number)[1]
        return size

    def _index(self, number: int) -> tuple[int, ...]:
        if not 0 <= number < self._length:
            raise IndexError(number)
        row: tuple[int, ...] = self._row.unpack(self._read(self._row.size, self._start + number * self._row.size))
        return row

    def _read(self, size: int, place: int) -> bytearray:
        data = bytearray(size)
        if os.preadv(self._file, [data], place) != size:
            raise self._cut_off()
        return data

    def _cut_off(self) -> InputError:
        return InputError(wanted="a complete packed corpus", came="one that was cut off", where=str(self.path))
