"""Labels of source words and spans, projected onto the translation, with a confidence and abstention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from latentalign.errors import InputError, LatentAlignError
from latentalign.formats.fields import evidence_fields
from latentalign.tasks.alignment.given_links import GivenLink, GivenLinks
from latentalign.tasks.alignment.pair_aligner import (
    Masses,
    PairAligner,
    align_beside,
    check_units,
    masses,
)
from latentalign.tasks.transfer.intervals import Target, group, place_groups, target_mass
from latentalign.text.labels import Labelled, LabelSpan, bio_spans, to_bio
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence


@dataclass(frozen=True, kw_only=True)
class ProjectedSpan:
    """A labelled span in its new place.

    Args:
        label: of the span.
        source: its first source word and the one after its last.
        target: the same of target words; None if it was not placed.
        confidence: in [0, 1], see `agreement`.
    """

    label: str
    source: tuple[int, int]
    target: tuple[int, int] | None
    confidence: float


@dataclass(frozen=True, kw_only=True)
class LabelTransfer:
    """A translation with the labels of its source.

    Args:
        labelled: the target words with the projected columns; None where it abstains.
        confidences: for each column one number in [0, 1] a target word, also where it abstains.
        spans: for BIO columns, every source span with its place, or None and what the best would have had.
        evidence: the alignment.
    """

    labelled: Labelled
    confidences: dict[str, tuple[float, ...]]
    spans: tuple[ProjectedSpan, ...]
    evidence: Evidence

    def to_fields(self) -> dict[str, Any]:
        """Return the result as fields that JSON can hold."""
        names = ("label", "source", "target", "confidence")
        return {
            "id": self.evidence.id,
            "words": self.labelled.words,
            "labels": dict(self.labelled.columns),
            "confidences": self.confidences,
            "spans": [{name: getattr(span, name) for name in names} for span in self.spans],
            "evidence": evidence_fields(self.evidence),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelProjector:
    r"""Projects the labels of source words onto target words.

    A label a word, such as a part of speech: target word j takes the label that the most expected mass comes from,

    $$c_j(l) = \sum_{i : l_i = l} A_{ij} \big/ \max\bigl(1, \sum_i A_{ij}\bigr)$$

    if that share reaches the threshold; the rest is other labels and NULL. A span: the contiguous stretch of target
    words that `place_groups` finds, if its `agreement` reaches the threshold; spans stay disjoint.

    Args:
        aligner: an aligner that keeps the words it is given.
        columns: names of the columns with one label a word.
        span_columns: names of the columns with BIO spans.
        threshold: least confidence of a label, in [0, 1]; below it there is none.
    """

    aligner: PairAligner
    columns: tuple[str, ...] = ("upos",)
    span_columns: tuple[str, ...] = ()
    threshold: float = 0.5

    @classmethod
    def load(
        cls,
        *,
        columns: tuple[str, ...] = ("upos",),
        span_columns: tuple[str, ...] = (),
        threshold: float = 0.5,
        **settings: Any,
    ) -> LabelProjector:
        """Return a projector with its model loaded; the other settings are those of ``AlignerConfig``."""
        from latentalign.tasks.alignment.align import Aligner

        aligner = Aligner.load(keep_matrix=True, **settings)
        return cls(aligner=aligner, columns=columns, span_columns=span_columns, threshold=threshold)

    def project(self, source: Labelled, target: Sequence[str]) -> LabelTransfer:
        """Return the target words with the labels of the source words.

        Raises:
            InputError: a column that the source has not, BIO labels that are none, or a blank word.
        """
        result = next(self.project_many([(source, target)]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def project_many(
        self, pairs: Iterable[tuple[Labelled | Failure, Sequence[str]]]
    ) -> Iterator[LabelTransfer | Failure]:
        """Yield one result a pair, in order; a pair that cannot be used yields a failure."""
        for result, prepared in align_beside(self.aligner, (self._prepared(*pair) for pair in pairs)):
            if isinstance(result, Failure):
                yield result
                continue
            assert prepared is not None, "a pair that failed stays a failure"
            pair, source, target, spans = prepared
            try:
                yield self._result(check_units(result, pair), source, target, spans)
            except LatentAlignError as error:
                yield Failure(error=error, id=pair.id)

    def _prepared(
        self, source: Labelled | Failure, target: Sequence[str]
    ) -> tuple[TextPair | Failure, tuple[TextPair, Labelled, Sequence[str], dict[str, tuple[LabelSpan, ...]]] | None]:
        if isinstance(source, Failure):
            return source, None
        try:
            for name in (*self.columns, *self.span_columns):
                if name not in source.columns:
                    known = ", ".join(source.columns)
                    raise InputError(wanted=f"a column {name!r}", came=f"columns {known}", where=source.where)
            spans = {name: bio_spans(source.columns[name]) for name in self.span_columns}
            pair = TextPair.from_words(source.words, target, id=source.id, where=source.where)
            return pair, (pair, source, target, spans)
        except InputError as error:
            return Failure(error=error, id=source.id), None

    def _result(
        self, evidence: Evidence, source: Labelled, target: Sequence[str], spans: dict[str, tuple[LabelSpan, ...]]
    ) -> LabelTransfer:
        rows = masses(evidence)
        mass = target_mass(rows, len(target))
        columns: dict[str, tuple[str | None, ...]] = {}
        confidences: dict[str, tuple[float, ...]] = {}
        projected: list[ProjectedSpan] = []
        for name in self.columns:
            columns[name], confidences[name] = self._labels(source.columns[name], rows, mass)
        for name, found in spans.items():
            placed = self._spans(found, rows, mass)
            kept = [LabelSpan(*span.target, span.label) for span in placed if span.target]
            columns[name] = to_bio(kept, len(target))
            confidences[name] = _span_confidences(placed, len(target))
            projected += placed
        labelled = Labelled(words=tuple(target), columns=columns, id=source.id, where=source.where)
        return LabelTransfer(labelled=labelled, confidences=confidences, spans=tuple(projected), evidence=evidence)

    def _labels(
        self, labels: Sequence[str | None], rows: Masses, target: Target
    ) -> tuple[tuple[str | None, ...], tuple[float, ...]]:
        """Return for each target word the label with the most mass, if it has enough, and its share."""
        votes: list[dict[str, float]] = [{} for _ in target.before[1:]]
        for label, row in zip(labels, rows, strict=True):
            for column, weight in row.items() if label is not None else ():
                votes[column][label] = votes[column].get(label, 0.0) + weight  # type: ignore[index, arg-type]
        best = [max(vote.items(), key=lambda item: item[1], default=("", 0.0)) for vote in votes]
        totals = (target.mass(column, column + 1) for column in range(len(votes)))
        shares = tuple(min(1.0, mass / max(1.0, total)) for (_, mass), total in zip(best, totals, strict=True))
        sure = [share >= self.threshold and share > 0 for share in shares]
        return tuple(label if keep else None for (label, _), keep in zip(best, sure, strict=True)), shares

    def _spans(self, spans: Sequence[LabelSpan], rows: Masses, target: Target) -> list[ProjectedSpan]:
        groups = [group(rows, range(span.start, span.end)) for span in spans]
        placed = []
        for span, found in zip(spans, place_groups(groups, target, 0, len(target.before) - 1), strict=True):
            confidence = found.confidence if found else 0.0
            place = (found.start, found.end) if found and confidence >= self.threshold else None
            placed.append(
                ProjectedSpan(label=span.label, source=(span.start, span.end), target=place, confidence=confidence)
            )
        return placed


def transfer_labels(
    source: Labelled, target: Sequence[str], aligner: PairAligner | Sequence[GivenLink], **settings: Any
) -> LabelTransfer:
    """Return target words with the labels of the source words.

    Args:
        source: words with their labels.
        target: the words of the translation.
        aligner: an aligner, or the links of this pair as (source word, target word) or with a weight.
        settings: those of `LabelProjector`.

    Raises:
        InputError: a column that the source has not, BIO labels that are none, or a blank word.

    >>> source = Labelled(words=("the", "black", "cat"), columns={"upos": ("DET", "ADJ", "NOUN")})
    >>> transfer_labels(source, ["le", "chat", "noir"], [(0, 0), (1, 2), (2, 1)]).labelled.columns["upos"]
    ('DET', 'NOUN', 'ADJ')
    """
    by = aligner if isinstance(aligner, PairAligner) else GivenLinks(links=[list(aligner)])
    return LabelProjector(aligner=by, **settings).project(source, target)


def _span_confidences(spans: Sequence[ProjectedSpan], count: int) -> tuple[float, ...]:
    """Return the confidence of the span that each target word is in, 0 outside."""
    confidences = [0.0] * count
    for span in spans:
        if span.target:
            start, end = span.target
            confidences[start:end] = [span.confidence] * (end - start)
    return tuple(confidences)
