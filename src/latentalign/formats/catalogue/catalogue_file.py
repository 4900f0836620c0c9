"""Where a recipe finds its catalogue: a file of the data folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.catalogue.reading import load_catalogue


@dataclass(frozen=True, kw_only=True)
class CatalogueFile:
    """Where a catalogue is.

    Args:
        file: below the data folder.
        form: as in ``read_catalogue``.
        keys: names of columns, see ``formats.catalogue.rows``.
        header: of a table without one.
    """

    file: str
    form: str = "auto"
    keys: dict[str, str] = field(default_factory=dict)
    header: list[str] | None = None

    def read(self, data: Path) -> tuple[Concept, ...]:
        """Return the concepts.

        Raises:
            InputError: the file cannot be read, or is no catalogue.
        """
        options: dict[str, Any] = {"keys": self.keys} if self.keys else {}
        return load_catalogue(
            data / self.file, form=self.form, **options, **({"header": self.header} if self.header else {})
        )
