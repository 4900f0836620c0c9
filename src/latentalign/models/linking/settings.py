"""What a linker is made of, as it stands in a recipe and in the folder of a trained one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from latentalign import config, registry
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.features import Looker
from latentalign.models.linking.reading import Reading
from latentalign.models.scorer import PairScorer, ScorerConfig

POTENTIALS: tuple[dict[str, Any], ...] = (
    {"name": "similarity", "weight": 10.0},
    {"name": "lexical", "weight": 4.0, "mode": "ngram", "sizes": (2, 3)},
    {"name": "null", "weight": 5.0},
)
"""Names are short and differ in endings, so words are compared by their n-grams."""
AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class LinkerConfig:
    """The settings of a linker.

    Args:
        scorer: encoder and potentials of the words.
        family: table of the alignment family.
        nearest: names by spelling for each form of a mention.
        by_meaning: whether names are also found by the vectors of the encoder: all names of the catalogue are then
            encoded, some 500 a second on one processor core.
    """

    scorer: ScorerConfig = field(default_factory=lambda: ScorerConfig(potentials=[dict(one) for one in POTENTIALS]))
    family: dict[str, Any] = field(default_factory=lambda: {"name": "independent"})
    nearest: int = Looker.nearest
    by_meaning: bool = False

    def build(self, concepts: Iterable[Concept], *, taught: Iterable[tuple[str, str, str]] = ()) -> Looker:
        """Return what finds the concepts that a mention may mean, its encoder loaded.

        Raises:
            InputError: no concept.
            UnknownNameError: a family, a potential or a setting that does not exist.
            ModelError: the encoder cannot be found or read.
        """
        scorer = PairScorer.load(self.scorer)
        reading = Reading(scorer=scorer)
        table = AliasTable.of(concepts, taught=taught)
        return Looker(
            table=encoded(table, reading) if self.by_meaning else table,
            scorer=scorer,
            family=config.build(registry.families, self.family, where="family"),
            reading=reading,
            nearest=self.nearest,
        )


def encoded(table: AliasTable, reading: Reading) -> AliasTable:
    """Return a table of names with the vector of each; nothing changes without an encoder."""
    import torch

    names = [one.name for one in table.aliases]
    found = [reading.vectors(names[start : start + AT_ONCE]) for start in range(0, len(names), AT_ONCE)]
    parts = [one.to(torch.float16) for one in found if one is not None]
    return table.with_vectors(torch.cat(parts)) if parts else table
