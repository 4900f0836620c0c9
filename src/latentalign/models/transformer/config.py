"""The sizes of a transformer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from latentalign.errors import InputError


@final
@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """The sizes of a stack of blocks.

    Args:
        width: features of a state.
        heads: of the attention; the width is a multiple of twice their number.
        blocks: how many; 0 leaves the embeddings as they are.
        inner: features inside a feed-forward layer; None takes four times the width.
        dropout: the chance that a feature of the embeddings, or of what a layer adds, is left out, in [0, 1).
        positions: ``rotary``, or ``none`` for a model that sees a bag of tokens.

    Raises:
        InputError: a number outside its range.
    """

    width: int = 192
    heads: int = 4
    blocks: int = 2
    inner: int | None = None
    dropout: float = 0.1
    positions: Literal["rotary", "none"] = "rotary"

    def __post_init__(self) -> None:
        rules = {
            "heads": self.heads >= 1,
            "width": self.width >= 2 and self.heads >= 1 and self.width % (2 * self.heads) == 0,
            "blocks": self.blocks >= 0,
            "inner": self.inner is None or self.inner >= 1,
            "dropout": 0 <= self.dropout < 1,
            "positions": self.positions in ("rotary", "none"),
        }
        for name, holds in rules.items():
            if not holds:
                raise InputError(
                    wanted=f"{name} in its range, see TransformerConfig",
                    came=repr(getattr(self, name)),
                    where=f"TransformerConfig.{name}",
                    fix="make the width a multiple of 2 * heads" if name == "width" else "",
                )
