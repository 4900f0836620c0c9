"""Two texts into their score matrix: the sum of the potentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from latentalign import config, registry
from latentalign.errors import InputError
from latentalign.models.encoder import Encoder
from latentalign.models.potentials.potential import Potential
from latentalign.models.reader import Pooling
from latentalign.models.units import Encoded, Level, Side, Units, side

DEFAULT_POTENTIALS: list[dict[str, Any]] = [
    {"name": "similarity", "weight": 12.0},
    {"name": "lexical", "weight": 2.0},
    {"name": "null", "weight": 5.0},
]

_SHARED = ("window", "overlap", "batch_tokens", "device", "frozen")


@dataclass(frozen=True, kw_only=True)
class ScorerConfig:
    """What a ``PairScorer`` is made of, as it stands in a recipe.

    Args:
        potentials: tables with the ``name`` of a potential, its ``weight`` and its settings.
        model: encoder by hub name or folder; None is the default encoder.
        layer: where the states of units come from: 0 is the embedding, negative layers count from the last.
        pooled_layer: where the vectors of texts and sentences come from; the last layer is the one that models of
            sentences were trained on.
        pooling: ``mean`` or ``cls``; None is what the checkpoint says.
        window: tokens read at once; None is the limit that the checkpoint states.
        overlap: tokens that neighbouring windows of a long text share; None is a quarter of the window.
        batch_tokens: padded tokens in a batch; None chooses by the device.
        dtype: of the model. ``bfloat16`` halves its memory; on a CPU it is not faster.
        device: ``cpu``, ``cuda``, ``cuda:1`` …; None takes the GPU if there is one.
        frozen: whether the model is only read; if not, scores carry gradients to its parameters.
    """

    potentials: list[dict[str, Any]] = field(default_factory=lambda: [dict(one) for one in DEFAULT_POTENTIALS])
    model: str | None = None
    layer: int = -1
    pooled_layer: int = -1
    pooling: Pooling | None = None
    window: int | None = None
    overlap: int | None = None
    batch_tokens: int | None = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    device: str | None = None
    frozen: bool = True

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], *, where: str = "scorer") -> ScorerConfig:
        """Return the configuration in a table, as TOML gives it.

        Raises:
            UnknownNameError: a key that does not exist; the message names the nearest one.
            InputError: a value of the wrong type.
        """
        return config.parse(cls, table, where=where)

    def to_dict(self) -> dict[str, Any]:
        """Return the table that gives this configuration again; what is None is left out, since TOML has no word
        for it."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True, eq=False)
class PairScorer:
    r"""Scores every unit of one text against every unit of another, $S = \sum_k w_k P_k$.

    Args:
        encoder: gives the hidden states; None if no potential needs them.
        potentials: the terms of the sum.

    Raises:
        InputError: a potential needs states and there is no encoder.

    Cost: one pass of the encoder over each different text, then one product of matrices a pair.
    """

    encoder: Encoder | None
    potentials: tuple[Potential, ...]

    def __post_init__(self) -> None:
        if self.encoder is None and (self._states or self._pooled):
            needy = [type(one).__name__.lower() for one in self.potentials if one.needs_states or one.needs_pooled]
            raise InputError(wanted=f"an encoder for the potentials {', '.join(needy)}", came="none", where="encoder")

    @classmethod
    def load(cls, settings: ScorerConfig | None = None) -> PairScorer:
        """Return the scorer that a configuration describes; the encoder is loaded only if a potential needs it.

        Raises:
            UnknownNameError: a potential, or a setting of one, that does not exist.
            ModelError: the encoder cannot be found or read.
        """
        chosen = settings or ScorerConfig()
        potentials = tuple(
            config.build(registry.potentials, table, where=f"potentials[{index}]")
            for index, table in enumerate(chosen.potentials)
        )
        needed = any(one.needs_states or one.needs_pooled for one in potentials)
        return cls(encoder=_load_encoder(chosen) if needed else None, potentials=potentials)

    @property
    def _states(self) -> bool:
        return any(one.needs_states for one in self.potentials)

    @property
    def _pooled(self) -> bool:
        return any(one.needs_pooled for one in self.potentials)

    def score(
        self,
        sources: Sequence[Units],
        targets: Sequence[Units],
        *,
        level: Level,
        known: Mapping[Units, Encoded] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the scores and the mask of a batch of pairs.

        Args:
            sources, targets: the two sides, one text a pair; pairs of similar length waste less memory.
            level: what the units are.
            known: what ``encode`` said of some of the texts; the others are encoded now.

        Returns:
            (batch, query, key) float32 scores, in log-odds against NULL and 0 in the padding; (batch, query, key)
            bool, True for real pairs of units.

        Raises:
            InputError: the sides are not of one length, or a text has a lone surrogate.
        """
        source, target = self.sides(sources, targets, level=level, known=known)
        mask = source.mask[:, :, None] & target.mask[:, None, :]
        total = torch.zeros(mask.shape, device=mask.device)
        for potential in self.potentials if len(sources) else ():
            total = total + potential.weight * potential(source, target)
        return torch.where(mask, total, 0.0), mask

    def sides(
        self,
        sources: Sequence[Units],
        targets: Sequence[Units],
        *,
        level: Level,
        known: Mapping[Units, Encoded] | None = None,
    ) -> tuple[Side, Side]:
        """Return both sides as padded batches, encoded together.

        Raises:
            InputError: the sides are not of one length.
        """
        if len(sources) != len(targets):
            raise InputError(wanted="as many sources as targets", came=f"{len(sources)} and {len(targets)}")
        if self.encoder is None or not (self._states or self._pooled):
            return side(sources, level=level), side(targets, level=level)
        given = known or {}
        found = {**given, **self.encode([one for one in (*sources, *targets) if one not in given], level=level)}
        device = self.encoder.device
        query = side(sources, [found[one] for one in sources], level=level, device=device)
        return query, side(targets, [found[one] for one in targets], level=level, device=device)

    def encode(self, units: Sequence[Units], *, level: Level) -> dict[Units, Encoded]:
        """Return what the potentials need to know of some texts, each different one encoded once.

        Many texts in one call are faster than the same in several, because texts of equal length run together; what
        is returned takes memory in proportion to their units.
        """
        different = list(dict.fromkeys(units))
        if self.encoder is None or not different:
            return {}
        encoded = self.encoder.encode(different, level=level, states=self._states, pooled=self._pooled)
        return dict(zip(different, encoded, strict=True))


def _load_encoder(chosen: ScorerConfig) -> Encoder:
    from latentalign.models.checkpoints import resolve
    from latentalign.models.devices import pick_device
    from latentalign.models.huggingface import HuggingFaceEncoder
    from latentalign.models.multivector import is_multivector, load_multivector

    folder = resolve(chosen.model).path
    shared: dict[str, Any] = {name: getattr(chosen, name) for name in _SHARED} | {
        "dtype": getattr(torch, chosen.dtype),
        "device": pick_device(chosen.device),
    }
    if is_multivector(folder):
        return load_multivector(folder, **shared)
    return HuggingFaceEncoder.load(
        folder, layer=chosen.layer, pooled_layer=chosen.pooled_layer, pooling=chosen.pooling, **shared
    )


def load_encoder(**settings: Any) -> Encoder:
    """Return the encoder of a ``ScorerConfig`` alone, where nothing is scored.

    Args:
        settings: of ``ScorerConfig``, such as ``model`` and ``layer``.

    Raises:
        ModelError: the encoder cannot be found or read.
    """
    encoder = PairScorer.load(ScorerConfig(potentials=[{"name": "similarity"}], **settings)).encoder
    assert encoder is not None  # the potential needs one
    return encoder
