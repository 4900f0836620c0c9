"""The evaluation of similarity: a run of a recipe, and pairs of another source beside."""

import json
from pathlib import Path

import pytest
import torch

from latentalign.cli.main import main
from latentalign.errors import UnknownNameError
from latentalign.evaluation.parts import unit_parts
from latentalign.evaluation.recipe import run
from latentalign.evaluation.similarity.deletion import deletion
from latentalign.families import Independent
from latentalign.models.potentials.lexical import Lexical
from latentalign.models.potentials.null import Null
from latentalign.models.scorer import PairScorer
from tests.tiny_models import write

PAIRS = [
    (5.0, "the cat sat on the mat", "the cat sat on the mat"),
    (4.0, "the cat sat on the mat", "a cat sat on it"),
    (1.0, "the dog looked at the cat", "die Straße ist schön"),
    (0.0, "im Café", "a naïve dog"),
]
RECIPE = """
evaluation = "similarity"
train = ["train.tsv"]
test = ["test.tsv"]
steps = 2
model = "{model}"
potentials = [{{ name = "similarity", weight = 8.0 }}, {{ name = "lexical" }}, {{ name = "null", weight = 4.0 }}]
families = [{{ name = "independent" }}]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    rows = [f"{score}\t{one}\t{other}\n" for score, one, other in PAIRS]
    (tmp_path / "train.tsv").write_text("".join(rows), encoding="utf8")
    (tmp_path / "test.tsv").write_text("".join(rows[:3]), encoding="utf8")
    others = "".join(f"{one}\t{other}\t{5 - score}\n" for score, one, other in PAIRS[:3])
    (tmp_path / "other.tsv").write_text(f"a\tb\tscore\n{others}", encoding="utf8")
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(model=write(tmp_path / "bert", "bert")), encoding="utf8")
    return path


def test_what_is_lost_on_pairs_of_another_source_is_told(recipe: Path) -> None:
    plain = run(recipe, data=recipe.parent)
    assert [row["system"] for row in plain.rows] == [
        "mean-pooled cosine",
        "independent",
        "whole and words, independent",
    ]
    assert "lost" not in plain.rows[0]
    second = ['second.name="turned"', 'second.files=["other.tsv"]', "second.columns=[2, 0, 1]"]
    report = run(recipe, data=recipe.parent, overrides=second)
    for row, before in zip(report.rows, plain.rows, strict=True):
        assert row["mean"] == before["mean"]
        # the same pairs with the scores turned round, so the ranks are as well
        assert row["turned: other"] == pytest.approx(-row["mean"])
        assert row["lost"] == pytest.approx(200 * row["mean"], abs=0.01)
    assert any("turned: 3 pairs in 1 sets" in note for note in report.notes)


def test_a_wrong_key_of_the_other_source_is_named(recipe: Path, capsys) -> None:
    with pytest.raises(UnknownNameError, match="second: wanted a setting of SecondPairs, got 'file'"):
        run(recipe, data=recipe.parent, overrides=['second.name="x"', 'second.file="other.tsv"'])
    assert main(["evaluate", str(recipe), "--data", str(recipe.parent), "--json"]) == 0
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 3


def test_what_perturbations_cost_is_told_for_every_system(recipe: Path) -> None:
    report = run(recipe, data=recipe.parent, overrides=['perturbations=["casing", "typos"]'])
    assert all(isinstance(row["typos"], float) and "word order" not in row for row in report.rows)
    assert all(row["casing"] == 0.0 for row in report.rows[1:2])  # three pairs far apart stay in their order
    none = run(recipe, data=recipe.parent, overrides=["perturbations=[]", "deletions=0"])
    assert [row["mean"] for row in none.rows] == [row["mean"] for row in report.rows]
    assert {row["deletion"] for row in none.rows} == {"–"}
    assert [row["deletion"] == "–" for row in report.rows] == [True, False, True]


def test_the_deletion_test_removes_the_words_that_are_linked() -> None:
    """Only the same word on both sides is worth anything, so the one that is there carries all of the score."""
    scorer = PairScorer(encoder=None, potentials=(Lexical(), Null()))
    weights = torch.tensor([9.0, 4.0])
    found = deletion(scorer, Independent(), weights, [("a b c mat e", "x y mat"), ("one", "one")])
    ((fall,), (other,)) = found.linked, found.random
    whole, without = (
        float(unit_parts(scorer, [pair]).relevances(Independent(), weights)[0])
        for pair in (("a b c mat e", "x y mat"), ("a b c e", "x y mat"))
    )
    assert fall == pytest.approx(whole - without)
    assert fall > other
