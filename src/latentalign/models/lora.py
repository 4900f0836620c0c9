"""LoRA: a few weights beside each matrix of an encoder are trained in place of the matrix, and merged at the end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import final

from latentalign.errors import InputError, UnsupportedError
from latentalign.models.backbone import TransformersBackbone
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.pretrained import read_transformers
from latentalign.registry import require


@final
@dataclass(frozen=True, kw_only=True)
class Lora:
    r"""Each linear map becomes $W x + \frac{\alpha}{r} B A x$, and A and B alone are trained.

    Args:
        rank: r, the rows of A.
        alpha: $\alpha$.
        dropout: of what A reads, in [0, 1).

    Raises:
        InputError: a number outside its range.

    Hu and others 2022, section 4.1.
    """

    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.rank < 1 or not self.alpha > 0 or not 0 <= self.dropout < 1:
            raise InputError(
                wanted="a rank of at least 1, an alpha above 0, a dropout in [0, 1)",
                came=f"{self.rank}, {self.alpha} and {self.dropout}",
                where="Lora",
            )

    def adapted(self, encoder: HuggingFaceEncoder) -> HuggingFaceEncoder:
        """Return an encoder of the same numbers whose adapters alone want a gradient; the given one stays as it is.

        Raises:
            UnsupportedError: an encoder that was not loaded from a folder.
            MissingExtraError: peft (extra ``lora``) is not installed.
        """
        if encoder.origin is None:
            raise UnsupportedError(wanted="an encoder that was loaded from a folder", came="another", where="Lora")
        peft = require("peft", extra="lora")
        backbone = read_transformers(encoder.origin)
        settings = peft.LoraConfig(
            r=self.rank, lora_alpha=self.alpha, lora_dropout=self.dropout, target_modules="all-linear", bias="none"
        )
        backbone.requires_grad_(requires_grad=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an old name
            backbone.adapters = [peft.get_peft_model(backbone.model, settings)]  # it puts them into the model itself
        return replace(encoder, model=backbone.to(encoder.device))


def merged(encoder: HuggingFaceEncoder) -> HuggingFaceEncoder:
    """Return the encoder with its adapters merged into the matrices; one without adapters as it is."""
    backbone = encoder.model
    if isinstance(backbone, TransformersBackbone):
        while backbone.adapters:
            backbone.model = backbone.adapters.pop().merge_and_unload()
        backbone.eval()
    return encoder
