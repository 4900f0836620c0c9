"""Slots that are only described: what their words look like is learned from other slots and their descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.families import Chain
from latentalign.models.encoder import Encoder
from latentalign.models.slots import SlotScorer, asked_row
from latentalign.models.units import Units

NEVER = -20.0
"""The score of a step that no utterance can make: to the inside of a slot that has not begun."""
KINDS = 3
"""Of columns: no slot, the beginning of one, the inside of one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DescribedSlots:
    r"""Gives the scorer of any slots that have a description.

    With $u_i$ the states of word i and its neighbours, $f_i$ its lexical features, $d_k$ the vector of the description
    of slot k, and a kind of column c, beginning or inside:

    $$S_{i,ck} = u_i^\top (v_c + W_c^\top Q_c d_k) + f_i^\top (w_c + E R_c d_k) + a_c\,[k \text{ was asked for}] + b_c$$

    The first term of each bracket knows values as such, the second what a description asks for. All is linear in the
    words, so for given slots it is a ``SlotScorer``.

    Args:
        encoder: gives the states of words and the vectors of descriptions.
        tensors: what was learned, see ``shapes``.
    """

    encoder: Encoder
    tensors: dict[str, Tensor]

    def scorer(self, names: Sequence[str], descriptions: Tensor) -> SlotScorer:
        """Return the scorer of some slots; its columns are none, then the beginning and the inside of each.

        Args:
            names: of the slots.
            descriptions: (slot, features) their vectors, as ``description_vectors`` gives them.
        """
        own = self.tensors
        vectors, lexical, bias = [own["vectors"][0]], [own["lexical"][:, 0]], [own["bias"][0]]
        for described in descriptions:
            for kind in (1, 2):
                vectors.append(own["vectors"][kind] + (own["to_slot"][kind - 1] @ described) @ own["to_word"][kind - 1])
                lexical.append(
                    own["lexical"][:, kind] + own["lexical_word"] @ (own["lexical_slot"][kind - 1] @ described)
                )
                bias.append(own["bias"][kind])
        table = torch.stack(lexical, dim=1)
        for number, name in enumerate(names):
            row = asked_row(name, len(table))
            table[row] = 0.0
            table[row, 0] = own["asked"][0]
            table[row, 2 * number + 1 : 2 * number + 3] = own["asked"][1:]
        return SlotScorer(encoder=self.encoder, vectors=torch.stack(vectors), lexical=table, bias=torch.stack(bias))

    def family(self, slots: int) -> Chain:
        """Return the family of so many slots."""
        steps = steps_of(self.tensors["steps"], slots)
        return Chain(steps=tuple(map(tuple, steps.tolist())), null=None, temperature=float(self.tensors["temperature"]))


def shapes(*, features: int, rows: int, rank: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what is learned: $v, w, b, W, Q, E, R, a$ of the formula, and the steps by kinds."""
    return {
        "vectors": (KINDS, 3 * features),
        "lexical": (rows, KINDS),
        "bias": (KINDS,),
        "to_word": (2, rank, 3 * features),
        "to_slot": (2, rank, features),
        "lexical_word": (rows, rank),
        "lexical_slot": (2, rank, features),
        "asked": (KINDS,),
        "steps": (KINDS + 1, KINDS),
    }


def description_vectors(names: Sequence[str], descriptions: Sequence[str], encoder: Encoder) -> Tensor:
    """Return (slot, features) the vector of each name with its description, of length 1."""
    texts = [f"{name.replace('_', ' ')}: {text}" for name, text in zip(names, descriptions, strict=True)]
    units = [Units(text=one, spans=()) for one in texts]
    with torch.inference_mode():
        found = [one.pooled for one in encoder.encode(units, level="word", states=False, pooled=True)]
    return F.normalize(torch.stack([one for one in found if one is not None]), dim=-1).clone()


def steps_of(kinds: Tensor, slots: int) -> Tensor:
    """Return (1 + column, column) the steps between the columns of so many slots, from those between kinds.

    Args:
        kinds: (start and 3 kinds, 3 kinds); to an inside only from the beginning or the inside of its own slot.
        slots: how many.

    >>> steps_of(torch.ones(4, 3), 1).tolist()
    [[1.0, 1.0, -20.0], [1.0, 1.0, -20.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    kind = torch.tensor([0, *([1, 2] * slots)])
    owner = torch.tensor([-1, *(one for number in range(slots) for one in (number, number))])
    before = torch.cat([torch.tensor([0]), kind + 1])
    own = torch.cat([torch.tensor([-2]), owner])
    free = (kind != 2)[None, :] | (own[:, None] == owner[None, :])
    return torch.where(free, kinds[before][:, kind], NEVER)
