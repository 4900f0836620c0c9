"""One block: attention, then a feed-forward layer, each on normalised states and added to them."""

from __future__ import annotations

from torch import Tensor, nn

from latentalign.models.transformer.attention import SelfAttention
from latentalign.models.transformer.config import TransformerConfig


class Block(nn.Module):
    r"""A pre-norm block.

    $$h \leftarrow h + \mathrm{Attention}(\mathrm{Norm}(h)), \quad h \leftarrow h + W_2 \, \mathrm{GELU}(W_1 \,
    \mathrm{Norm}(h))$$

    Args:
        config: the sizes.

    Xiong et al. 2020, figure 1b (pre-norm); Zhang and Sennrich 2019, eq. 4 (the norm, by the root mean square).
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        inner = 4 * config.width if config.inner is None else config.inner
        self.attention_norm, self.feed_norm = (nn.RMSNorm(config.width, eps=1e-6) for _ in range(2))
        self.attention = SelfAttention(config)
        self.feed = nn.Sequential(nn.Linear(config.width, inner), nn.GELU(), nn.Linear(inner, config.width))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return (batch, token, feature); see ``SelfAttention`` for the mask."""
        states = states + self.dropout(self.attention(self.attention_norm(states), mask))
        added: Tensor = states + self.dropout(self.feed(self.feed_norm(states)))
        return added
