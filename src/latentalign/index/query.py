"""A query as the index sees it: its words with their stems and states, and the vector of the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentalign.errors import InputError
from latentalign.index.segment import Segment
from latentalign.index.settings import IndexSettings
from latentalign.index.vectors import Array, normalized
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Units
from latentalign.text.characters import check_text
from latentalign.text.spans import Span
from latentalign.text.words import words


@dataclass(frozen=True, kw_only=True, eq=False)
class Query:
    """What is searched for.

    Args:
        units: the text and the words of it that have a letter or a digit.
        terms: (word) their stems.
        states: (word, features) float32 of length 1; no features where the index has none.
        vector: (features,) float32 of length 1.
    """

    units: Units
    terms: tuple[str, ...]
    states: Array
    vector: Array

    @classmethod
    def of(cls, text: str, settings: IndexSettings, scorer: PairScorer) -> Query:
        """Read and encode a text.

        Raises:
            InputError: a text without a word, or with a lone surrogate.

        Cost: one pass of the encoder.
        """
        import torch

        check_text(text, where="query")
        spans = tuple(span for span in words(text) if any(map(str.isalnum, span.of(text))))
        if not spans:
            raise InputError(wanted="a query with a word in it", came=repr(text[:40]), where="query")
        units = Units(text=text, spans=spans)
        terms = tuple(settings.featurizer.of_word(string)[0] for string in units.strings)
        if scorer.encoder is None:
            nothing = np.zeros((len(spans), 0), dtype=np.float32)
            return cls(units=units, terms=terms, states=nothing, vector=nothing[:1].reshape(-1))
        with torch.inference_mode():
            found = scorer.encoder.encode([units], level="word", states=True, pooled=True)[0]
        assert found.states is not None
        assert found.pooled is not None
        kept = settings.states != "none"
        states = normalized(found.states.cpu().numpy())
        return cls(
            units=units,
            terms=terms,
            states=states if kept else states[:, :0],
            vector=normalized(found.pooled.cpu().numpy()),
        )

    @classmethod
    def of_document(cls, segment: Segment, number: int) -> Query:
        """Return a document of an index as a query: the words of its first passage, the mean of all its vectors."""
        own = np.flatnonzero(segment.passages[:, 0] == number)
        first = int(own[0])
        rows = slice(*segment.bounds[first : first + 2].tolist())
        text = segment.document(number).text
        names = list(segment.terms)
        states = np.asarray(segment.states[slice(*segment.state_bounds[first : first + 2].tolist())], dtype=np.float32)
        if segment.pools is not None:
            states = states[segment.pools[rows]]
        return cls(
            units=Units(text=text, spans=tuple(Span(*pair) for pair in segment.word_spans(first).tolist())),
            terms=tuple(names[term] for term in segment.words[rows].tolist()),
            states=normalized(states),
            vector=normalized(np.asarray(segment.vectors[own], dtype=np.float32).mean(axis=0)),
        )
