"""Semantic textual similarity: does the value of an alignment rank pairs as people do?"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign import config, registry
from latentalign.evaluation.files import find, lines
from latentalign.evaluation.parts import Parts, fit_weights, relevance, unit_parts
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report, describe
from latentalign.evaluation.similarity.deletion import deletion
from latentalign.families import AlignmentFamily
from latentalign.metrics.correlation import spearman
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.models.units import Units
from latentalign.text.segment import segment

Rows = list[tuple[float, str, str]]
NOTE = (
    "names of perturbations: points of the mean lost where both texts of each pair are perturbed; deletion: mean fall "
    "of the score without the words of the first text whose links carry most, less without random ones, and its 95% "
    "interval"
)


@dataclass(frozen=True, kw_only=True)
class SecondPairs:
    """Test sets of another source, on which nothing was fitted.

    Args:
        name: for the table.
        files: patterns, as those of the test sets.
        columns: where the score and the two texts stand, from 0.
    """

    name: str
    files: list[str]
    columns: tuple[int, int, int] = (0, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Similarity(Recipe):
    """Spearman between the value a unit and the human score, beside the cosine of mean-pooled states.

    Each family is measured alone, and together with the cosine of the wholes, as a matcher values two texts: how much
    each of the two counts is a regression of the human scores of the training sets on both.

    Args:
        train, test: patterns of files of tab-separated columns; rows without a numeric score are left out.
        columns: where the score and the two texts stand, from 0.
        families: tables of alignment families.
        potentials: tables of potentials; their weights are where the fit begins.
        model, layer: the encoder and the hidden layer of the states.
        pairs_per_set: how many pairs of each training file the weights are fitted on, drawn by the seed.
        steps, rate, seed: of the fit.
        second: pairs of another source; each system's mean there, and the points that it loses, are columns.
        perturbations: names; both texts of each test pair are perturbed, and the points that the mean loses are told.
        synonyms: WordNet's ``index.sense``, below the data folder; the loss where words are replaced by synonyms is
            told as well. None leaves it out.
        deletions: pairs of the deletion test of each family, evenly spread over the test sets; 0 leaves it out.
    """

    train: list[str]
    test: list[str]
    families: list[dict[str, Any]]
    potentials: list[dict[str, Any]]
    model: str | None = None
    layer: int = -1
    columns: tuple[int, int, int] = (0, 1, 2)
    pairs_per_set: int = 200
    steps: int = 50
    rate: float = 0.1
    seed: int = 0
    second: SecondPairs | None = None
    perturbations: tuple[str, ...] = tuple(PERTURBATIONS)
    synonyms: str | None = None
    deletions: int = 100

    def measure(self, data: Path) -> Report:
        """Fit the weights of the potentials on the training sets and report every test set."""
        train = {path.name: self._drawn(_read(path, self.columns)) for path in find(data, self.train)}
        test = {path.name: _read(path, self.columns) for path in find(data, self.test)}
        ways = Perturbations.of(self.perturbations, data, synonyms=self.synonyms)
        second, changed = self._second(data), _changed(test, ways)
        scorer = PairScorer.load(ScorerConfig(model=self.model, layer=self.layer, potentials=self.potentials))
        cosines = {name: _cosines(scorer, rows) for name, rows in (train | test | second | changed).items()}
        fitting, testing, beyond, altered = (
            {name: (unit_parts(scorer, [row[1:] for row in rows]), _scores(rows)) for name, rows in sets.items()}
            for sets in (train, test, second, changed)
        )
        pairs = [row[1:] for rows in test.values() for row in rows]
        some = pairs[:: max(1, -(-len(pairs) // self.deletions))] if self.deletions else []

        def row(system: str, values: Mapping[str, Sequence[float]], weights: str, tested: str = "–") -> dict[str, Cell]:
            known, other, lost = (
                {name: spearman(values[name], gold.tolist()) for name, (_, gold) in sets.items()}
                for sets in (testing, beyond, altered)
            )
            return _row(system, known, other, _lost(known, lost, ways.names) | {"deletion": tested, "weights": weights})

        table = [row("mean-pooled cosine", cosines, "")]
        for settings in self.families:
            family: AlignmentFamily = config.build(registry.families, settings, where="families")
            weights = self._fit(family, fitting)
            every = fitting | testing | beyond | altered
            values = {name: inside.relevances(family, weights) for name, (inside, _) in every.items()}
            alone = {name: one.tolist() for name, one in values.items()}
            fell = deletion(scorer, family, weights, some)
            tested = str(fell.effect) if fell.linked else "–"
            table.append(row(describe(settings), alone, " ".join(f"{one:.2f}" for one in weights.tolist()), tested))
            mixed = {name: torch.stack([torch.tensor(cosines[name]), one], dim=1) for name, one in values.items()}
            shares = _regressed(mixed, fitting)
            both = {name: (one @ shares).tolist() for name, one in mixed.items()}
            whole, words = shares.tolist()
            table.append(row(f"whole and words, {describe(settings)}", both, f"whole {whole:.2f}, words {words:.2f}"))
        return Report(
            title="Semantic textual similarity: Spearman with the human score",
            rows=table,
            notes=[*self._notes(train, test, second), NOTE, *ways.notes([one for pair in pairs for one in pair])],
        )

    def _notes(self, train: Mapping[str, Rows], test: Mapping[str, Rows], second: Mapping[str, Rows]) -> list[str]:
        names = ", ".join(str(potential["name"]) for potential in self.potentials)
        notes = [
            f"test: {_count(test)} with a numeric score; weights fitted on {_count(train)}, seed {self.seed}",
            f"weights, in order: {names}; score: value a unit, 2 Phi / (n + m)",
        ]
        if self.second is not None:
            notes.append(
                f"{self.second.name}: {_count(second)}, on which nothing was fitted; lost: the mean less it, in points"
            )
        return notes

    def _second(self, data: Path) -> dict[str, Rows]:
        if self.second is None:
            return {}
        columns, name = self.second.columns, self.second.name
        return {f"{name}: {path.name}": _read(path, columns) for path in find(data, self.second.files)}

    def _drawn(self, rows: Rows) -> Rows:
        return random.Random(self.seed).sample(rows, min(self.pairs_per_set, len(rows)))

    def _fit(self, family: AlignmentFamily, sets: Mapping[str, tuple[Parts, Tensor]]) -> Tensor:
        def loss(weights: Tensor) -> Tensor:
            found = [_pearson(relevance(inside.alignment(family, weights)), gold) for inside, gold in sets.values()]
            return -torch.stack(found).mean()

        start = [float(potential.get("weight", 1.0)) for potential in self.potentials]
        return fit_weights(loss, start, steps=self.steps, rate=self.rate)


def _changed(test: Mapping[str, Rows], ways: Perturbations) -> dict[str, Rows]:
    """Return the test sets under each perturbation."""
    found: dict[str, Rows] = {}
    for kind in ways.names:
        for name, rows in test.items():
            first = ways.changed([one for _, one, _ in rows], kind, seed=1)
            second = ways.changed([one for _, _, one in rows], kind, seed=2)
            found[f"{kind}: {name}"] = list(zip([score for score, _, _ in rows], first, second, strict=True))
    return found


def _lost(known: Mapping[str, float], changed: Mapping[str, float], kinds: Sequence[str]) -> dict[str, Cell]:
    """Return the points that the mean over the test sets loses under each perturbation."""
    return {
        kind: round(100 * sum(known[name] - changed[f"{kind}: {name}"] for name in known) / len(known), 2)
        for kind in kinds
    }


def _regressed(mixed: Mapping[str, Tensor], fitting: Mapping[str, tuple[Parts, Tensor]]) -> Tensor:
    """Return (whole, words) the weights by which the two explain the human scores of the training sets best."""
    known = torch.cat([mixed[name] for name in fitting])
    gold = torch.cat([gold for _, gold in fitting.values()])
    solved: Tensor = torch.linalg.lstsq(torch.cat([known, torch.ones(len(known), 1)], dim=1), gold[:, None]).solution
    return solved[:2, 0]


def _count(sets: Mapping[str, Rows]) -> str:
    return f"{sum(map(len, sets.values())):,} pairs in {len(sets)} sets"


def _read(path: Path, columns: tuple[int, int, int]) -> Rows:
    rows = []
    for line in lines(path):
        cells = line.split("\t")
        if len(cells) > max(columns) and _is_number(cells[columns[0]]):
            rows.append((float(cells[columns[0]]), cells[columns[1]], cells[columns[2]]))
    return rows


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _scores(rows: Rows) -> Tensor:
    return torch.tensor([row[0] for row in rows])


@torch.inference_mode()
def _cosines(scorer: PairScorer, rows: Rows) -> list[float]:
    assert scorer.encoder is not None
    sides = [
        torch.stack(
            [
                one.pooled
                for one in scorer.encoder.encode(_units(row[side] for row in rows), level="word")
                if one.pooled is not None
            ]
        )
        for side in (1, 2)
    ]
    return F.cosine_similarity(sides[0], sides[1]).tolist()


def _units(texts: Any) -> list[Units]:
    return [Units(text=text, spans=segment(text)) for text in texts]


def _pearson(found: Tensor, gold: Tensor) -> Tensor:
    left, right = found - found.mean(), gold - gold.mean()
    return F.cosine_similarity(left, right, dim=0)


def _row(
    system: str, found: Mapping[str, float], second: Mapping[str, float], further: Mapping[str, Cell]
) -> dict[str, Cell]:
    mean = sum(found.values()) / len(found)
    row: dict[str, Cell] = {"system": system, "mean": mean, **{_short(name): one for name, one in found.items()}}
    if second:
        beyond = sum(second.values()) / len(second)
        row |= {_short(name): one for name, one in second.items()} | {"lost": round(100 * (mean - beyond), 2)}
    return row | dict(further)


def _short(name: str) -> str:
    return name.removesuffix(".gz").removesuffix(".tsv").removesuffix(".test")
