"""Whether the words around a value carry it: the deletion test of a tagger of slots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from latentalign.evaluation.deletion_test import DRAWS, fallen, removals, without
from latentalign.metrics.deletion import Deletion
from latentalign.models.matcher.memory import units_of
from latentalign.models.slots import Utterance
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.tagged_slots import FoundSlot, TaggedUtterance
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.text.labels import LabelSpan
from latentalign.text.spans import Span

RELATIVE = 0.2
"""The share of the words around a value that the deletion test removes, one at least."""


def deletion(tagger: SlotTagger, rows: Sequence[AnnotatedText], *, most: int = 100, seed: int = 0) -> Deletion:
    """Return how much the log-probability of a value falls without the words around it that carry it.

    Args:
        tagger: what is tested; each shortened text is read again.
        rows: texts; of each, the value of which it is least sure, where there are two words around it at least.
        most: values that are tested, of the first texts that have one.
        seed: of the random words.

    Cost: the tagger on ``DRAWS`` + 2 times as many texts.
    """
    chance = Random(seed)
    shortened: list[Utterance] = []
    places: list[LabelSpan] = []
    before: list[float] = []
    for result in tagger.tag_many([one.text for one in rows]):
        if len(before) == most:
            break
        if not isinstance(result, TaggedUtterance) or not result.slots:
            continue
        one = min(result.slots, key=lambda slot: slot.probability)
        around = [word for word in one.words if word.span.end <= one.span.start or word.span.start >= one.span.end]
        if len(around) < 2:
            continue
        chosen = removals([word.carried for word in around], chance, share=RELATIVE)
        choices = [[around[place].span for place in some] for some in chosen]
        texts = [Utterance(units_of(without(result.text, removed))) for removed in choices]
        left = len(one.words) - len(chosen[0])
        if any(len(text.units.spans) != left for text in texts):  # words that have grown together
            continue
        shortened += texts
        places += [_words_of(one, removed) for removed in choices]
        before.append(one.probability)
    after = _log_probabilities(tagger, shortened, places)
    rows_after = [after[start : start + DRAWS + 1] for start in range(0, len(after), DRAWS + 1)]
    return fallen([_log(one) for one in before], rows_after)


def _words_of(one: FoundSlot, removed: Sequence[Span]) -> LabelSpan:
    """Return the places of the words of a value once some words are no longer there."""
    kept = [word.span for word in one.words if word.span not in removed]
    inside = [place for place, span in enumerate(kept) if one.span.start <= span.start and span.end <= one.span.end]
    return LabelSpan(inside[0], inside[-1] + 1, one.slot)


def _log_probabilities(tagger: SlotTagger, utterances: Sequence[Utterance], places: Sequence[LabelSpan]) -> list[float]:
    found: list[float] = []
    for start in range(0, len(utterances), 64):
        alignment = tagger.align(utterances[start : start + 64])
        some = list(enumerate(places[start : start + 64]))
        found += [_log(one) for one in tagger.probabilities(alignment, some)]
    return found


def _log(chance: float) -> float:
    return math.log(max(chance, 1e-9))
