"""The network: pairs of texts in, an alignment in each direction out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn

from latentalign import config as configuration
from latentalign import registry
from latentalign.errors import InputError, UnsupportedError
from latentalign.families import AlignmentFamily, LatentAlignment
from latentalign.models.neural.batch import Pairs, Texts
from latentalign.models.neural.cells import TOLD, WordCells, described
from latentalign.models.neural.evidence import Prior
from latentalign.models.neural.grid import GridLayer
from latentalign.models.neural.heads import Heads
from latentalign.models.neural.pooling import pool
from latentalign.models.neural.words import Side
from latentalign.models.subwords import PAD, Kind
from latentalign.models.transformer.config import TransformerConfig
from latentalign.models.transformer.encoder import TransformerEncoder


@final
@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What a neural word aligner is made of.

    Args:
        words: whether the cells see the states of their words; without, a student knows nothing but masses, counts and
            places, and has no encoder.
        encoder: of the texts of both sides.
        pieces: the size of the vocabulary at most.
        subwords: ``bpe`` or ``unigram``.
        channels: features of a cell of the words by words matrix.
        products: likenesses of two words; they divide the width of the encoder.
        layers: over the cells.
        family: of each direction: a name, or a table with its settings.

    Raises:
        InputError: a number outside its range.
    """

    words: bool = False
    encoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(width=96, heads=4, blocks=2))
    pieces: int = 8_000
    subwords: Kind = "bpe"
    channels: int = 24
    products: int = 4
    layers: int = 3
    family: str | dict[str, Any] = "independent"

    def __post_init__(self) -> None:
        rules = {
            "pieces": self.pieces >= 4,
            "channels": self.channels >= 1,
            "products": self.products >= 1 and self.encoder.width % self.products == 0,
            "layers": self.layers >= 0,
        }
        for name, holds in rules.items():
            if not holds:
                raise InputError(
                    wanted=f"{name} in its range, see NetworkConfig",
                    came=repr(getattr(self, name)),
                    where=f"NetworkConfig.{name}",
                )


class Directions(NamedTuple):
    """Both directions of some pairs.

    Args:
        forward: each target word (query) takes a source word (key) or NULL.
        backward: each source word takes a target word or NULL.
        source, target: the words that were scored.
    """

    forward: LatentAlignment
    backward: LatentAlignment
    source: Side
    target: Side


class NeuralAligner(nn.Module):
    """A small network over all pairs of words, and if wanted a shared encoder of both sides.

    Args:
        config: what it is made of.
        size: of the vocabulary of pieces, which may be smaller than was asked for.
        views: of the priors it is given.

    Raises:
        UnknownNameError: no such family.
        UnsupportedError: a family that is no distribution.

    Garg et al. 2019, section 4 (an attention guided by the alignments of both directions, there in a translation
    model); the network over the cells is ours.
    """

    def __init__(self, config: NetworkConfig, *, size: int, views: int) -> None:
        super().__init__()
        self.config, self.views = config, views
        self.family: AlignmentFamily = configuration.build(registry.families, config.family, where="family")
        if not self.family.probabilistic:
            raise UnsupportedError(wanted="a family that is a distribution", came=str(self.family), where="family")
        width, channels = config.encoder.width, config.channels
        self.told = nn.Linear(TOLD + 2 * views, channels)
        if config.words:
            self.encoder = TransformerEncoder(size=size, kinds=2, config=config.encoder)
            self.cells = WordCells(width=width, channels=channels, products=config.products)
        self.grid = nn.ModuleList(GridLayer(channels) for _ in range(config.layers))
        self.heads = Heads(channels)

    def forward(self, pairs: Pairs, prior: Prior | None = None) -> Directions:
        """Return the alignments of some pairs.

        Args:
            pairs: their pieces.
            prior: what another aligner says of them; None for what the words alone say.
        """
        source, target = self.words(pairs.source, kind=0), self.words(pairs.target, kind=1)
        mask = source.real[:, :, None] & target.real[:, None, :]
        cells = self.told(described(prior, source, target, views=self.views))
        if self.config.words:
            cells = cells + self.cells(source, target)
        cells = torch.where(mask[..., None], cells, 0.0)
        for layer in self.grid:
            cells = layer(cells, mask)
        forward, backward = self.heads(cells, mask, prior)
        return Directions(
            LatentAlignment(family=self.family, scores=forward, mask=mask.mT),
            LatentAlignment(family=self.family, scores=backward, mask=mask),
            source,
            target,
        )

    def words(self, texts: Texts, *, kind: int) -> Side:
        """Return the words of texts of one side, 0 for source and 1 for target, with states if there is an encoder."""
        if not self.config.words:
            return Side(self.told.weight.new_zeros((*texts.words.shape, 0)), texts.words)
        states = self.encoder(texts.pieces, texts.pieces != PAD, kind=kind)
        return Side(pool(states, texts.places, words=texts.words.shape[-1]), texts.words)

    def grid_of(self, source: Side, target: Side) -> Tensor:
        """Return (target item, source item, target word, source word) the likeness of every text with every other."""
        every = Side(source.states[None], source.real[None]), Side(target.states[:, None], target.real[:, None])
        return self.cells.likeness(*every).mean(dim=-1).mT
