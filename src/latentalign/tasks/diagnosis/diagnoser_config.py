"""The settings of a diagnoser, and the findings of a catalogue made ready by them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign import config
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.models.encoder import Encoder
    from latentalign.models.matcher.phrases import Phrases
    from latentalign.models.matcher.profile import Feature, Profile
    from latentalign.models.matcher.profiles import ProfileMatcher


@dataclass(frozen=True, kw_only=True)
class DiagnoserConfig:
    """The settings of a ``Diagnoser``.

    Args:
        model: encoder by name or folder; None is the default one.
        device: ``cpu``, ``cuda``; None takes the GPU if there is one.
        family: table of the alignment family.
        vector_weight, letter_weight, stranger: see ``Phrases``; fitted on synonyms and shortened names of findings.
        others: findings that people may have and that are not in the catalogue, about as frequent as those that are.
        null_chance, aligned: see ``ProfileMatcher``.
        frequency_power, unknown_frequency: see ``Profiles.of``.
        prior_temperature: prevalences count to the power of its inverse: 1 takes them as they are, more makes common
            and rare diseases more alike, and ``inf`` all equally likely.
        certainty: of an uncertain symptom, in (0, 1].
    """

    model: str | None = None
    device: str | None = None
    family: dict[str, object] = field(default_factory=lambda: {"name": "independent"})
    vector_weight: float = 10.7
    letter_weight: float = 8.6
    stranger: float = 3.0
    others: int = 5000
    null_chance: float = 0.08
    frequency_power: float = 0.25
    unknown_frequency: float = 0.4
    aligned: int = 64
    prior_temperature: float = 1.0
    certainty: float = 0.5

    def __post_init__(self) -> None:
        rules = {
            "prior_temperature": self.prior_temperature > 0,
            "certainty": 0 < self.certainty <= 1,
            "others": self.others >= 0,
            "vector_weight": math.isfinite(self.vector_weight),
            "letter_weight": math.isfinite(self.letter_weight),
            "stranger": math.isfinite(self.stranger),
        }
        for name, holds in rules.items():
            if not holds:
                came = repr(getattr(self, name))
                raise InputError(wanted=f"{name} in its range, see DiagnoserConfig", came=came, where="Diagnoser")

    def matcher(self) -> ProfileMatcher:
        """Return the matcher of these settings.

        Raises:
            UnknownNameError: a family, or a setting of it, that does not exist.
        """
        from latentalign import registry
        from latentalign.models.matcher.profiles import ProfileMatcher

        family = config.build(registry.families, self.family, where="family")
        if not family.smooth:
            raise InputError(wanted="a family that has expected masses", came=str(self.family["name"]), where="family")
        return ProfileMatcher(
            family=family,
            null_chance=self.null_chance,
            aligned=self.aligned,
        )


def phrases_of(profiles: Sequence[Profile], settings: DiagnoserConfig, cache: Path | None) -> Phrases:
    """Return the different findings of some profiles, encoded.

    Args:
        profiles: whose findings they are; what one profile calls otherwise than another is a synonym.
        settings: of the diagnoser.
        cache: a folder that keeps the vectors; None keeps none.
    """
    import torch

    from latentalign.models.matcher.phrases import Phrases
    from latentalign.tasks.diagnosis.phrase_cache import vectors_of

    features: dict[str, Feature] = {}
    counts: dict[str, int] = {}
    for one in (feature for profile in profiles for feature in profile.features):
        known = features.get(one.key)
        counts[one.key] = counts.get(one.key, 0) + 1
        if known is None:
            features[one.key] = one
        elif one.synonyms or one.name != known.name:
            phrases = dict.fromkeys((*known.synonyms, one.name, *one.synonyms))
            features[one.key] = replace(known, synonyms=tuple(text for text in phrases if text != known.name))
    listed = torch.tensor([float(counts[key]) for key in features])
    rows = [(text, number) for number, one in enumerate(features.values()) for text in (one.name, *one.synonyms)]
    texts = tuple(text for text, _ in rows)
    encoder = _encoder(settings)
    return Phrases(
        features=tuple(features.values()),
        phrases=texts,
        owner=torch.tensor([number for _, number in rows]),
        vectors=vectors_of(texts, encoder, cache=cache),
        shares=listed / (listed.sum() * (1 + settings.others / len(listed))),
        encoder=encoder,
        vector_weight=settings.vector_weight,
        letter_weight=settings.letter_weight,
        stranger=settings.stranger,
    )


def _encoder(settings: DiagnoserConfig) -> Encoder:
    from latentalign.models.scorer import PairScorer, ScorerConfig

    tables: list[dict[str, object]] = [{"name": "similarity"}]
    encoder = PairScorer.load(ScorerConfig(potentials=tables, model=settings.model, device=settings.device)).encoder
    assert encoder is not None
    return encoder
