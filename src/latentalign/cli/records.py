"""What becomes of records that cannot be used: stop, leave them out, or keep their place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from latentalign.text.pairs import Failure

T = TypeVar("T")


class Records(Generic[T]):
    """Results in input order under a policy for failures; ``bad`` counts them, and each is told once on stderr.

    Args:
        results: results and failures, in input order.
        on_error: ``fail`` raises the first error, ``skip`` leaves a failure out, ``null`` passes it on, so that the
            output keeps one record for each input.
    """

    def __init__(self, results: Iterator[T | Failure], *, on_error: str) -> None:
        self._results, self._on_error, self.bad = results, on_error, 0

    def __iter__(self) -> Iterator[T | Failure]:
        from latentalign.text.pairs import Failure

        for result in self._results:
            if isinstance(result, Failure):
                if self._on_error == "fail":
                    raise result.error
                self.bad += 1
                sys.stderr.write(f"latentalign: {result.error}\n")
                if self._on_error == "skip":
                    continue
            yield result
