"""The evaluation of diagnosis: lists drawn from profiles, baselines by hand, and a whole run of a recipe."""

import json
import math
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latentalign.cli.main import main
from latentalign.evaluation.diagnosis import rank
from latentalign.evaluation.overlap import Overlap, stems, whole_names
from latentalign.evaluation.rewording import WORDINGS, reworded, synonyms_of
from latentalign.evaluation.symptom_lists import Lists, Setting
from latentalign.models.matcher.profile import Feature, Profile
from tests.tiny_models import write

ROWS = {
    "flu": ["high fever", "dry cough", "muscle aches", "sore throat"],
    "measles": ["high fever", "blotchy rash", "runny nose", "red eyes"],
    "migraine": ["throbbing headache", "nausea", "sensitivity to light", "blurred vision"],
}
PROFILES = tuple(Profile(name=name, features=tuple(Feature(name=one) for one in some)) for name, some in ROWS.items())
OBO = '[Term]\nid: X:1\nname: Nausea\nsynonym: "Feeling sick" EXACT []\nsynonym: "Queasy" NARROW []\n'


@given(st.sampled_from(WORDINGS), st.lists(st.sampled_from("abcde"), min_size=1, max_size=5), st.integers(0, 9))
def test_a_name_reworded_keeps_all_words_but_one(wording: str, words: list[str], seed: int) -> None:
    found = reworded(" ".join(words), wording, Random(seed), {}).split()
    assert len(words) - 1 <= len(found) <= len(words)
    assert found
    assert all(found.count(one) <= words.count(one) for one in found)
    assert wording != "exact" or found == words


def test_synonyms_go_in_both_directions(tmp_path: Path) -> None:
    (tmp_path / "a.obo").write_text(OBO, encoding="utf8")
    found = synonyms_of(tmp_path / "a.obo")
    assert found == {"nausea": ["Feeling sick"], "feeling sick": ["Nausea"]}
    assert reworded("Nausea", "typos", Random(0), found) != "Nausea"
    assert reworded("NAUSEA", "synonyms", Random(0), found) == "Feeling sick"


def test_lists_hold_so_many_of_the_profile_and_wrong_ones_of_others() -> None:
    lists = Lists(profiles=PROFILES, synonyms={}, seed=3)
    setting = Setting(wording="exact", size=3, wrong=1)
    drawn = lists.drawn([0, 2], setting)
    assert drawn == lists.drawn([0, 2], setting)
    for number, said in drawn:
        own = set(ROWS[PROFILES[number].name])
        assert len(own & set(said)) == 3
        assert len(said) == setting.count == 4
    assert lists.drawn([0], Setting(wording="exact", size=5)) == []
    assert [len(one) for one in lists.mixed(2, setting)] == [4, 4]
    assert set(lists.other(["x"], 1, setting)[0]) == {"x"}


def test_the_overlap_is_that_of_the_formula() -> None:
    names = Overlap(profiles=PROFILES, parts=whole_names)
    common, rare = math.log1p((3 - 2 + 0.5) / 2.5), math.log1p((3 - 1 + 0.5) / 1.5)
    found = names.values(["High fever", "blotchy rash", "unheard of"])
    assert found.tolist() == pytest.approx([common / 2, (common + rare) / 2, 0.0])
    words = Overlap(profiles=PROFILES, parts=stems)
    assert int(words.values(["rash with blotches"]).argmax()) == 1
    assert rank(torch.zeros(3), 1) == 2.0


def test_a_recipe_prints_a_table_with_the_baselines(tmp_path: Path, capsys) -> None:
    rows = [{"disease": name, "symptoms": some} for name, some in ROWS.items()]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    (tmp_path / "other.jsonl").write_text('{"text": "play some music", "label": ""}\n', encoding="utf8")
    (tmp_path / "a.obo").write_text(OBO, encoding="utf8")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'evaluation = "diagnosis"\ncatalogue = ["a.jsonl"]\nqueries = "a.jsonl"\nsynonyms = "a.obo"\nsizes = [2]\n'
        f'other = {{ file = "other.jsonl" }}\n[settings]\nmodel = "{write(tmp_path / "bert", "bert")}"\n'
        "vector_weight = 0.0\nletter_weight = 19.0\n",
        encoding="utf8",
    )
    assert main(["evaluate", str(recipe), "--data", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "decision support, not medical advice" in shown
    assert "deletion test" in shown
    assert main(["evaluate", str(recipe), "--data", str(tmp_path), "--json"]) == 0
    table = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["wording"] for row in table] == [one for one in WORDINGS for _ in range(2)]
    assert all(row["lists"] == 3 and 0 <= row["R@1 ours"] <= row["R@10 ours"] == 1 for row in table)
    assert table[0]["R@1 ours"] == 1.0
    assert table[0]["risk area"] == 0.0
    assert all(0 <= row["Brier"] <= 2 for row in table)
    assert main(["evaluate", str(recipe), "--data", str(tmp_path), "--set", 'queries="b.jsonl"']) == 1
    assert "a file of the catalogue" in capsys.readouterr().err
