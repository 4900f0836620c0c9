"""What a matcher is made of, as it stands in a recipe and in the folder of a trained one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from latentalign import config, registry
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.scorer import DEFAULT_POTENTIALS, PairScorer, ScorerConfig


def _scorer() -> ScorerConfig:
    return ScorerConfig(potentials=[dict(one) for one in DEFAULT_POTENTIALS])


@dataclass(frozen=True, kw_only=True)
class MatcherConfig:
    """The settings of a ``Matcher``.

    Args:
        scorer: encoder and potentials of the words.
        family: table of the alignment family.
        whole_weight, word_weight, aligned, spelling: see ``Matcher``.
    """

    scorer: ScorerConfig = field(default_factory=_scorer)
    family: dict[str, Any] = field(default_factory=lambda: {"name": "independent"})
    whole_weight: float = Matcher.whole_weight
    word_weight: float = Matcher.word_weight
    aligned: int = Matcher.aligned
    spelling: bool = Matcher.spelling

    def build(self) -> Matcher:
        """Return the matcher, its encoder loaded.

        Raises:
            UnknownNameError: a family, a potential or a setting that does not exist.
            ModelError: the encoder cannot be found or read.
        """
        return Matcher(
            scorer=PairScorer.load(self.scorer),
            family=config.build(registry.families, self.family, where="family"),
            whole_weight=self.whole_weight,
            word_weight=self.word_weight,
            aligned=self.aligned,
            spelling=self.spelling,
        )

    def with_weights_of(self, matcher: Matcher) -> MatcherConfig:
        """Return the settings with the weights that a matcher, made of them, has learned."""
        tables = [
            {**table, "weight": one.weight}
            for table, one in zip(self.scorer.potentials, matcher.scorer.potentials, strict=True)
        ]
        return replace(
            self,
            scorer=replace(self.scorer, potentials=tables),
            whole_weight=matcher.whole_weight,
            word_weight=matcher.word_weight,
        )

    def with_model(self, folder: Path | str | None) -> MatcherConfig:
        """Return the settings with another encoder."""
        return replace(self, scorer=replace(self.scorer, model=None if folder is None else str(folder)))
