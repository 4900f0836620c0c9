"""The lines of a text source: a file, a gzip file, standard input or an open stream, as strict UTF-8."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias, cast

from latentalign.errors import InputError

Source: TypeAlias = str | PathLike[str] | BinaryIO
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


class Line(NamedTuple):
    """One line as it was read; its bytes become text only when asked for, so that a bad line harms no other.

    Args:
        name: the file, or ``<stdin>``.
        number: counted from 1.
        raw: the bytes, without the line break.
    """

    name: str
    number: int
    raw: bytes

    @property
    def where(self) -> str:
        """The place for messages, ``file:12``."""
        return f"{self.name}:{self.number}"

    @property
    def text(self) -> str:
        """The line as text.

        Raises:
            InputError: not UTF-8; the message names file, line, byte and its place in the line.
        """
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError as error:
            utf16 = self.number == 1 and self.raw.startswith((b"\xff\xfe", b"\xfe\xff"))
            encoding = "UTF-16" if utf16 else "ISO-8859-1"
            raise InputError(
                wanted="UTF-8",
                came=f"byte 0x{self.raw[error.start]:02x} at byte {error.start + 1} of the line ({error.reason})",
                where=self.where,
                fix=f"convert the file, for example: iconv -f {encoding} -t UTF-8",
            ) from None


def read_lines(source: Source, *, may_be_empty: bool = False) -> Iterator[Line]:
    r"""Yield the lines of a source, one at a time.

    Only a line feed ends a line, as for ``wc -l``; a carriage return before it is dropped (CRLF), a lone one stays in
    the text as whitespace, and so do the other line breaks of Unicode. A byte order mark at the start is dropped.
    A last line without a line feed counts. gzip is recognised by its first two bytes.

    Args:
        source: a path, ``-`` for standard input, or an open binary stream, which is left open.
        may_be_empty: take a source without a line as it is; otherwise it is an error, since most often a command
            before this one has failed.

    Raises:
        InputError: the source cannot be opened or read, is empty, or is a text stream; damaged gzip.

    Cost: memory for the longest line, whatever the size of the file.

    >>> import io
    >>> [(line.number, line.text) for line in read_lines(io.BytesIO(b"\xef\xbb\xbfone\r\ntwo"))]
    [(1, 'one'), (2, 'two')]
    """
    name, number = source_name(source), 0
    with _readable(source, name) as stream:
        for number, raw in enumerate(stream, 1):
            content = raw.removeprefix(_BOM) if number == 1 else raw
            yield Line(name, number, content.removesuffix(b"\n").removesuffix(b"\r"))
    if not number and not may_be_empty:
        raise InputError(wanted="at least one line", came="an empty file", where=name)


def read_chunks(source: Source, *, size: int = 65536) -> Iterator[bytes]:
    """Yield the bytes of a source in pieces, for a format that has its own parser.

    Args:
        source: a path, ``-`` for standard input, or an open binary stream, which is left open; gzip is unpacked.
        size: the most bytes of a piece.

    Raises:
        InputError: the source cannot be opened or read, or is empty.

    >>> import io
    >>> list(read_chunks(io.BytesIO(b"<a></a>"), size=4))
    [b'<a><', b'/a>']
    """
    name, chunk = source_name(source), b""
    with _readable(source, name) as stream:
        while following := stream.read(size):
            chunk = following
            yield chunk
    if not chunk:
        raise InputError(wanted="a file with something in it", came="an empty file", where=name)


def read_text(source: Source) -> str:
    r"""Return the whole of a source as text, for a format that is read at once; a byte order mark is dropped.

    Args:
        source: a path, ``-`` for standard input, or an open binary stream, which is left open; gzip is unpacked.

    Raises:
        InputError: the source cannot be opened or read, is empty, or is not UTF-8.

    >>> import io
    >>> read_text(io.BytesIO(b"\xef\xbb\xbfone\ntwo"))
    'one\ntwo'
    """
    return Line(source_name(source), 1, b"".join(read_chunks(source)).removeprefix(_BOM)).text


def source_name(source: Source) -> str:
    """Return what messages call a source.

    >>> source_name("-"), source_name("b.txt")
    ('<stdin>', 'b.txt')
    """
    if isinstance(source, str | PathLike):
        return "<stdin>" if source == "-" else fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<stream>"


def one_line(text: str) -> str:
    r"""Return a text of the same length that fits one field of one line: tab, line feed, carriage return as spaces.

    >>> one_line("a\tb\r\nc")
    'a b  c'
    """
    return text.translate(_FLAT)


_FLAT = str.maketrans("\t\n\r", "   ")


@contextmanager
def _readable(source: Source, name: str) -> Iterator[BinaryIO]:
    """Yield the source as a stream, unpacked; what goes wrong while it is read names it."""
    try:
        with _opened(source, name) as stream:
            yield _decompressed(stream)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            wanted="a file that can be read",
            came=str(getattr(error, "strerror", None) or error),
            where=name,
            fix="check the path, and that the file is whole",
        ) from error


def _opened(source: Source, name: str) -> AbstractContextManager[BinaryIO]:
    """Return the open source; only what is opened here is closed at the end."""
    if isinstance(source, str | PathLike):
        return nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb")
    if not isinstance(source.read(0), bytes):
        raise InputError(
            wanted="a binary stream",
            came="a text stream",
            where=name,
            fix="open it with mode 'rb', or give sys.stdin.buffer",
        )
    return nullcontext(source)


def _decompressed(stream: BinaryIO) -> BinaryIO:
    """Return the stream, through gzip if it starts as one and can be looked at without being read."""
    peek = getattr(stream, "peek", None)
    if peek is not None and peek(2)[:2] == _GZIP:
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    return stream
