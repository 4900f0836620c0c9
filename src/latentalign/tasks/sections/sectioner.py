"""The sentences of a document into its sections, in their order: trained, or from descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from latentalign import config, registry
from latentalign.errors import InputError, LatentAlignError
from latentalign.tasks.classification.result import Guess
from latentalign.tasks.sections.sectioned import CarryingWord, Sectioned, SectionedSentence
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence, Link, Span
from latentalign.text.split_texts import SplitText

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.families import AlignmentFamily, LatentAlignment

AT_ONCE = 32
"""Documents that are read together."""
BETWEEN = " | "
"""Stands between the names of sections where they are the target of evidence."""
IN_ORDER = {"name": "monotonic", "gap_query": None, "gap_key": 0.0, "repeat_query": True}
"""Sections that come in the order in which they are named, any of which may be left out; each sentence has one."""


class Scorer(Protocol):
    """Scores sentences against sections: ``SectionScorer``, or a matcher with a description of each section."""

    def scores(self, documents: Sequence[SplitText]) -> tuple[Tensor, Tensor]:
        """Return (document, sentence, section) scores against NULL at 0, and the mask of real sentences."""
        ...

    def carried(self, document: SplitText, sections: Sequence[int]) -> list[list[float]]:
        """Return what each word of each sentence adds to the score of a section."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class SectionClassifier:
    """Answers which section each sentence of a document is of; the order of the sections is part of the answer.

    Args:
        names: of the sections.
        scorer: a sentence against a section.
        family: how sections may follow each other; its posterior is the probability of an answer.
        fitted_on: what the probabilities were fitted on, for people.
    """

    names: tuple[str, ...]
    scorer: Scorer
    family: AlignmentFamily
    fitted_on: str = ""

    @classmethod
    def load(
        cls,
        sections: Mapping[str, str | Sequence[str]] | None = None,
        *,
        folder: str | Path | None = None,
        family: Mapping[str, Any] | str | None = None,
        **changes: Any,
    ) -> SectionClassifier:
        """Return a trained classifier, or one of sections that are described in their order.

        Args:
            sections: names with a description or examples each, in the order in which they come; None takes those of
                the folder.
            folder: of a trained classifier.
            family: table of a family; None is that of the folder, or ``IN_ORDER``.
            changes: settings of ``MatcherConfig``, where there is no folder.

        Raises:
            InputError: neither sections nor a folder, or both.
            ModelError: the model cannot be found, or its files are not what their hashes say.
        """
        if (sections is None) == (folder is None):
            raise InputError(
                wanted="sections with descriptions, or the folder of a trained classifier of sections",
                came="neither" if sections is None else "both",
                where="SectionClassifier.load",
                fix='SectionClassifier.load({"aim": "what we want to find out", "result": "what we found"})',
            )
        given = None if family is None else config.build(registry.families, family, where="family")
        if folder is not None:
            from latentalign.tasks.sections.sections_folder import read_sections

            found = read_sections(Path(folder))
            return found if given is None else replace(found, family=given)
        from latentalign.tasks.sections.described_sections import DescribedSections

        assert sections is not None
        return cls(
            names=tuple(sections),
            scorer=DescribedSections.of(sections, **changes),
            family=given or config.build(registry.families, IN_ORDER),
            fitted_on="nothing: the default encoder on descriptions",
        )

    def classify(self, document: str | Sequence[str] | SplitText) -> Sectioned:
        """Return the answer for one document: a text, its sentences, or a ``SplitText``.

        Raises:
            InputError: a document without a sentence, or with a lone surrogate.
        """
        result = next(self.classify_many([document]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def classify_many(
        self, documents: Iterable[str | Sequence[str] | SplitText | Failure]
    ) -> Iterator[Sectioned | Failure]:
        """Yield one result a document, in order; one that cannot be used yields a ``Failure`` and harms no other."""
        waiting = iter(documents)
        while window := list(islice(waiting, AT_ONCE)):
            settled = [_document(one) for one in window]
            usable = [one for one in settled if isinstance(one, SplitText)]
            results = iter(self._answers(usable))
            for one in settled:
                yield one if isinstance(one, Failure) else next(results)

    def align(self, documents: Sequence[SplitText]) -> LatentAlignment:
        """Return the alignment of the sentences (queries) of documents with the sections (keys)."""
        import torch

        from latentalign.families import LatentAlignment

        with torch.inference_mode():
            scores, mask = self.scorer.scores(documents)
        return LatentAlignment(family=self.family, scores=scores, mask=mask)

    def save(self, folder: str | Path) -> Path:
        """Write the classifier into a folder, complete or not at all, and return it.

        Raises:
            UnsupportedError: it was not trained.
        """
        from latentalign.tasks.sections.sections_folder import write_sections

        return write_sections(self, Path(folder))

    def _answers(self, documents: Sequence[SplitText]) -> Iterator[Sectioned]:
        if not documents:
            return
        alignment = self.align(documents)
        expected, nothing = alignment.expected.tolist(), alignment.null_query.tolist()
        best, alone = alignment.best, (alignment.scores / self.family.temperature).softmax(dim=-1).tolist()
        for place, document in enumerate(documents):
            count = len(document.sentences)
            chosen = [int(row.int().argmax()) if bool(row.any()) else None for row in best[place, :count]]
            first = [max(range(len(self.names)), key=row.__getitem__) for row in expected[place][:count]]
            carried = self.scorer.carried(document, [b if a is None else a for a, b in zip(chosen, first, strict=True)])
            sentences = tuple(
                SectionedSentence(
                    span=document.sentences[i],
                    label=None if (one := chosen[i]) is None else self.names[one],
                    ranked=self._ranked(expected[place][i], alignment.scores[place, i].tolist()),
                    nothing=nothing[place][i],
                    alone=max(alone[place][i]),
                    words=tuple(
                        CarryingWord(span=span, carried=value)
                        for span, value in zip(document.words[i], carried[i], strict=True)
                    ),
                )
                for i in range(count)
            )
            evidence = self._evidence(document, expected[place][:count], nothing[place], float(alignment.value[place]))
            yield Sectioned(text=document.text, sentences=sentences, evidence=evidence, id=document.id)

    def _ranked(self, chances: Sequence[float], values: Sequence[float]) -> tuple[Guess, ...]:
        order = sorted(range(len(self.names)), key=lambda one: -chances[one])
        return tuple(Guess(label=self.names[one], probability=chances[one], value=values[one]) for one in order)

    def _evidence(self, document: SplitText, rows: list[list[float]], nothing: list[float], value: float) -> Evidence:
        spans, reached = [], 0
        for name in self.names:
            spans.append(Span(reached, reached + len(name)))
            reached += len(name) + len(BETWEEN)
        return Evidence(
            source=document.text,
            target=BETWEEN.join(self.names),
            source_spans=document.sentences,
            target_spans=tuple(spans),
            links=tuple(
                Link(sentence, span, weight)
                for sentence, row in zip(document.sentences, rows, strict=True)
                for span, weight in zip(spans, row, strict=True)
                if weight >= 0.2
            ),
            null_source=tuple(nothing[: len(rows)]),
            null_target=tuple(min(1.0, max(0.0, 1 - sum(column))) for column in zip(*rows, strict=True)),
            score=value,
            family=type(self.family).__name__.lower(),
            matrix=tuple(map(tuple, rows)),
            id=document.id,
        )


def _document(given: str | Sequence[str] | SplitText | Failure) -> SplitText | Failure:
    if isinstance(given, SplitText | Failure):
        return given
    try:
        return SplitText.of_text(given) if isinstance(given, str) else SplitText.of_sentences(given)
    except LatentAlignError as error:
        return Failure(error=error)
