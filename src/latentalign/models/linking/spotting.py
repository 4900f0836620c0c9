"""Stretches of a text that may name a concept, and how likely it is that they do."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.keys import SMALL, exact_key, loose_key
from latentalign.models.matcher.minimum import minimum
from latentalign.text.abbreviations import Abbreviation, abbreviations
from latentalign.text.sentences import sentences
from latentalign.text.spans import Span
from latentalign.text.words import words

LONGEST = 8
"""Words of a mention."""
SPOT_FEATURES = ("link", "exact", "words", "letters", "short", "plain", "known", "often", "constant")
r"""What speaks for a stretch being a mention.

``link``: half of $\log \sum_c e^{V_c} - \nu$, clipped; ``exact``: it is a name up to case and punctuation; ``words``,
``letters``: their number, as logarithms; ``short``: it is a short form that the text explains; ``plain``: one word in
small letters; ``known``: the training texts have these words; ``often``: the log-odds that they were a mention there;
``constant``: 1.
"""
_CLIP = 6.0


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A stretch of words that is a name.

    Args:
        span: of the text.
        start, end: the numbers of its first word and of the word after its last.
        key: its exact key.
        exact: whether it is a name up to case and punctuation, and not only up to endings and the order of words.
        short: whether it is a short form that the text explains.
    """

    span: Span
    start: int
    end: int
    key: str
    exact: bool
    short: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Sketch:
    """What is read off a text before anything is linked.

    Args:
        text: the text.
        words: its words.
        sentences: its sentences.
        abbreviations: that it explains.
        spots: stretches that are names.
    """

    text: str
    words: tuple[Span, ...]
    sentences: tuple[Span, ...]
    abbreviations: tuple[Abbreviation, ...]
    spots: tuple[Spot, ...]

    @classmethod
    def of(cls, text: str, table: AliasTable) -> Sketch:
        """Return the sketch of a text.

        Cost: two look-ups for each stretch of up to 8 words inside a sentence.
        """
        units, parts, explained = words(text), sentences(text), abbreviations(text)
        return cls(
            text=text,
            words=units,
            sentences=parts,
            abbreviations=explained,
            spots=tuple(_spots(text, units, parts, explained, table)),
        )

    def context(self, span: Span) -> str:
        """Return the sentence around a stretch."""
        return next((one.of(self.text) for one in self.sentences if one.start <= span.start < one.end), "")

    def forms(self, span: Span) -> tuple[str, ...]:
        """Return the words of a stretch as they stand, and with its short forms written out."""
        said = span.of(self.text)
        long = {short.of(self.text): full.of(self.text) for short, full in self.abbreviations}
        if not long:
            return (said,)
        pattern = "|".join(re.escape(one) for one in sorted(long, key=len, reverse=True))
        plural = re.compile(rf"(?<!\w)({pattern})(s?)(?!\w)")
        written = plural.sub(lambda match: long[match[1]], said)
        return tuple(dict.fromkeys((said, written)))

    def elsewhere(self, span: Span, table: AliasTable) -> frozenset[int]:
        """Return the concepts of which another stretch, with other words, is a name."""
        key = exact_key(span.of(self.text))
        others = [
            one
            for one in self.spots
            if one.exact and one.key != key and (one.span.end <= span.start or span.end <= one.span.start)
        ]
        return frozenset(table.aliases[number].concept for one in others for number in table.exact[one.key][:5])


def _spots(
    text: str, units: Sequence[Span], parts: Sequence[Span], explained: Sequence[Abbreviation], table: AliasTable
) -> Iterator[Spot]:
    short = {one.short.of(text) for one in explained}
    ends = sorted(one.end for one in parts)
    for start, first in enumerate(units):
        limit = next((one for one in ends if one > first.start), len(text))
        if not _may_be_an_end(first.of(text)):
            continue
        for end in range(start + 1, min(start + LONGEST, len(units)) + 1):
            last = units[end - 1]
            if last.end > limit:
                break
            if not _may_be_an_end(last.of(text)):
                continue
            span = Span(first.start, last.end)
            said = span.of(text)
            key = exact_key(said)
            exact = key in table.exact
            if exact or loose_key(said) in table.loose or said in short:
                yield Spot(span=span, start=start, end=end, key=key, exact=exact, short=said in short)


def _may_be_an_end(word: str) -> bool:
    return word[0].isalnum() and word.lower() not in SMALL


@dataclass(frozen=True, kw_only=True)
class Spotter:
    r"""How likely a stretch is a mention, $\log \frac{p}{1 - p} = \sum_k u_k g_k$ with $g$ as in ``SPOT_FEATURES``.

    Args:
        weights: $u_k$ by the name of the feature.
        seen: of the exact keys of names in the training texts, how many were mentions, and how many there were.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "link": 1.3,
            "exact": 1.5,
            "words": 0.5,
            "letters": 0.7,
            "short": 1.5,
            "plain": -0.7,
            "known": 0.0,
            "often": 1.0,
            "constant": -3.3,
        }
    )
    seen: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False)

    def features(self, spot: Spot, text: str, link: float, *, without: tuple[int, int] = (0, 0)) -> list[float]:
        r"""Return what speaks for a stretch.

        Args:
            spot: the stretch.
            text: it is in.
            link: $\log \sum_c e^{V_c} - \nu$.
            without: mentions and occurrences in the text itself, which are not to count: for training.
        """
        said = spot.span.of(text)
        mentions, times = (one - own for one, own in zip(self.seen.get(spot.key, (0, 0)), without, strict=True))
        return [
            max(-_CLIP, min(_CLIP, link)) / 2,
            float(spot.exact),
            math.log(spot.end - spot.start),
            math.log(len(said)) - 2,
            float(spot.short),
            float(spot.end - spot.start == 1 and said.islower()),
            float(times > 0),
            math.log((mentions + 0.5) / (times - mentions + 0.5)) if times > 0 else 0.0,
            1.0,
        ]

    def log_odds(self, features: Sequence[float]) -> float:
        """Return the log-odds that a stretch is a mention."""
        return sum(self.weights.get(name, 0.0) * one for name, one in zip(SPOT_FEATURES, features, strict=True))

    def fitted(self, features: Sequence[Sequence[float]], told: Sequence[bool], *, ridge: float = 1e-3) -> Spotter:
        """Return the spotter with the weights that make what is told most likely.

        Args:
            features: of some stretches.
            told: whether each is a mention.
            ridge: of the squared weights.
        """
        given, right = torch.tensor(features, dtype=torch.float64), torch.tensor(told, dtype=torch.float64)

        def loss(parameters: Tensor) -> Tensor:
            found = torch.nn.functional.binary_cross_entropy_with_logits(given @ parameters, right)
            return found + ridge * (parameters**2).mean()

        weights = minimum(loss, [0.0] * len(SPOT_FEATURES))
        return Spotter(weights=dict(zip(SPOT_FEATURES, weights, strict=True)), seen=self.seen)
