"""Which words of an utterance are values of slots, by alignment with texts whose values are known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentalign.tasks.chat.bot_file import SlotConfig
from latentalign.tasks.linking.segmentation import Segment, marginals
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.text.spans import Span

if TYPE_CHECKING:
    from latentalign.models.matcher.matcher import Matcher
    from latentalign.models.matcher.memory import Memory
    from latentalign.models.units import Encoded, Units

LONGEST = 6
"""Words of a value."""
THRESHOLD = 0.5
"""Segments of more than this are disjoint."""
REPLACED = re.compile(r"\b(?:not|instead of|rather than)\s+(?:(?:at|for|from|in|on|the|to)\s+){0,2}$", re.IGNORECASE)
"""What stands before a value that another one takes the place of."""


@dataclass(frozen=True, kw_only=True)
class SlotValue:
    """A value that was found in an utterance.

    Args:
        slot: whose value it is.
        value: as the bot lists it; the words themselves where it does not.
        span: of the utterance.
        text: the words.
        score: the probability that exactly these words are a value of this slot.
        like: the text whose value these words align with best; of ``learned``, the words that carry it.
        because: ``value``, ``pattern`` or ``alignment``; ``learned`` if a trained tagger has found it.
    """

    slot: str
    value: str
    span: Span
    text: str
    score: float
    like: str
    because: str


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotFinder:
    r"""Finds values: a segment of words is worth what its words are, what stands beside it, and what it is called.

    $$s(i..j, k) = \sum_{t=i}^{j} \operatorname{clip}\big(w\,(\max_{q \in k} S_{tq} + u_k -
    \max(0, \max_{q \in O} S_{tq}))\big)
    + b\,[\text{listed or pattern}] (j - i + 1) + c\,(\text{neighbours that are the same}) + \pi_k - d$$

    $S$ is the score matrix of the utterance with the texts whose values are known, in log-odds against NULL; $q \in k$
    are their words that are values of slot $k$, $q \in O$ those that are none. A word that no text explains is worth
    $u_k$ more for an open slot, whose values nobody has listed. Segments compete in ``marginals``.

    Args:
        matcher: gives the score matrices.
        slots: by name.
        weight: $w$.
        unlisted: $u_k$ of an open slot; 0 for one whose values are all known.
        limit: of the clipping, in log-odds.
        known: $b$, in log-odds a word.
        beside: $c$, for the word before and the word after.
        cost: $d$.
    """

    matcher: Matcher
    slots: Mapping[str, SlotConfig]
    weight: float = 0.5
    unlisted: float = 3.5
    limit: float = 3.0
    known: float = 4.0
    beside: float = 2.0
    cost: float = 3.0

    def find(
        self,
        text: Units,
        names: Sequence[str],
        taught: Sequence[Taught],
        *,
        expected: Mapping[str, float] | None = None,
        asked: Sequence[str] = (),
        read: dict[Units, Encoded] | None = None,
    ) -> tuple[SlotValue, ...]:
        r"""Return the values of an utterance, in its order; see ``Finder.find``.

        What a slot that was asked for is worth, ``expected`` says: it is $\pi_k$.

        Cost: one small score matrix for each text with a value of these slots.
        """
        words = WordScores.empty(len(text.spans), frozenset(names))
        for some in taught:
            some.teach(words, text, self.matcher, read or {})
        segments = {
            one: found + (expected or {}).get(one.slot, 0.0)
            for start in range(len(text.spans))
            for end in range(start + 1, min(start + LONGEST, len(text.spans)) + 1)
            for name in names
            if (found := self._score(one := Segment(start, end, name), text, words)) is not None
        }
        shares = marginals(len(text.spans), segments)
        chosen = sorted(one for one, share in shares.items() if share > THRESHOLD)
        return tuple(self._value(one, text, words, shares[one]) for one in chosen)

    def _score(self, one: Segment, text: Units, words: WordScores) -> float | None:
        said, slot = _said(one, text), self.slots[one.slot]
        reason = _reason(slot, said)
        if reason == "alignment" and not (slot.open and said[0].isalnum() and said[-1].isalnum()):
            return None
        more = self.unlisted if slot.open else 0.0
        gains = [self.weight * (words.gain(place, one.slot) + more) for place in range(one.start, one.end)]
        known = 0.0 if reason == "alignment" else self.known * (one.end - one.start)
        neighbours = words.beside(one.slot, _word(text, one.start - 1), _word(text, one.end))
        return (
            sum(max(-self.limit, min(self.limit, gain)) for gain in gains)
            + known
            + self.beside * neighbours
            - self.cost
        )

    def _value(self, one: Segment, text: Units, words: WordScores, share: float) -> SlotValue:
        said, slot = _said(one, text), self.slots[one.slot]
        return SlotValue(
            slot=one.slot,
            value=slot.value_of(said),
            span=Span(text.spans[one.start].start, text.spans[one.end - 1].end),
            text=said,
            score=share,
            like=words.like[one.slot][one.start],
            because=_reason(slot, said),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Taught:
    """Texts whose values are known, encoded.

    Args:
        memory: the texts.
        texts: the same, with their values, in the order of the memory.
    """

    memory: Memory
    texts: tuple[AnnotatedText, ...]

    def teach(self, found: WordScores, text: Units, matcher: Matcher, read: dict[Units, Encoded]) -> None:
        """Add what aligning a text with those that have a value of the slots gives."""
        few = [number for number, one in enumerate(self.texts) if found.best.keys() & {name for _, name in one.slots}]
        if not few:
            return
        units = [self.memory.units[number] for number in few]
        known = {**read, **self.memory.known(few)}
        scores, _ = matcher.scorer.score([text] * len(few), units, level="word", known=known)
        for rows, one, number in zip(scores.tolist(), units, few, strict=True):
            found.add(rows, one, self.texts[number].labels(one.spans))


@dataclass(frozen=True, kw_only=True, eq=False)
class WordScores:
    """For each word of an utterance, the best score with a value of each slot, and with a word that is no value."""

    nothing: list[float]
    best: dict[str, list[float]]
    like: dict[str, list[str]]
    neighbours: dict[str, set[tuple[str, str]]]

    @classmethod
    def empty(cls, size: int, names: frozenset[str]) -> WordScores:
        """Return the scores before any text: nothing is like a value."""
        return cls(
            nothing=[0.0] * size,
            best={name: [-1e9] * size for name in names},
            like={name: [""] * size for name in names},
            neighbours={name: set() for name in names},
        )

    def add(self, rows: Sequence[Sequence[float]], taught: Units, labels: Sequence[str | None]) -> None:
        """Take in the score matrix of one more text."""
        for place, row in enumerate(rows):
            for score, label in zip(row, labels, strict=False):
                if label is None:
                    self.nothing[place] = max(self.nothing[place], score)
                elif label in self.best and score > self.best[label][place]:
                    self.best[label][place], self.like[label][place] = score, taught.text
        for place, label in enumerate(labels):
            if label in self.neighbours and (place == 0 or labels[place - 1] != label):
                end = next((q for q in range(place, len(labels)) if labels[q] != label), len(labels))
                self.neighbours[label].add((_word(taught, place - 1), _word(taught, end)))

    def gain(self, place: int, slot: str) -> float:
        """Return how much better a word aligns with values of a slot than with what is no value."""
        return self.best[slot][place] - self.nothing[place]

    def beside(self, slot: str, before: str, after: str) -> int:
        """Return how many neighbours a value has that one of that slot has in a text; the edges are none."""
        pairs = self.neighbours[slot]
        return max(((bool(b) and b == before) + (bool(a) and a == after) for b, a in pairs), default=0)


def one_a_slot(found: Sequence[SlotValue], text: str) -> tuple[SlotValue, ...]:
    """Return one value a slot: the last one that is not denied for another, as Friday is in "Sunday, not Friday"."""
    kept: dict[str, SlotValue] = {}
    for one in found:
        if one.slot not in kept or not REPLACED.search(text[: one.span.start]):
            kept[one.slot] = one
    return tuple(kept.values())


def _said(one: Segment, text: Units) -> str:
    return text.text[text.spans[one.start].start : text.spans[one.end - 1].end]


def _word(text: Units, place: int) -> str:
    return text.strings[place].casefold() if 0 <= place < len(text.spans) else ""


def _reason(slot: SlotConfig, said: str) -> str:
    """Return why words are a value of a slot: ``value`` if they are listed, ``pattern``, else ``alignment``."""
    if said.casefold() in {way.casefold() for way in slot.ways}:
        return "value"
    if slot.pattern is not None and re.fullmatch(slot.pattern, said, re.IGNORECASE):
        return "pattern"
    return "alignment"
