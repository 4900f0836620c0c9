"""Names that stand in a recipe have to be there in the data that they speak of."""

from __future__ import annotations

from collections.abc import Iterable

from latentalign.errors import InputError


def check_named(wanted: str, named: Iterable[str], there: Iterable[str], *, where: str) -> None:
    """Raise an error that names what a recipe names and the data do not have.

    Args:
        wanted: what they are, for the error.
        named: by the recipe.
        there: in the data.
        where: in the recipe.

    Raises:
        InputError: a name is not there.
    """
    absent = sorted(set(named) - set(there))
    if absent:
        raise InputError(wanted=wanted, came=", ".join(map(repr, absent)), where=where)
