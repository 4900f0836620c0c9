"""One writer at a time, with an error that says so."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from latentalign.errors import IndexBusyError


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the right to write into a folder; the system gives it back when the process ends, however it ends.

    Raises:
        IndexBusyError: another writer holds it; the message names its process.
    """
    import fcntl

    with (folder / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise IndexBusyError(
                wanted="to be the only writer of an index",
                came=f"another one at work, process {file.read().strip() or 'unknown'}",
                where=str(folder),
                fix="wait until it has finished; reading needs no lock",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
