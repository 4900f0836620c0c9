"""The values of slots in an utterance, by a tagger that was trained on labelled ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign.errors import InputError, LatentAlignError
from latentalign.tasks.sections.sectioned import CarryingWord
from latentalign.tasks.slots.slot_columns import NOTHING
from latentalign.tasks.slots.tagged_slots import FoundSlot, TaggedUtterance
from latentalign.text.characters import check_text
from latentalign.text.labels import LabelSpan, bio_spans
from latentalign.text.pairs import Failure
from latentalign.text.records import TextRecord
from latentalign.text.spans import Evidence, Link, Span

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.families import AlignmentFamily, LatentAlignment
    from latentalign.models.slots import SlotScorer, Utterance, WordInputs

AT_ONCE = 64
"""Utterances that are read together."""
BETWEEN = " | "
SHOWN = 0.05
"""Slots are drawn that some word has more than this of."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotTagger:
    r"""Answers which words of an utterance are values of which slots: an alignment of words with slots.

    The keys are the beginning (``B-``) and the inside (``I-``) of each slot, and ``O``, no slot. A ``chain`` knows
    what follows what; the answer is its best path. The probability of a value is that of exactly its words,

    $$p(i..j, k) = \exp \tfrac{1}{T} [\Phi(S \mid a_i = B_k, a_{i+1..j} = I_k, a_{j+1} \neq I_k) - \Phi(S)]$$

    Args:
        columns: the keys, as BIO labels, ``O`` first.
        scorer: a word against a column.
        family: what may follow what.
        fitted_on: what the probabilities were fitted on, for people.
    """

    columns: tuple[str, ...]
    scorer: SlotScorer
    family: AlignmentFamily
    fitted_on: str = ""

    @classmethod
    def load(cls, folder: str | Path) -> SlotTagger:
        """Return the tagger of a folder that ``latentalign train`` wrote.

        Raises:
            ModelError: there is none, or a file is not what its hash says.
        """
        from latentalign.tasks.slots.slots_folder import read_slots

        return read_slots(Path(folder))

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the slots."""
        return tuple(one[2:] for one in self.columns if one.startswith("B-"))

    def tag(self, text: str | TextRecord, *, asked: Sequence[str] = ()) -> TaggedUtterance:
        """Return the values in one utterance.

        Args:
            text: what was said.
            asked: the slots that it was asked for, where that is known.

        Raises:
            InputError: a text without a word, or with a lone surrogate.
        """
        result = next(self.tag_many([text], asked=[asked]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def tag_many(
        self, texts: Iterable[str | TextRecord | Failure], *, asked: Sequence[Sequence[str]] = ()
    ) -> Iterator[TaggedUtterance | Failure]:
        """Yield one result a text, in order; one that cannot be used yields a ``Failure`` and harms no other.

        Args:
            texts: what was said.
            asked: for each text the slots that it was asked for; none where that is not known.
        """
        waiting, done = iter(texts), 0
        while window := list(islice(waiting, AT_ONCE)):
            given = list(asked[done : done + len(window)]) or [()] * len(window)
            done += len(window)
            settled = [_record(one) for one in window]
            usable = [
                (one, tuple(some)) for one, some in zip(settled, given, strict=True) if isinstance(one, TextRecord)
            ]
            results = iter(self._answers(usable))
            for one in settled:
                yield one if isinstance(one, Failure) else next(results)

    def align(self, utterances: Sequence[Utterance]) -> LatentAlignment:
        """Return the alignment of the words (queries) of utterances with the columns (keys)."""
        return self._aligned(self.scorer.inputs(utterances))

    def save(self, folder: str | Path) -> Path:
        """Write the tagger into a folder, complete or not at all, and return it.

        Raises:
            UnsupportedError: an encoder that cannot be saved.
        """
        from latentalign.tasks.slots.slots_folder import write_slots

        return write_slots(self, Path(folder))

    def spans(self, path: Sequence[int]) -> tuple[LabelSpan, ...]:
        """Return the values that a path through the columns, one a word, goes through."""
        return bio_spans([self.columns[one] for one in path])

    def probabilities(self, alignment: LatentAlignment, spans: Sequence[tuple[int, LabelSpan]]) -> list[float]:
        """Return the probability of each value.

        Args:
            alignment: of some utterances.
            spans: the number of an utterance, and words of it with their slot.
        """
        import torch

        if not spans:
            return []
        places = torch.tensor([number for number, _ in spans])
        mask = alignment.mask[places].clone()
        lengths = alignment.mask[:, :, 0].sum(dim=1)[places].tolist()
        for row, ((_, one), length) in enumerate(zip(spans, lengths, strict=True)):
            begin, inside = (self._number(f"{letter}-{one.label}") for letter in "BI")
            for place in range(one.start, one.end):
                column = begin if place == one.start else inside
                mask[row, place] &= torch.arange(mask.shape[2]) == column
            if inside is not None and one.end < length:
                mask[row, one.end, inside] = False
        given = self.family.value(alignment.scores[places], mask)
        found = ((given - alignment.value[places]) / self.family.temperature).exp().clamp(0.0, 1.0)
        return [float(one) for one in found]

    def carried(self, inputs: WordInputs, one: LabelSpan) -> list[float]:
        """Return what each word of an utterance adds to the score of a value over no slot, in log-odds."""
        begin, inside = (self._number(f"{letter}-{one.label}") for letter in "BI")
        assert begin is not None
        columns = [begin, *([begin if inside is None else inside] * (one.end - one.start - 1))]
        return self.scorer.carried(inputs, one.start, columns, self.columns.index(NOTHING))

    def _number(self, column: str) -> int | None:
        return self.columns.index(column) if column in self.columns else None

    def _aligned(self, inputs: Sequence[WordInputs]) -> LatentAlignment:
        import torch

        from latentalign.families import LatentAlignment
        from latentalign.models.label_scores import padded

        with torch.inference_mode():
            scores, mask = padded([self.scorer.of_inputs(one) for one in inputs])
        return LatentAlignment(family=self.family, scores=scores, mask=mask)

    def _answers(self, given: Sequence[tuple[TextRecord, tuple[str, ...]]]) -> Iterator[TaggedUtterance]:
        from latentalign.models.matcher.memory import units_of
        from latentalign.models.slots import Utterance

        if not given:
            return
        utterances = [Utterance(units_of(record.text), asked) for record, asked in given]
        inputs = self.scorer.inputs(utterances)
        alignment = self._aligned(inputs)
        paths = alignment.best.int().argmax(dim=-1).tolist()
        counts = [len(one.units.spans) for one in utterances]
        found = [(n, one) for n, count in enumerate(counts) for one in self.spans(paths[n][:count])]
        chances = self.probabilities(alignment, found)
        for number, (record, _) in enumerate(given):
            words = utterances[number].units.spans
            mine = [(one, p) for (place, one), p in zip(found, chances, strict=True) if place == number]
            yield TaggedUtterance(
                text=record.text,
                slots=tuple(self._found(record.text, words, inputs[number], *one) for one in mine),
                evidence=self._evidence(record, words, alignment.expected[number], float(alignment.value[number])),
                id=record.id,
            )

    def _found(self, text: str, words: Sequence[Span], inputs: WordInputs, one: LabelSpan, chance: float) -> FoundSlot:
        span = Span(words[one.start].start, words[one.end - 1].end)
        carried = self.carried(inputs, one)
        return FoundSlot(
            slot=one.label,
            span=span,
            text=span.of(text),
            probability=chance,
            words=tuple(CarryingWord(span=word, carried=value) for word, value in zip(words, carried, strict=True)),
        )

    def _evidence(self, record: TextRecord, words: tuple[Span, ...], mass: Tensor, value: float) -> Evidence:
        rows = mass[: len(words)].clamp(0.0, 1.0).tolist()
        shares = {
            name: [sum(row[n] for n, one in enumerate(self.columns) if one[2:] == name) for row in rows]
            for name in self.slots
        }
        most = max(shares, key=lambda name: max(shares[name]))
        shown = [name for name in self.slots if name == most or max(shares[name]) > SHOWN]
        spans, reached = [], 0
        for name in shown:
            spans.append(Span(reached, reached + len(name)))
            reached += len(name) + len(BETWEEN)
        matrix = tuple(tuple(min(1.0, shares[name][place]) for name in shown) for place in range(len(words)))
        return Evidence(
            source=record.text,
            target=BETWEEN.join(shown),
            source_spans=words,
            target_spans=tuple(spans),
            links=tuple(
                Link(word, span, weight)
                for word, row in zip(words, matrix, strict=True)
                for span, weight in zip(spans, row, strict=True)
                if weight >= 0.2
            ),
            null_source=tuple(row[self.columns.index(NOTHING)] for row in rows),
            null_target=tuple(max(0.0, 1 - sum(column)) for column in zip(*matrix, strict=True)),
            score=value,
            family=type(self.family).__name__.lower(),
            matrix=matrix,
            id=record.id,
        )


def _record(given: str | TextRecord | Failure) -> TextRecord | Failure:
    from latentalign.text.segment import segment

    if isinstance(given, Failure):
        return given
    try:
        record = TextRecord(text=given) if isinstance(given, str) else given
        if not segment(check_text(record.text, where="text")):
            raise InputError(wanted="a text with a word", came=repr(record.text), where="text")
    except LatentAlignError as error:
        return Failure(error=error)
    return record
