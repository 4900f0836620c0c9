"""Plain Python loops to machine code, through numba, where it is installed (``[fast]``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from latentalign import registry

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Return the function compiled at its first call; it releases the interpreter's lock.

    The machine code is kept beside the source or, where that cannot be written, in the user's cache; where neither can,
    it is made anew in each process. Sums may be reordered, NaN and infinity keep their meaning.

    Raises:
        MissingExtraError: numba is not installed.
    """
    numba = registry.require("numba", extra="fast")
    options = {"nogil": True, "fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}
    try:
        return cast("Function", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # numba finds no folder that it may write
        return cast("Function", numba.njit(**options)(function))
