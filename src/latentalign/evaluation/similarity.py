"""Semantic textual similarity: does the value of an alignment rank pairs as people do?"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign import config, registry
from latentalign.evaluation.files import find, lines
from latentalign.evaluation.parts import Parts, fit_weights, relevance, unit_parts
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report, describe
from latentalign.families import AlignmentFamily
from latentalign.metrics.correlation import spearman
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.models.units import Units
from latentalign.text.segment import segment

Rows = list[tuple[float, str, str]]


@dataclass(frozen=True, kw_only=True)
class Similarity(Recipe):
    """Spearman between the value a unit and the human score, beside the cosine of mean-pooled states.

    Args:
        train, test: patterns of files with ``score<TAB>text<TAB>text``; rows without a numeric score are left out.
        families: tables of alignment families.
        potentials: tables of potentials; their weights are where the fit begins.
        model, layer: the encoder and the hidden layer of the states.
        pairs_per_set: how many pairs of each training file the weights are fitted on, drawn by the seed.
        steps, rate, seed: of the fit.
    """

    train: list[str]
    test: list[str]
    families: list[dict[str, Any]]
    potentials: list[dict[str, Any]]
    model: str | None = None
    layer: int = -1
    pairs_per_set: int = 200
    steps: int = 50
    rate: float = 0.1
    seed: int = 0

    def measure(self, data: Path) -> Report:
        """Fit the weights of the potentials on the training sets and report every test set."""
        train = {path.name: self._drawn(_read(path)) for path in find(data, self.train)}
        test = {path.name: _read(path) for path in find(data, self.test)}
        scorer = PairScorer.load(ScorerConfig(model=self.model, layer=self.layer, potentials=self.potentials))
        baseline = {name: spearman(_cosines(scorer, rows), [row[0] for row in rows]) for name, rows in test.items()}
        fitting = {name: (unit_parts(scorer, [row[1:] for row in rows]), _scores(rows)) for name, rows in train.items()}
        testing = {name: (unit_parts(scorer, [row[1:] for row in rows]), _scores(rows)) for name, rows in test.items()}
        table = [_row("mean-pooled cosine", baseline, "")]
        for settings in self.families:
            family: AlignmentFamily = config.build(registry.families, settings, where="families")
            weights = self._fit(family, fitting)
            found = {
                name: spearman(inside.relevances(family, weights).tolist(), gold.tolist())
                for name, (inside, gold) in testing.items()
            }
            table.append(_row(describe(settings), found, " ".join(f"{weight:.2f}" for weight in weights.tolist())))
        names = ", ".join(str(potential["name"]) for potential in self.potentials)
        return Report(
            title="Semantic textual similarity: Spearman with the human score",
            rows=table,
            notes=[
                f"test: {_count(test)} with a numeric score; weights fitted on {_count(train)}, seed {self.seed}",
                f"weights, in order: {names}; score: value a unit, 2 Phi / (n + m)",
            ],
        )

    def _drawn(self, rows: Rows) -> Rows:
        return random.Random(self.seed).sample(rows, min(self.pairs_per_set, len(rows)))

    def _fit(self, family: AlignmentFamily, sets: Mapping[str, tuple[Parts, Tensor]]) -> Tensor:
        def loss(weights: Tensor) -> Tensor:
            found = [_pearson(relevance(inside.alignment(family, weights)), gold) for inside, gold in sets.values()]
            return -torch.stack(found).mean()

        start = [float(potential.get("weight", 1.0)) for potential in self.potentials]
        return fit_weights(loss, start, steps=self.steps, rate=self.rate)


def _count(sets: Mapping[str, Rows]) -> str:
    return f"{sum(map(len, sets.values())):,} pairs in {len(sets)} sets"


def _read(path: Path) -> Rows:
    rows = []
    for line in lines(path):
        score, *texts = line.split("\t")[:3]
        if len(texts) == 2 and _is_number(score):
            rows.append((float(score), texts[0], texts[1]))
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


def _row(system: str, found: Mapping[str, float], weights: str) -> dict[str, Cell]:
    mean = sum(found.values()) / len(found)
    short = {name.removesuffix(".gz").removesuffix(".tsv").removesuffix(".test"): x for name, x in found.items()}
    return {"system": system, "mean": mean, **short, "weights": weights}
