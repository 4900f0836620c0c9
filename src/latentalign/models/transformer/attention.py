"""Self-attention of several heads through torch's fused kernel."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from latentalign.models.transformer.config import TransformerConfig
from latentalign.models.transformer.rotary import angles, turn


class SelfAttention(nn.Module):
    r"""Each state reads the others.

    $$\mathrm{softmax}(Q K^\top / \sqrt{d}) V$$

    Args:
        config: the sizes.

    Vaswani et al. 2017, eq. 1.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads, self.rotary = config.heads, config.positions == "rotary"
        self.project = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return (batch, token, feature).

        Args:
            states: (batch, token, feature).
            mask: bool, broadcasts to (batch, head, token, token): which states a state may read.
        """
        batch, length, width = states.shape
        split = self.project(states).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        if self.rotary:
            turned = angles(length, width // self.heads, like=states)
            query, key = turn(query, *turned), turn(key, *turned)
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        out: Tensor = self.out(read.transpose(1, 2).reshape(batch, length, width))
        return out
