"""What a translation leaves out, adds or gets wrong in its numbers, with the spans, and whether that can be told."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from latentalign.errors import InputError
from latentalign.formats.fields import evidence_fields
from latentalign.tasks.alignment.given_links import GivenLink, GivenLinks
from latentalign.tasks.alignment.pair_aligner import KnowsWords, PairAligner, masses
from latentalign.tasks.transfer.check_numbers import differing_numbers
from latentalign.tasks.transfer.intervals import target_mass
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Span
from latentalign.text.words import words

Kind = Literal["omission", "addition", "number changed", "number missing", "number added"]
Importance = Callable[[str], float]


class _Word(NamedTuple):
    span: Span
    text: str
    weight: float
    lacks: float


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Something to look at.

    Args:
        kind: what it is.
        source, target: where; None on the side that has no part in it.
        score: how sure and how heavy, in [0, 1]: for words, importance times what they lack; 1 for numbers.
        message: one sentence.
    """

    kind: Kind
    source: Span | None
    target: Span | None
    score: float
    message: str


@dataclass(frozen=True, kw_only=True)
class TranslationCheck:
    """What was found in a pair.

    Args:
        issues: in the order of the source, then of the target.
        abstained: why words were not judged; empty if they were. Numbers are judged all the same.
        evidence: the alignment.
    """

    issues: tuple[Issue, ...]
    abstained: str
    evidence: Evidence

    def to_fields(self) -> dict[str, Any]:
        """Return the result as fields that JSON can hold."""
        names = ("kind", "source", "target", "score", "message")
        issues = [{name: getattr(issue, name) for name in names} for issue in self.issues]
        fields = {"id": self.evidence.id, "issues": issues, "abstained": self.abstained or None}
        return fields | {"evidence": evidence_fields(self.evidence)}


def by_length(word: str) -> float:
    """Return the importance of a word by its letters: 0 up to two, 1 from five on; an ideograph counts as three.

    >>> by_length("of"), by_length("committee"), by_length("图书馆")
    (0.0, 1.0, 1.0)
    """
    letters = sum(
        3 if "\u2e80" <= one <= "\u9fff" or "\uac00" <= one <= "\ud7a3" else 1 for one in word if one.isalpha()
    )
    return min(1.0, max(0, letters - 2) / 3)


def by_frequency(texts: Iterable[str]) -> Importance:
    r"""Return the importance of words by how rare they are in some texts: $\log(N / n_w) / \log N$, 1 if unknown.

    Args:
        texts: of one language; 1,000 sentences are enough.

    Raises:
        InputError: fewer than two texts.

    >>> importance = by_frequency(["the cat", "the dog", "the bird"])
    >>> importance("The"), importance("cat"), importance("horse")
    (0.0, 1.0, 1.0)
    """
    seen: Counter[str] = Counter()
    count = 0
    for text in texts:
        count += 1
        seen.update({span.of(text).lower() for span in words(text)})
    if count < 2:
        raise InputError(wanted="at least two texts to count words in", came=str(count), where="by_frequency")

    def importance(word: str) -> float:
        if not any(character.isalpha() for character in word):
            return 0.0
        return math.log(count / max(1, seen[word.lower()])) / math.log(count)

    return importance


@dataclass(frozen=True, kw_only=True, eq=False)
class TranslationChecker:
    r"""Looks for words without a counterpart and for numbers that differ.

    What a word lacks is its NULL mass, or what its expected mass $\sum_j A_{ij}$ lacks of 1 if that is more (in a mean
    of two directions, a word that only its own direction aligns has half). A word is told if what it lacks, times its
    importance, reaches the threshold; neighbouring ones are one issue.

    Words are not judged where the aligner can tell that it has seen less than ``least_known`` of those of a side (see
    `KnowsWords`), or where less than ``least_linked`` of the importance of a side is aligned at all: these are
    other languages, or no translations of each other.

    Args:
        aligner: should be one for these languages.
        source_importance, target_importance: of a word, in [0, 1].
        threshold: in (0, 1].
        least_known, least_linked: in [0, 1].
    """

    aligner: PairAligner
    source_importance: Importance = by_length
    target_importance: Importance = by_length
    threshold: float = 0.5
    least_known: float = 0.5
    least_linked: float = 0.5

    def __post_init__(self) -> None:
        for name in ("threshold", "least_known", "least_linked"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(wanted="a number in [0, 1]", came=repr(getattr(self, name)), where=name)

    @classmethod
    def load(cls, **settings: Any) -> TranslationChecker:
        """Return a checker with its model loaded; the settings are those of ``AlignerConfig``."""
        from latentalign.tasks.alignment.align import Aligner

        return cls(aligner=Aligner.load(keep_matrix=True, **settings))

    def check(self, source: str, target: str) -> TranslationCheck:
        """Return what is to be looked at in one pair.

        Raises:
            InputError: a text without a word.
        """
        result = next(self.check_many([TextPair(source=source, target=target)]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def check_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[TranslationCheck | Failure]:
        """Yield one result a pair, in order; a pair that cannot be used yields a failure."""
        for result in self.aligner.align_many(pairs):
            yield result if isinstance(result, Failure) else self._checked(result)

    def _checked(self, evidence: Evidence) -> TranslationCheck:
        rows = masses(evidence)
        target = target_mass(rows, len(evidence.target_spans))
        sums = [sum(row.values()) for row in rows], [target.mass(j, j + 1) for j in range(len(evidence.target_spans))]
        sides = (
            _side(evidence.source, evidence.source_spans, evidence.null_source, sums[0], self.source_importance),
            _side(evidence.target, evidence.target_spans, evidence.null_target, sums[1], self.target_importance),
        )
        abstained = self._abstained(*sides)
        issues: list[Issue] = []
        if not abstained:
            omissions, additions = (_stretches(side, self.threshold) for side in sides)
            issues += [_issue("omission", evidence, span, None, score) for span, score in omissions]
            issues += [_issue("addition", evidence, None, span, score) for span, score in additions]
        for left, right, _ in differing_numbers(evidence, rows):
            kind: Kind = "number changed" if left and right else "number missing" if left else "number added"
            issues.append(_issue(kind, evidence, left, right, 1.0))
        return TranslationCheck(issues=tuple(sorted(issues, key=_place)), abstained=abstained, evidence=evidence)

    def _abstained(self, source: Sequence[_Word], target: Sequence[_Word]) -> str:
        """Return why the words are not judged, or nothing."""
        if isinstance(self.aligner, KnowsWords):
            known = min(
                self.aligner.knows((word.text for word in source if word.weight), side="source"),
                self.aligner.knows((word.text for word in target if word.weight), side="target"),
            )
            if known < self.least_known:
                return f"the aligner knows only {known:.0%} of the words of a side"
        linked = min(_linked(source), _linked(target))
        if linked < self.least_linked:
            return f"only {linked:.0%} of the content of a side is aligned: other languages, or no translation"
        return ""


def check_translation(
    source: str, target: str, aligner: PairAligner | Sequence[GivenLink], **settings: Any
) -> TranslationCheck:
    """Return what is to be looked at in a translation.

    Args:
        source, target: the texts.
        aligner: an aligner, or the links of this pair as (source word, target word) or with a weight.
        settings: those of `TranslationChecker`.

    Raises:
        InputError: a text without a word.

    >>> links = [(0, 0), (1, 1), (2, 2), (3, 3), (5, 4)]
    >>> found = check_translation("Peter paid 1,500 euros yesterday evening", "Peter paya 1.050 euros soir", links)
    >>> [issue.message for issue in found.issues]
    ["'1,500' became '1.050'", "'yesterday' has no counterpart in the translation"]
    """
    by = aligner if isinstance(aligner, PairAligner) else GivenLinks(links=[list(aligner)])
    return TranslationChecker(aligner=by, **settings).check(source, target)


def _side(
    text: str, units: Sequence[Span], null: Sequence[float], sums: Sequence[float], importance: Importance
) -> list[_Word]:
    """Return the words of a side with their importance and what they lack."""
    return [
        _Word(unit, unit.of(text), importance(unit.of(text)), min(1.0, max(mass, 1.0 - total)))
        for unit, mass, total in zip(units, null, sums, strict=True)
    ]


def _linked(words: Sequence[_Word]) -> float:
    """Return the share of importance that is aligned to something; 1 if there is nothing of importance."""
    total = sum(word.weight for word in words)
    return sum(word.weight * (1.0 - max(0.0, word.lacks)) for word in words) / total if total else 1.0


def _stretches(words: Sequence[_Word], threshold: float) -> Iterator[tuple[Span, float]]:
    """Yield the stretches of words whose importance times what they lack reaches the threshold, with the largest."""
    for told, group in itertools.groupby(words, key=lambda word: word.weight * word.lacks >= max(threshold, 1e-9)):
        if told:
            found = list(group)
            yield Span(found[0].span.start, found[-1].span.end), max(word.weight * word.lacks for word in found)


def _issue(kind: Kind, evidence: Evidence, source: Span | None, target: Span | None, score: float) -> Issue:
    left, right = (
        (repr(source.of(evidence.source)) if source else ""),
        (repr(target.of(evidence.target)) if target else ""),
    )
    message = {
        "omission": f"{left} has no counterpart in the translation",
        "addition": f"{right} has no counterpart in the source",
        "number changed": f"{left} became {right}",
        "number missing": f"{left} is missing in the translation",
        "number added": f"{right} is not in the source",
    }[kind]
    return Issue(kind=kind, source=source, target=target, score=score, message=message)


def _place(issue: Issue) -> tuple[bool, Span]:
    return issue.source is None, issue.source or issue.target or Span(0, 0)
