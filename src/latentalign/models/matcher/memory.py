"""Candidates as the encoder sees them: read once, and looked up as often as there are texts to explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.errors import ModelError
from latentalign.models.matcher.candidate import Candidate
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Encoded, Units
from latentalign.text.segment import segment
from latentalign.text.spelling import Spelling

AT_ONCE = 1024
"""Texts that are encoded together."""


def units_of(text: str) -> Units:
    """Return a text with its words."""
    return Units(text=text, spans=segment(text))


@dataclass(frozen=True, kw_only=True, eq=False)
class Memory:
    """All texts of all candidates, encoded.

    Args:
        candidates: in the order of the values.
        units: (text) every text of every candidate, with its words.
        owner: (text,) the number of the candidate that a text belongs to.
        pooled: (text, features) vectors of length 1, a feature after the other in memory, so that the product with one
            text takes a third of the time; no features where there is no encoder.
        states: (word, features) float16, the words of all texts, one text after the other; None without an encoder.
        bounds: (text + 1) where the words of each text begin, and the end.
    """

    candidates: tuple[Candidate, ...]
    units: tuple[Units, ...]
    owner: Tensor
    pooled: Tensor
    states: Tensor | None
    bounds: Sequence[int]

    @classmethod
    def of(cls, candidates: Sequence[Candidate], scorer: PairScorer, *, before: Memory | None = None) -> Memory:
        """Encode candidates.

        Args:
            candidates: what is remembered.
            scorer: has the encoder.
            before: a memory by the same encoder, whose texts are not read again.

        Cost: one pass of the encoder over each different text; 2 bytes a word and feature, and 4 a text and feature.
        """
        units = _units(candidates)
        states, pooled = _encoded(units, scorer, before)
        return cls._made(candidates, units, states, pooled)

    @classmethod
    def restored(cls, candidates: Sequence[Candidate], tensors: Mapping[str, Tensor]) -> Memory:
        """Return the memory of candidates from what ``tensors`` gave, without an encoder.

        Raises:
            ModelError: they are those of other candidates.
        """
        units = _units(candidates)
        pooled, states = tensors["pooled"], tensors.get("states")
        words = sum(len(one.spans) for one in units)
        if len(pooled) != len(units) or (states is not None and len(states) != words):
            raise ModelError(
                wanted=f"{len(units)} vectors and {words} states",
                came=f"{len(pooled)} and {'none' if states is None else len(states)}",
                where="the memory of a matcher",
                fix="words may be split otherwise in this version: encode the candidates again",
            )
        return cls._made(candidates, units, states, pooled)

    @classmethod
    def _made(
        cls, candidates: Sequence[Candidate], units: tuple[Units, ...], states: Tensor | None, pooled: Tensor
    ) -> Memory:
        bounds = [0]
        for one in units:
            bounds.append(bounds[-1] + len(one.spans))
        owner = torch.tensor([number for number, one in enumerate(candidates) for _ in one.texts])
        by_feature = pooled.T.contiguous().T
        return cls(
            candidates=tuple(candidates), units=units, owner=owner, pooled=by_feature, states=states, bounds=bounds
        )

    @property
    def tensors(self) -> dict[str, Tensor]:
        """What ``restored`` makes the memory of again, besides the candidates."""
        found = {"pooled": self.pooled.contiguous()}
        return found if self.states is None else found | {"states": self.states}

    @cached_property
    def counts(self) -> Tensor:
        """(candidate,) how many texts each candidate has."""
        return torch.bincount(self.owner, minlength=len(self.candidates))

    @cached_property
    def mean(self) -> Tensor:
        """(features,) the mean of all vectors."""
        return self.pooled.mean(dim=0)

    @cached_property
    def spelling(self) -> Spelling:
        """The words of all texts, by which misspelled ones are read."""
        return Spelling.of(word for one in self.units for word in one.strings)

    def known(self, texts: Sequence[int]) -> dict[Units, Encoded]:
        """Return what the scorer needs to know of some of the texts."""
        if self.states is None:
            return {}
        return {
            self.units[number]: Encoded(
                states=self.states[self.bounds[number] : self.bounds[number + 1]].float(), pooled=self.pooled[number]
            )
            for number in texts
        }


def _units(candidates: Sequence[Candidate]) -> tuple[Units, ...]:
    return tuple(units_of(text) for one in candidates for text in one.texts)


def read(units: Sequence[Units], scorer: PairScorer) -> dict[Units, Encoded]:
    """Return what the encoder says of each different text, its words and the whole; nothing without an encoder."""
    if scorer.encoder is None:
        return {}
    different = list(dict.fromkeys(units))
    with torch.inference_mode():
        found = scorer.encoder.encode(different, level="word", states=True, pooled=True)
    return dict(zip(different, found, strict=True))


def vectors(units: Sequence[Units], known: Mapping[Units, Encoded]) -> Tensor:
    """Return (text, features) the vectors of some texts, of length 1."""
    found = [known[one].pooled for one in units]
    return F.normalize(torch.stack([one for one in found if one is not None]), dim=-1)


def _encoded(units: Sequence[Units], scorer: PairScorer, before: Memory | None) -> tuple[Tensor | None, Tensor]:
    """Return the states of all words of some texts as float16, and their vectors of length 1."""
    if scorer.encoder is None:
        return None, torch.zeros(len(units), 0)
    states, pooled = [], []
    places = {} if before is None else {one: number for number, one in enumerate(before.units)}
    for start in range(0, len(units), AT_ONCE):
        some = units[start : start + AT_ONCE]
        known = read([one for one in some if one not in places], scorer)
        if before is not None:
            known |= before.known([places[one] for one in dict.fromkeys(some) if one in places])
        states += [found.half() for one in some if (found := known[one].states) is not None]
        pooled.append(vectors(some, known))
    return torch.cat(states), torch.cat(pooled)
