"""Our contrastive objective as a loss of sentence-transformers, for those who train with its trainer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.families import AlignmentFamily, Independent, LatentAlignment
from latentalign.objectives.contrastive import contrastive


class AlignmentLoss(nn.Module):
    r"""Tells each pair of a batch from all others by the value of the alignment of their tokens.

    $$S_{ij} = a \cos(x_i, y_j) - \nu, \quad L = \mathrm{contrastive}\,(\Phi(S_{kl}) / n)$$

    It takes what ``MultipleNegativesRankingLoss`` takes, two columns of texts that belong together row by row, and no
    labels; the model's own pooling is not used. A model trained so is read by every task of this library.

    Args:
        model: a ``SentenceTransformer``; anything that maps features to ``token_embeddings`` does.
        family: of the alignment.
        scale: $a$, in log-odds.
        null: $\nu$, the score of no link.
        temperature: of the comparison, above 0.

    Raises:
        InputError: a temperature that is not positive.

    Cost: the alignments of all pairs of the batch, its size squared.

    Khattab and Zaharia 2020, section 3.3 (in-batch training of late interaction, the family being cold there).
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        family: AlignmentFamily | None = None,
        scale: float = 12.0,
        null: float = 5.0,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        if not temperature > 0:
            raise InputError(wanted="a temperature above 0", came=repr(temperature), where="AlignmentLoss")
        self.model, self.family = model, family or Independent()
        self.scale, self.null, self.temperature = scale, null, temperature

    def forward(self, sentence_features: Iterable[Mapping[str, Any]], labels: Tensor | None = None) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            sentence_features: the two columns, as the trainer's collator makes them.
            labels: not read.

        Raises:
            InputError: not two columns.
        """
        columns = [self._tokens(one) for one in sentence_features]
        if len(columns) != 2:
            raise InputError(wanted="two columns of texts", came=f"{len(columns)}", where="AlignmentLoss")
        (left, here), (right, there) = columns
        scores = self.scale * torch.einsum("knf,lmf->klnm", left, right) - self.null
        mask = here[:, None, :, None] & there[None, :, None, :]
        grid = LatentAlignment(family=self.family, scores=torch.where(mask, scores, 0.0), mask=mask)
        return contrastive(grid, temperature=self.temperature, per_query=True)

    def get_config_dict(self) -> dict[str, Any]:
        """Return the settings, as the model card of sentence-transformers lists them."""
        return {"family": repr(self.family), "scale": self.scale, "null": self.null, "temperature": self.temperature}

    def _tokens(self, features: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """Return (text, token, features) of length 1, and the mask of the tokens that are no special ones."""
        given = dict(features)
        ids, real = given.get("input_ids"), given["attention_mask"].bool()
        found = F.normalize(self.model(given)["token_embeddings"].float(), dim=-1)
        special = self._special()
        if ids is not None and special:
            real = real & ~torch.isin(ids, torch.tensor(special, device=ids.device))
        return found, real

    def _special(self) -> Sequence[int]:
        tokenizer = getattr(self.model, "tokenizer", None)
        return list(getattr(tokenizer, "all_special_ids", ()))
