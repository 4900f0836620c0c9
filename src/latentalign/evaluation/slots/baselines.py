"""What slots are found without an alignment: by looking up the values of training, or word by word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from latentalign import registry
from latentalign.evaluation.slots.answers import Answer, SlotSystem
from latentalign.models.matcher.memory import units_of
from latentalign.models.slots import Utterance, WordInputs, with_neighbours, word_inputs
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.slot_columns import labels_of
from latentalign.text.labels import bio_spans
from latentalign.text.spans import Span

if TYPE_CHECKING:
    from latentalign.models.encoder import Encoder
    from latentalign.tasks.slots.train_slots import ReadUtterances


@final
@dataclass(frozen=True, eq=False)
class LookUp(SlotSystem):
    """The longest words that were a value of a slot in training at least as often as not, from left to right.

    Args:
        shares: of the words of a value, the slot and the share of the times when they were one of it.
    """

    shares: dict[tuple[str, ...], tuple[str, float]]

    @classmethod
    def of(cls, rows: Sequence[AnnotatedText]) -> LookUp:
        """Remember the values of some texts."""
        taught: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for row in rows:
            for span, name in row.slots:
                taught[_words(span.of(row.text))][name] += 1
        longest = max(map(len, taught), default=0)
        seen: Counter[tuple[str, ...]] = Counter()
        for row in rows:
            words = _words(row.text)
            seen.update(
                one
                for start in range(len(words))
                for end in range(start + 1, min(len(words), start + longest) + 1)
                if (one := words[start:end]) in taught
            )
        best = {words: (*names.most_common(1)[0], max(1, seen[words])) for words, names in taught.items() if words}
        kept = {words: (name, count / times) for words, (name, count, times) in best.items() if count >= times / 2}
        return cls(kept)

    def find(self, rows: Sequence[AnnotatedText]) -> list[list[Answer]]:
        """Return the values of each text."""
        longest = max(map(len, self.shares), default=0)
        found: list[list[Answer]] = []
        for row in rows:
            units, place = units_of(row.text), 0
            words, answers = tuple(one.casefold() for one in units.strings), list[Answer]()
            while place < len(words):
                ends = range(min(len(words), place + longest), place, -1)
                end = next((one for one in ends if words[place:one] in self.shares), None)
                if end is None:
                    place += 1
                    continue
                name, share = self.shares[words[place:end]]
                span = Span(units.spans[place].start, units.spans[end - 1].end)
                answers.append(Answer(span, name, min(1.0, share)))
                place = end
            found.append(answers)
        return found


@final
@dataclass(frozen=True, eq=False)
class WordByWord(SlotSystem):
    """A logistic regression of scikit-learn a column on the same features, each word on its own.

    Args:
        encoder: of the states.
        rows: of the table of lexical features.
        machine: that was fitted.
    """

    encoder: Encoder
    rows: int
    machine: Any

    @classmethod
    def of(cls, read: ReadUtterances, *, rows: int, seed: int) -> WordByWord:
        """Fit it on utterances; one against the rest, by stochastic descent, for there are many words."""
        linear = registry.require("sklearn.linear_model", extra="sklearn")
        labels = [one for row in read.rows for one in labels_of(row, units_of(row.text).spans)]
        machine = linear.SGDClassifier(
            loss="log_loss", alpha=1e-5, max_iter=5, tol=None, average=True, random_state=seed
        )
        return cls(read.encoder, rows, machine.fit(_matrix(read.inputs, rows), labels))

    def find(self, rows: Sequence[AnnotatedText]) -> list[list[Answer]]:
        """Return the values of each text, the probability of one the product of those of its words."""
        units = [units_of(row.text) for row in rows]
        asked = [Utterance(one, row.asked) for one, row in zip(units, rows, strict=True)]
        chances = self.machine.predict_proba(_matrix(word_inputs(asked, self.encoder, rows=self.rows), self.rows))
        best, names = chances.argmax(axis=1), self.machine.classes_
        found, reached = [], 0
        for one in units:
            numbers = best[reached : reached + len(one.spans)]
            top = chances[reached : reached + len(one.spans)].max(axis=1)
            reached += len(one.spans)
            found.append(
                [
                    Answer(
                        Span(one.spans[some.start].start, one.spans[some.end - 1].end),
                        some.label,
                        float(np.prod(top[some.start : some.end])),
                    )
                    for some in bio_spans([str(names[number]) for number in numbers])
                ]
            )
        return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(one.casefold() for one in units_of(text).strings)


def _matrix(inputs: Sequence[WordInputs], rows: int) -> Any:
    """Return (word, features) sparse: the states of a word and its neighbours, and its lexical features."""
    from scipy import sparse

    dense = np.concatenate([with_neighbours(one.states.float()).cpu().numpy() for one in inputs])
    numbers = [some for one in inputs for some in one.numbers]
    flat = np.fromiter((row for some in numbers for row in some), dtype=np.int64)
    bounds = np.cumsum([0, *map(len, numbers)])
    lexical = sparse.csr_matrix((np.ones(len(flat), dtype=np.float32), flat, bounds), shape=(len(numbers), rows))
    return sparse.hstack([sparse.csr_matrix(dense), lexical], format="csr")
