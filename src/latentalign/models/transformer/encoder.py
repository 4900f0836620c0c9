"""A text encoder: tokens in, contextual states out."""

from __future__ import annotations

from torch import Tensor, nn

from latentalign.models.transformer.block import Block
from latentalign.models.transformer.config import TransformerConfig


class TransformerEncoder(nn.Module):
    """Embeddings and blocks, in which every real token reads every other.

    Args:
        size: of the vocabulary.
        kinds: of texts that share the encoder, such as the two sides of a pair; each has a vector that is added.
        config: the sizes.

    Cost: linear in the tokens, and the square of the longest text in the attention. Where a text has no real token, its
    states are numbers that mean nothing.
    """

    def __init__(self, *, size: int, kinds: int, config: TransformerConfig) -> None:
        super().__init__()
        self.tokens, self.kinds = nn.Embedding(size, config.width), nn.Embedding(kinds, config.width)
        nn.init.normal_(self.tokens.weight, std=0.5)
        nn.init.normal_(self.kinds.weight, std=0.1)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm, self.dropout = nn.RMSNorm(config.width, eps=1e-6), nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor, real: Tensor, *, kind: int) -> Tensor:
        """Return (batch, token, feature) normalised states.

        Args:
            tokens: (batch, token) numbers of the vocabulary.
            real: bool (batch, token); what is not real is read by no real token.
            kind: of these texts.
        """
        states = self.dropout(self.tokens(tokens) + self.kinds.weight[kind])
        # A text without a real token reads its padding: no row of the softmax may be empty.
        mask = (real | ~real.any(dim=-1, keepdim=True))[:, None, None, :]
        for block in self.blocks:
            states = block(states, mask)
        normed: Tensor = self.norm(states)
        return normed
