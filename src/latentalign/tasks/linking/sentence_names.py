"""A sentence beside the names of all things in some triples: which words name which of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from latentalign.tasks.linking.segmentation import Segment, best, marginals
from latentalign.text.entity_names import written_forms
from latentalign.text.function_words import SMALL_WORDS
from latentalign.text.spans import Span
from latentalign.text.triples import TripledText

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.families import LatentAlignment
    from latentalign.models.units import Units
    from latentalign.tasks.linking.express import TripleAligner

WEIGHT, COST, CLIP, SHIFT = 0.5, 1.5, 4.0, 3.0
"""$w$, $d$, the limit of the clipping and what NULL is worth more, in log-odds; chosen by hand on texts of the training
split of WebNLG."""
LONGER, LEAST = 4, -4.0
"""Words that a stretch may have more than the name, and the value of a segment that is not looked at."""
SMALL = SMALL_WORDS | {"is", "are", "was"}
PRONOUNS = frozenset(("it", "its", "he", "his", "she", "her", "they", "their"))


class Stretch(NamedTuple):
    """Words of a sentence that name a thing, from ``start`` to before ``end``, and how probable that is."""

    start: int
    end: int
    probability: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SentenceNames:
    """A sentence with the names of all things in the triples, aligned.

    Args:
        units: the sentence with its words, whose spans count from its start.
        start: where it begins in the text.
        names: the form of each thing that is compared.
        keys: for each thing, the places of its words among the keys.
        named: of each key, whether it is a word and no punctuation mark.
        lengths: (key,) the letters of each word.
        alignment: of the words with those of all names.
    """

    units: Units
    start: int
    names: dict[str, str]
    keys: dict[str, range]
    named: tuple[bool, ...]
    lengths: Tensor
    alignment: LatentAlignment

    @classmethod
    def of(cls, aligner: TripleAligner, record: TripledText, span: Span) -> SentenceNames:
        """Return a sentence of a record, aligned with the names in its triples."""
        import torch

        from latentalign.families import LatentAlignment
        from latentalign.models.matcher.memory import units_of
        from latentalign.models.units import Encoded

        things = dict.fromkeys(name for one in record.triples for name in (one.subject, one.object))
        names = {thing: likely_form(thing, record.text) for thing in things}
        units = units_of(span.of(record.text))
        parts = [units_of(one) for one in names.values()]
        known = aligner.reading.known([units, *parts])
        joined, keys = joined_names(names, parts)
        states = [known[one].states for one in parts if one in known]
        if states:
            known[joined] = Encoded(states=torch.cat([one for one in states if one is not None]), pooled=None)
        scores, mask = aligner.scorer.score([units], [joined], level="word", known=known)
        return cls(
            units=units,
            start=span.start,
            names=names,
            keys=keys,
            named=tuple(one[0].isalnum() for one in joined.strings),
            lengths=torch.tensor([end - start for start, end in joined.spans], dtype=torch.float32),
            alignment=LatentAlignment(family=aligner.family, scores=scores[0].cpu(), mask=mask[0].cpu()),
        )

    @cached_property
    def mass(self) -> Tensor:
        """(word, key) the expected alignment."""
        return self.alignment.expected.float()

    def share(self, thing: str) -> float:
        """Return the share of the letters of a name that have a word in the sentence."""
        places = self.keys[thing]
        if not len(places):
            return 0.0
        lengths = self.lengths[places.start : places.stop]
        covered = self.mass[:, places.start : places.stop].sum(dim=0).clamp(max=1.0)
        return float((covered * lengths).sum() / lengths.sum().clamp_min(1.0))

    @cached_property
    def stretches(self) -> dict[str, tuple[Stretch, ...]]:
        r"""The words that name each thing: the disjoint segments with the highest sum of values.

        $$s(i..j, e) = w \Big[\sum_{t=i}^{j} \operatorname{clip} \max_{k \in e} S_{tk} +
        \tfrac12 \sum_{k \in e} \operatorname{clip} \max_{i \le t \le j} S_{tk}\Big] - d$$

        So a word of the text that the name does not have counts against it, and so does a word of the name that the
        text does not have.
        """
        scores = dict(self._segments())
        shares = marginals(len(self.units.spans), scores)
        found: dict[str, list[Stretch]] = {}
        for one in best(len(self.units.spans), scores):
            found.setdefault(one.slot, []).append(Stretch(one.start, one.end, shares[one]))
        return {thing: tuple(those) for thing, those in found.items()}

    def _segments(self) -> Iterator[tuple[Segment, float]]:
        for thing, places in self.keys.items():
            keys = [place for place in places if self.named[place]] or list(places)
            scores = self.alignment.scores[:, keys].float()
            for start, end, value in stretch_values(scores, self.units.strings, self.names[thing]):
                yield Segment(start, end, thing), value

    def span(self, start: int, end: int) -> Span:
        """Return where some words stand in the whole text."""
        return Span(self.start + self.units.spans[start].start, self.start + self.units.spans[end - 1].end)

    def pronoun(self) -> Span | None:
        """Return the pronoun that the sentence begins with, if it does."""
        first = self.units.strings[0].lower() if self.units.strings else ""
        return self.span(0, 1) if first in PRONOUNS else None


def likely_form(thing: str, text: str) -> str:
    """Return the form of a name with the most letters in words of the text, less a third of those that are not there;
    the first form where no word of any is there.

    >>> likely_form("Ithaca,_New_York", "She lives in Ithaca."), likely_form("2702.0", "It is 2,702 m long.")
    ('Ithaca', '2,702')
    """
    from latentalign.text.words import words

    said = {span.of(text).casefold() for span in words(text)}

    def worth(form: str) -> float:
        parts = [part for span in words(form) if (part := span.of(form).casefold())[0].isalnum()]
        there = sum(len(one) for one in parts if one in said)
        return there - sum(len(one) for one in parts if one not in said) / 3 if there else 0.0

    forms = written_forms(thing)
    chosen = max(forms, key=worth)
    return chosen if worth(chosen) > 0 else forms[0]


def stretch_values(
    scores: Tensor, strings: Sequence[str], name: str, *, shift: float = SHIFT
) -> Iterator[tuple[int, int, float]]:
    """Yield stretches of words with what each is worth as the name of something: see ``SentenceNames.stretches``.

    Args:
        scores: (word, word of the name) in log-odds against NULL.
        strings: the words.
        name: as it is written, for the small words that it begins and ends with.
        shift: what NULL is worth more.
    """
    if not scores.numel():
        return
    scores = scores - shift
    visible = [one[0].isalnum() for one in strings]
    rows = (scores.amax(dim=1).clamp(-CLIP, CLIP) * scores.new_tensor(visible)).tolist()
    first, last = name.casefold().split()[:1], name.casefold().split()[-1:]
    for start, word in enumerate(strings):
        if not visible[start] or (word.casefold() in SMALL and word.casefold() not in first):
            continue
        end = min(len(rows), start + scores.shape[1] + LONGER)
        columns = scores[start:end].cummax(dim=0).values.clamp(-CLIP / 2, CLIP).sum(dim=1).tolist()
        total = 0.0
        for place in range(start, end):
            total += rows[place]
            value = WEIGHT * (total + columns[place - start] / 2) - COST
            ending = strings[place].casefold()
            if visible[place] and value > LEAST and (ending not in SMALL or ending in last):
                yield start, place + 1, value


def joined_names(names: dict[str, str], parts: Sequence[Units]) -> tuple[Units, dict[str, range]]:
    """Return all names as one text, with the places of the words of each."""
    from latentalign.models.units import Units

    text, spans, keys = "", list[Span](), dict[str, range]()
    for thing, part in zip(names, parts, strict=True):
        first = len(spans)
        spans += [Span(len(text) + start, len(text) + end) for start, end in part.spans]
        keys[thing] = range(first, len(spans))
        text += f"{part.text}\n"
    return Units(text=text, spans=tuple(spans)), keys
