"""Every error the library raises on purpose: what was wanted, what came, where, and what to do."""

from __future__ import annotations


class LatentAlignError(Exception):
    """An error a person can act on.

    Args:
        wanted: what would have been accepted.
        came: what was given instead.
        where: the file and line, the option, the argument or the record; empty when the call itself says it.
        fix: what to do now.

    >>> print(LatentAlignError(wanted="a shape (query, key)", came="(3,)", where="scores", fix="add a key axis"))
    scores: wanted a shape (query, key), got (3,). To fix it: add a key axis.
    """

    def __init__(self, *, wanted: str, came: str, where: str = "", fix: str = "") -> None:
        self.wanted, self.came, self.where, self.fix = wanted, came, where, fix
        super().__init__(wanted, came, where, fix)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" To fix it: {self.fix.rstrip('.')}." if self.fix else ""
        return f"{place}wanted {self.wanted}, got {self.came}.{remedy}"


class InputError(LatentAlignError, ValueError):
    """A value, a record or a file that cannot be used as it is."""


class ShapeError(LatentAlignError, ValueError):
    """A tensor whose shape or type does not fit the others."""


class UnsupportedError(LatentAlignError, TypeError):
    """An operation that the object does not define, such as sampling from a family that is no distribution."""


class UnknownNameError(LatentAlignError, LookupError):
    """A name that no registry, recipe or option knows."""


class MissingExtraError(LatentAlignError, ImportError):
    """An optional dependency that is not installed; the message names the extra that brings it."""


class ModelError(LatentAlignError, OSError):
    """A model or a checkpoint that is absent, incomplete or not what its hash says."""


class TrainingError(LatentAlignError, RuntimeError):
    """Training that cannot go on, such as a loss that is no number; the last good checkpoint stays."""


class IndexBusyError(LatentAlignError, RuntimeError):
    """An index that another process is writing to."""


class DamageError(LatentAlignError, OSError):
    """A file of an index that is not what was written."""
