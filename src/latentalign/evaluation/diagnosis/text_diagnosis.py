"""The right disease from prose that other people wrote, beside lists of symptoms of the same diseases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from latentalign.evaluation.diagnosis.disease_texts import DiseaseText
from latentalign.evaluation.diagnosis.symptom_lists import Lists, Setting
from latentalign.evaluation.ranks import rank, recall, reciprocal
from latentalign.evaluation.report import Cell, Report
from latentalign.metrics.auroc import auroc
from latentalign.metrics.bootstrap import bootstrap
from latentalign.metrics.calibration_error import calibration_error
from latentalign.models.matcher.phrases import encode
from latentalign.models.matcher.profile import Profile
from latentalign.models.matcher.profiles import Findings
from latentalign.registry import require
from latentalign.tasks.diagnosis.case import Case
from latentalign.tasks.diagnosis.diagnose import Diagnoser

NOTE = (
    "decision support, not medical advice; {name}: each text as it is, a pronoun for the names of its disease, "
    "which has a name in common with one disease of the catalogue and one only, acronyms and names below eight "
    "characters left out; a subtype may have matched the disease above it; names, words, vectors: of the phrases "
    "that ours reads in the text and that it does not take for denied; TF-IDF: the whole text with the whole "
    "profile; ours, phrases as a list: each phrase is a symptom; ties count by their mean rank; 95%: a bootstrap "
    "over the texts; lost: points of R@1, against exact lists of {size} symptoms of those diseases that have so "
    "many; turned away, ECE: as above; AUROC removed: of the probability that any fits, against the same texts "
    "with the disease taken out of the catalogue"
)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a system makes of a case.

    Args:
        number: of the right profile.
        rank: its rank.
        confidence, right: the highest probability given that a profile fits, and whether it is that of the right one;
            None where there are no probabilities.
        something, removed: the probability that any fits, and once the right one is taken away.
    """

    number: int
    rank: float
    confidence: float | None = None
    right: bool = False
    something: float = 0.0
    removed: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class TextDiagnosis:
    """A diagnoser that reads texts, and its baselines.

    Args:
        diagnoser: ours.
        systems: from a list of symptoms to (profile,) values.
        profiles: the catalogue.
    """

    diagnoser: Diagnoser
    systems: Mapping[str, Callable[[Sequence[str]], Tensor]]
    profiles: Sequence[Profile]

    def report(
        self, texts: Sequence[DiseaseText], asked: Sequence[int], *, draws: Sequence[Lists], size: int, name: str
    ) -> Report:
        """Return the table, for the texts on the diseases that are asked for and for all.

        Args:
            texts: without the names of the diseases.
            asked: the numbers of these diseases.
            draws: of exact lists.
            size: symptoms of a list.
            name: of the texts.
        """
        numbers = sorted({one.number for one in texts})
        exact = Setting(wording="exact", size=size)
        listed = [(number, Case.of(said)) for some in draws for number, said in some.drawn(numbers, exact)]
        found = self._answered([(one.number, Case.of(one.text)) for one in texts])
        known = self._answered(listed)
        rows: list[dict[str, Cell]] = []
        for part, wanted in (("asked for", set(asked)), ("all", set(numbers))):
            for system, all_of_them in found.items():
                some = [one for one in all_of_them if one.number in wanted]
                lists = [one for one in known.get(system, ()) if one.number in wanted]
                if some:
                    rows.append({"diseases": part, "system": system, **_row(some, lists)})
        return Report(
            title="Diagnosis: the right disease from texts that other people wrote",
            rows=rows,
            notes=(f"{len(texts)} texts on {len(numbers)} diseases", NOTE.format(name=name, size=size)),
        )

    def _answered(self, cases: Sequence[tuple[int, Case]]) -> dict[str, list[Answered]]:
        """Return what each system makes of each case."""
        said = dict.fromkeys(one.text for _, case in cases for one in case.symptoms(self.diagnoser.is_name))
        assert self.diagnoser.phrases.encoder is not None
        encode(list(said), self.diagnoser.phrases.encoder)  # many at once; it remembers them
        found: dict[str, list[Answered]] = {}
        for number, case in cases:
            present = [one.text for one in case.symptoms(self.diagnoser.is_name) if one.state != "absent"]
            for name, values in self.systems.items():
                found.setdefault(name, []).append(Answered(number=number, rank=rank(values(present), number)))
            found.setdefault("TF-IDF", []).append(Answered(number=number, rank=rank(self._tfidf(case.text), number)))
            ratios = self.diagnoser.ratios([one.text for one in case.symptoms(self.diagnoser.is_name)])
            listed = self.diagnoser.read(case, ratios, listed=True)
            found.setdefault("ours, phrases as a list", []).append(self._ours(number, listed))
            found.setdefault("ours", []).append(self._ours(number, self.diagnoser.read(case, ratios)))
        return found

    def _ours(self, number: int, findings: Findings) -> Answered:
        given = self.diagnoser.given(findings)
        return Answered(
            number=number,
            rank=rank(self.diagnoser.values(findings) + self.diagnoser.profiles.prior, number),
            confidence=float(given.max().clamp(0, 1)),
            right=int(given.argmax()) == number,
            something=1 - float(self.diagnoser.probabilities(findings)[-1]),
            removed=1 - float(self.diagnoser.probabilities(findings, left_out=number)[-1]),
        )

    def _tfidf(self, text: str) -> Tensor:
        machine, known = self._profiles_as_texts
        return torch.from_numpy((known @ machine.transform([text]).T).toarray()[:, 0])

    @cached_property
    def _profiles_as_texts(self) -> tuple[Any, Any]:
        machine = require("sklearn.feature_extraction.text", extra="sklearn").TfidfVectorizer(sublinear_tf=True)
        return machine, machine.fit_transform(["; ".join(some.name for some in one.features) for one in self.profiles])


def _row(texts: Sequence[Answered], lists: Sequence[Answered]) -> dict[str, Cell]:
    """Return the figures of a system on texts, beside lists of symptoms of the same diseases."""
    ranks = [one.rank for one in texts]
    first = bootstrap(ranks, lambda some: recall(some, 1))
    row: dict[str, Cell] = {"texts": len(texts), "R@1": first.value, "95%": f"{first.low:.3f} to {first.high:.3f}"}
    row |= {"R@10": recall(ranks, 10), "MRR": reciprocal(ranks)}
    row |= {"R@1, lists": "–", "lost": "–", "turned away": "–", "ECE": "–", "AUROC removed": "–"}
    enough = {one.number for one in lists}
    if compared := [one.rank for one in texts if one.number in enough]:
        before = recall([one.rank for one in lists], 1)
        row |= {"R@1, lists": before, "lost": round(100 * (before - recall(compared, 1)), 2)}
    sure = [one.confidence for one in texts if one.confidence is not None]
    if sure:
        told = [*(one.something for one in texts), *(one.removed for one in texts)]
        row["turned away"] = sum(one.something <= 0.5 for one in texts) / len(texts)
        row["ECE"] = calibration_error(sure, [one.right for one in texts])
        row["AUROC removed"] = auroc(told, [True] * len(texts) + [False] * len(texts))
    return row
