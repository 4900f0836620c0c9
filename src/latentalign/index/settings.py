"""What an index is made of; it stands in the manifest and does not change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from latentalign.errors import InputError
from latentalign.models.checkpoints import DEFAULT
from latentalign.models.features import Featurizer
from latentalign.models.scorer import PairScorer, ScorerConfig

WITHOUT = "none"
"""The name of no encoder: only words that are the same count."""


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """The settings of an index.

    Args:
        model: encoder by hub name or folder; None is the default encoder, ``none`` is no encoder.
        layer: where the states of words come from.
        language: of the stemmer, in English: ``german``.
        passage_words: a document is cut, between sentences, into passages of at most so many words; at least 8.
        states: how the states of words are kept: ``float16``, ``int8`` (half of it), or ``none`` (the words of two
            texts then match only where they are the same).
        pool: how many words share one state, on average: words of a passage with states that are alike; 1 keeps the
            state of each.
        adapt: whether ``compact`` fits topics and neighbours to the corpus, without labels.
        approximate_from: segments of at least so many passages get a graph of nearest neighbours for candidates;
            smaller ones are scanned whole.

    Raises:
        InputError: a number out of its range.
    """

    model: str | None = None
    layer: int = -1
    language: str = "english"
    passage_words: int = 250
    states: Literal["float16", "int8", "none"] = "float16"
    pool: int = 1
    adapt: bool = True
    approximate_from: int = 20_000

    def __post_init__(self) -> None:
        if self.passage_words < 8:
            raise InputError(wanted="passages of at least 8 words", came=repr(self.passage_words), where="index")
        if self.pool < 1:
            raise InputError(wanted="at least 1 word to a state", came=repr(self.pool), where="index pool")
        _ = self.featurizer

    @cached_property
    def featurizer(self) -> Featurizer:
        """What makes two words the same."""
        return Featurizer(mode="stem", language=self.language)

    @property
    def name(self) -> str:
        """The name of the encoder."""
        return self.model or DEFAULT

    def load_scorer(self) -> PairScorer:
        """Return the encoder in a scorer; a scorer without one if the index has none.

        Raises:
            ModelError: the encoder cannot be found or read.
        """
        if self.model == WITHOUT:
            return PairScorer.load(ScorerConfig(potentials=[{"name": "lexical"}]))
        table: list[dict[str, Any]] = [{"name": "similarity"}]
        return PairScorer.load(ScorerConfig(potentials=table, model=self.model, layer=self.layer))
