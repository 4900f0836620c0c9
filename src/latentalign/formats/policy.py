"""What becomes of a record that cannot be used: stop, leave it out, or keep its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeVar

from latentalign.errors import InputError, UnknownNameError
from latentalign.registry import nearest
from latentalign.text.pairs import Failure

OnError = Literal["fail", "skip", "null"]
POLICIES: tuple[OnError, ...] = ("fail", "skip", "null")
Given = TypeVar("Given")
Record = TypeVar("Record")


def attempt(parse: Callable[[Given], Record], given: Given) -> Record | Failure:
    """Return what ``parse`` makes of one record, or a failure that keeps its place.

    >>> attempt(int, "12")
    12
    """
    try:
        return parse(given)
    except InputError as error:
        return Failure(error=error)


def apply_policy(
    records: Iterable[Record | Failure],
    *,
    on_error: str = "fail",
    report: Callable[[Failure], object] | None = None,
) -> Iterator[Record | Failure]:
    """Yield the records in order, and treat failures by the policy.

    Args:
        records: what a reader or an aligner yields.
        on_error: ``fail`` raises the error of the first failure; ``skip`` drops failures; ``null`` keeps them, so that
            the writer gives an empty record and line numbers stay parallel.
        report: called with each failure before the policy acts on it, to count or to log.

    Raises:
        UnknownNameError: a policy that does not exist (at the call, not at the first record).
        LatentAlignError: the first failure, under ``fail``.

    >>> records = ["a", Failure(error=InputError(wanted="text", came="none")), "b"]
    >>> seen = []
    >>> list(apply_policy(records, on_error="skip", report=seen.append)), len(seen)
    (['a', 'b'], 1)
    """
    if on_error not in POLICIES:
        raise UnknownNameError(
            wanted="what to do with a bad record",
            came=repr(on_error),
            where="on_error",
            fix=nearest(on_error, POLICIES),
        )
    return _applied(records, on_error=on_error, report=report)


def _applied(
    records: Iterable[Record | Failure], *, on_error: str, report: Callable[[Failure], object] | None
) -> Iterator[Record | Failure]:
    for record in records:
        if isinstance(record, Failure):
            if report is not None:
                report(record)
            if on_error == "fail":
                raise record.error
            if on_error == "skip":
                continue
        yield record
