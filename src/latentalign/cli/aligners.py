"""The aligner that the options of a command describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from latentalign.tasks.alignment.pair_aligner import PairAligner


def load_aligner(changes: dict[str, Any], overrides: list[str], *, keep_matrix: bool) -> PairAligner:
    """Return an aligner with its model loaded.

    Args:
        changes: settings of ``AlignerConfig``.
        overrides: what ``--set`` gave, as ``key=value``.
        keep_matrix: whether an evidence carries the whole expected alignment.
    """
    from latentalign import config
    from latentalign.tasks.alignment.align import Aligner
    from latentalign.tasks.alignment.aligner_config import AlignerConfig

    if isinstance(changes.get("family"), str):
        changes["family"] = {"name": changes["family"]}
    for override in overrides:
        config.override(changes, override)
    return Aligner.load(config.parse(AlignerConfig, changes, where="--set"), keep_matrix=keep_matrix)


def load_word_aligner(
    links: Path | None,
    base: int,
    tokenized: bool,
    model: str | None,
    device: str | None,
    batch_size: int,
    overrides: list[str],
) -> PairAligner:
    """Return what a task on words aligns with: the links of a file, or a model that keeps its expected alignments."""
    if links is not None:
        from latentalign.tasks.alignment.given_links import GivenLinks

        return GivenLinks(links=str(links), base=base, tokenized=tokenized)
    changes = {"model": model, "device": device, "batch_size": batch_size}
    return load_aligner(changes, overrides, keep_matrix=True)
