"""The models that come with the library, one folder each; the name of the folder is the name of the model."""

from __future__ import annotations

from pathlib import Path


def find(name: str) -> Path | None:
    """Return the folder of a packaged model, or None if there is none of that name.

    >>> find("no-such-model") is None
    True
    """
    return names().get(name)


def names() -> dict[str, Path]:
    """Return the packaged models and where they are."""
    here = Path(__file__).parent
    return {path.parent.name: path.parent for path in sorted(here.glob("*/manifest.json"))}
