"""Data on stdout or into a file that appears only when it is whole; progress and warnings on stderr."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

import typer

from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.text.pairs import Failure

T = TypeVar("T")


def settled(results: Iterable[T | Failure], *, on_error: str) -> tuple[Iterator[T | Failure], list[str]]:
    """Return the results under a policy (see ``formats.policy``), and a list that fills with the failures.

    Each failure is told on stderr once; the list decides the exit status.
    """
    from latentalign.formats.policy import apply_policy

    failures: list[str] = []

    def report(failure: Failure) -> None:
        if on_error != "fail":
            failures.append(str(failure.error))
            sys.stderr.write(f"latentalign: {failure.error}\n")

    return apply_policy(results, on_error=on_error, report=report), failures


class Fielded(Protocol):
    """A result that can be written as JSON."""

    def to_fields(self) -> dict[str, Any]:
        """Return what it holds as fields."""
        ...


def json_line(result: Fielded | Failure) -> str:
    """Return a result, or a failure with its ``error``, as a line of JSON."""
    from latentalign.formats.fields import to_fields
    from latentalign.text.pairs import Failure

    fields = to_fields(result) if isinstance(result, Failure) else result.to_fields()
    return json.dumps(fields, ensure_ascii=False) + "\n"


@contextmanager
def opened(path: Path | None) -> Iterator[IO[str]]:
    """Yield stdout, or a new file that takes the place of ``path`` when the block ends without an error.

    Raises:
        InputError: the folder of ``path`` is absent or cannot be written.
    """
    if path is None or str(path) == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            _silence_stdout()
            raise typer.Exit(0) from None
        return
    try:
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 (closed below, renamed on success)
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}.", delete=False
        )
    except OSError as error:
        raise InputError(
            wanted="a file that can be written", came=error.strerror or "an error", where=str(path)
        ) from error
    try:
        with handle:
            yield handle
        Path(handle.name).chmod(0o666 & ~_umask())
        Path(handle.name).replace(path)
    except BaseException:
        Path(handle.name).unlink(missing_ok=True)
        raise


def progress(items: Iterable[T], noun: str) -> Iterator[T]:
    """Yield the items; on a terminal, keep one line on stderr with how many have passed and how fast."""
    if not sys.stderr.isatty():
        yield from items
        return
    start = last = time.monotonic()
    count = 0
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            sys.stderr.write(f"\r{count:,} {noun}, {count / (now - start):,.0f} a second ")
            sys.stderr.flush()
    if last != start:
        sys.stderr.write(f"\r{count:,} {noun} in {time.monotonic() - start:.1f} s    \n")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _silence_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
