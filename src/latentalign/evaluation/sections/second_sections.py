"""Structured abstracts of another source: what a classifier of sections loses on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from latentalign.errors import InputError
from latentalign.evaluation.report import Cell
from latentalign.evaluation.sections.bench import AS_IT_IS, SentenceAnswers
from latentalign.evaluation.shared_names import check_named
from latentalign.metrics.bootstrap import bootstrap
from latentalign.tasks.sections.labelled_documents import Labelled
from latentalign.tasks.sections.structured_abstracts import StructuredAbstract, StructuredAbstracts
from latentalign.text.split_texts import SplitText

NOTE = (
    "accuracy: of sentences, among all sections, given that one fits, mean of the seeds; first set: its test sentences "
    "of the sections that both sets have; second set: sentences below a heading that means such a section, 95%: a "
    "bootstrap over its documents; balanced: the mean over these sections of the share that is right (each section, in "
    "per cent), so that it does not matter how many sentences each has; lost: the difference in points; turned away: "
    "the share of those sentences that NULL takes"
)


@dataclass(frozen=True, kw_only=True)
class SecondSections:
    """Structured abstracts of another source, whose headings mean sections of the first set.

    Args:
        name: for the table.
        abstracts: where they are, and what their headings mean.
    """

    name: str
    abstracts: StructuredAbstracts

    def read(self, data: Path, *, known: Collection[str]) -> SecondDocuments:
        """Return the abstracts under the sections of the first set.

        Args:
            data: the data folder.
            known: the sections of the first set.

        Raises:
            InputError: the file cannot be read, or a heading or a section that one of the two sets does not have.
        """
        rows = self.abstracts.read(data)
        where, headings = f"second set {self.name}", {one for row in rows for one in row.headings if one is not None}
        check_named("headings of the second set", self.abstracts.headings, headings, where=where)
        check_named("sections of the first set", self.abstracts.headings.values(), known, where=where)
        return SecondDocuments(name=self.name, rows=rows)


class _Judged(NamedTuple):
    """A sentence with a label, and the shares of the runs that are right, and that turn it away."""

    label: str
    right: float
    turned: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondDocuments:
    """The documents of a second set, some of whose sentences have a section of the first.

    Args:
        name: of the set.
        rows: the abstracts.
    """

    name: str
    rows: Sequence[StructuredAbstract]

    @property
    def version(self) -> str:
        """The name of the documents among the versions of a ``SectionsBench``."""
        return f"second set: {self.name}"

    @property
    def documents(self) -> list[SplitText]:
        """The documents."""
        return [row.document for row in self.rows]

    @property
    def labels(self) -> set[str]:
        """The sections of the first set that a sentence has here."""
        return {label for row in self.rows for label in row.labels if label is not None}

    def counts(self, first: Sequence[Labelled]) -> str:
        """Return how much is compared with the test documents of the first set."""
        theirs, shared = [label for row in self.rows for label in row.labels], self.labels
        every = Counter(label for label in theirs if label is not None)
        known = Counter(label for row in first for label in row.labels if label in shared)
        return (
            f"{self.name}: {len(self.rows)} documents with {_told(every)} against {_told(known)} of the first set; "
            f"{theirs.count(None)} below other headings or none, read with the others and not counted"
        )

    def row(self, first: Sequence[Labelled], runs: Sequence[Mapping[str, SentenceAnswers]]) -> dict[str, Cell]:
        """Return what a system is worth on both sets.

        Args:
            first: the test documents of the first set.
            runs: for each seed, the answers by the version of the documents: ``AS_IT_IS``, and ``version``.

        Raises:
            InputError: the first set has no sentence of these sections.
        """
        known = self._judged([one[AS_IT_IS] for one in runs], [row.labels for row in first])
        found = self._judged([one[self.version] for one in runs], [row.labels for row in self.rows])
        if not known:
            raise InputError(wanted="test sentences of the sections of both sets", came="none", where=self.name)
        before, after = _right(known), bootstrap(found, _right)
        shares = [_of_each(some) for some in (known, found)]
        balanced = [sum(one.values()) / len(one) for one in shares]
        answers_always = any(one[self.version].turned is None for one in runs)
        return {
            "accuracy, first set": before,
            "accuracy, second set": after.value,
            "95%": f"{after.low:.3f} to {after.high:.3f}",
            "lost": round(100 * (before - after.value), 2),
            "balanced, first set": balanced[0],
            "balanced, second set": balanced[1],
            "lost, balanced": round(100 * (balanced[0] - balanced[1]), 2),
            "each section, first set": _shown(shares[0]),
            "each section, second set": _shown(shares[1]),
            "turned away, first set": "–" if answers_always else _turned(known),
            "turned away, second set": "–" if answers_always else _turned(found),
        }

    def _judged(self, runs: Sequence[SentenceAnswers], labels: Sequence[Sequence[str | None]]) -> list[list[_Judged]]:
        """Return the sentences of shared sections of each document that has one."""
        shared = self.labels
        found: list[list[_Judged]] = [[] for _ in labels]
        answers = zip(*([one.names[place] for place in one.given.argmax(dim=1).tolist()] for one in runs), strict=True)
        turned = zip(
            *([False] * len(one.given) if one.turned is None else one.turned.tolist() for one in runs), strict=True
        )
        places = [(number, label) for number, some in enumerate(labels) for label in some]
        for (number, label), given, away in zip(places, answers, turned, strict=True):
            if label in shared:
                found[number].append(_Judged(label, given.count(label) / len(runs), sum(away) / len(runs)))
        return [some for some in found if some]


def _right(documents: Sequence[Sequence[_Judged]]) -> float:
    shares = [one.right for some in documents for one in some]
    return sum(shares) / len(shares)


def _turned(documents: Sequence[Sequence[_Judged]]) -> float:
    shares = [one.turned for some in documents for one in some]
    return sum(shares) / len(shares)


def _of_each(documents: Sequence[Sequence[_Judged]]) -> dict[str, float]:
    """Return the share of right answers of each section."""
    found: dict[str, list[float]] = {}
    for some in documents:
        for one in some:
            found.setdefault(one.label, []).append(one.right)
    return {label: sum(found[label]) / len(found[label]) for label in sorted(found)}


def _shown(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {100 * share:.1f}" for label, share in shares.items())


def _told(counts: Mapping[str, int]) -> str:
    inner = ", ".join(f"{label} {counts[label]}" for label in sorted(counts))
    return f"{sum(counts.values())} sentences ({inner})"
