"""The protocol of everything that proposes candidates for a query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from latentalign.errors import InputError
from latentalign.index.filters import Filter
from latentalign.index.vectors import Array, normalized
from latentalign.text.documents import Value

Fields = Mapping[str, Value]


class Proposal(NamedTuple):
    """A candidate: the name of a text, and its score, higher for a better one."""

    id: str
    score: float


class CandidateIndex(Protocol):
    r"""Keeps texts as token vectors and proposes those that are most like a query.

    $$s(q, d) = \frac1n \sum_{i=1}^{n} \max_j \cos(q_i, d_j)$$

    A text may be one vector or many. Names are kept for good: deleting one text renames no other. What ``add`` and
    ``delete`` have returned from is there when the index is opened again. An engine may miss some candidates, but the
    score of what it proposes is exact, up to the precision in which it keeps vectors.
    """

    def add(self, ids: Sequence[str], tokens: Sequence[Array], *, fields: Sequence[Fields] | None = None) -> None:
        """Add texts; one of a name that is there takes its place.

        Args:
            ids: their names.
            tokens: (token, features) of each, at least one token.
            fields: what else is known of each, for filters.
        """
        ...

    def delete(self, ids: Iterable[str]) -> None:
        """Delete texts by name; names that are not there count nothing."""
        ...

    def search(self, tokens: Array, k: int, filter: Filter | None = None) -> list[Proposal]:
        """Return the ``k`` best candidates, the best one first, of the texts that meet a filter.

        Args:
            tokens: (token, features) of the query, at least one token.
            k: how many, at most.
            filter: equals looking at everything and filtering afterwards.
        """
        ...

    def __len__(self) -> int:
        """How many texts there are."""
        ...

    def close(self) -> None:
        """Let go of files and connections; the index can be opened again."""
        ...


def maxsim(query: Array, tokens: Array) -> float:
    """Return the score of a text, both sides being rows of any length.

    >>> maxsim(np.eye(2), np.array([[2.0, 0.0]]))
    0.5
    """
    cosines = normalized(query) @ normalized(tokens).T
    return float(cosines.max(axis=1).mean())


def checked(ids: Sequence[str], tokens: Sequence[Array], fields: Sequence[Fields] | None) -> list[Fields]:
    """Return the fields of each text, after a look at what is to be added.

    Raises:
        InputError: unequal lengths, a name twice, or a text without a token.
    """
    known = [{} for _ in ids] if fields is None else list(fields)
    if not len(ids) == len(tokens) == len(known) or len(set(ids)) != len(ids):
        raise InputError(
            wanted="as many token matrices and fields as names, each name once",
            came=f"{len(ids)} names, {len(set(ids))} of them different, {len(tokens)} and {len(known)}",
            where="add",
        )
    for name, rows in zip(ids, tokens, strict=True):
        if np.ndim(rows) != 2 or not len(rows):
            raise InputError(wanted="(token, features) with a token", came=str(np.shape(rows)), where=f"text {name!r}")
    return known


def widened(
    ask: Callable[[int], Iterable[tuple[Proposal, Fields]]], *, k: int, filter: Filter | None, size: int
) -> list[Proposal]:
    """Return the best candidates that meet a filter, from an engine that cannot filter as we do: ask it for more.

    Args:
        ask: returns so many candidates with their fields, the best one first.
        k: how many are wanted.
        filter: on the fields.
        size: how many texts the engine has.
    """
    room = k if filter is None else 4 * k
    while True:
        found = [one for one, fields in ask(min(room, size)) if filter is None or filter.matches(fields)]
        if len(found) >= k or room >= size:
            return found[:k]
        room *= 4
