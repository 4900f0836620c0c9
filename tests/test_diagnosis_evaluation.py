"""The evaluation of diagnosis: lists drawn from profiles, baselines by hand, and a whole run of a recipe."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latentalign.cli.main import main
from latentalign.errors import InputError, UnknownNameError
from latentalign.evaluation.diagnosis.disease_texts import DiseaseTexts
from latentalign.evaluation.diagnosis.overlap import Overlap, stems, whole_names
from latentalign.evaluation.diagnosis.reworded_lists import lost, ways_of
from latentalign.evaluation.diagnosis.rewording import WORDINGS, reworded, synonyms_of
from latentalign.evaluation.diagnosis.symptom_lists import Lists, Setting
from latentalign.evaluation.ranks import rank
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


def test_changed_lists_are_the_exact_ones_and_only_changed() -> None:
    asked: list[tuple[str, ...]] = []
    read: list[str] = []

    def remembered(said: Sequence[str]) -> torch.Tensor:
        asked.append(tuple(said))
        assert set(said) <= set(read)
        return Overlap(profiles=PROFILES, parts=whole_names).values(said)

    ways = ways_of(["casing", "punctuation"], ("exact", "words", "synonyms"), {})
    assert ways.names == ("words", "casing", "punctuation")  # no synonyms are known
    draws = [Lists(profiles=PROFILES, synonyms={}, seed=seed) for seed in (0, 1)]
    report = lost(
        {"names": remembered},
        draws,
        [0, 1, 2],
        size=2,
        ways=ways,
        read=lambda lists: read.extend(one for some in lists for one in some),
    )
    assert [row["figure"] for row in report.rows] == ["R@1", "R@10"]
    first = report.rows[0]
    assert first["casing"] == first["punctuation"] == 0.0  # names are folded, and have no marks
    exact, words, capitals = asked[:6], asked[6:12], asked[12:18]
    overlap = Overlap(profiles=PROFILES, parts=whole_names)
    right = [rank(overlap.values(said), number) == 1 for said, number in zip(words, [0, 1, 2] * 2, strict=True)]
    assert first["words"] == pytest.approx(100 * (first["exact"] - sum(right) / 6), abs=0.01)
    assert [tuple(map(str.lower, said)) for said in capitals] == exact
    setting = Setting(wording="exact", size=2)
    assert exact == [tuple(said) for some in draws for _, said in some.drawn([0, 1, 2], setting)]
    with pytest.raises(InputError, match="5 findings"):
        lost({}, draws, [0], size=5, ways=ways, read=lambda _: None)
    with pytest.raises(UnknownNameError, match="casing"):
        ways_of(["cassing"], (), {})


ANSWERS = [
    {"doc": "1@A", "focus": "Measles", "qtype": "information", "answer": "Rubeola morbilli (RM) is a blotchy rash."},
    {
        "doc": "2@A",
        "focus": "migraine headache",
        "qtype": "information",
        "answer": "A migraine headache throbs. MH too.",
    },
    {"doc": "3@A", "focus": "fever", "qtype": "information", "answer": "Fever."},
    {"doc": "4@A", "focus": "influenza or measles", "qtype": "information", "answer": "Both."},
    {"doc": "1@A", "focus": "Measles", "qtype": "causes", "answer": "A virus."},
    {"doc": "1@B", "focus": "Measles", "qtype": "information", "answer": "Of another source."},
]
NAMES = [
    {"doc": "1@A", "synonyms": ["rubeola morbilli", "RM"]},
    {"doc": "2@A", "synonyms": ["MH"]},
    {"doc": "3@A", "synonyms": ["RM"]},
    {"doc": "4@A", "synonyms": ["Rubeola morbilli", "Influenza"]},
]
KNOWN = [("flu", "influenza"), ("measles", "Rubeola Morbilli", "RM"), ("migraine", "Migraine headache")]


def written(folder: Path, name: str, rows: Sequence[object]) -> None:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")


def test_texts_are_of_one_disease_by_a_name_that_tells_and_without_its_names(tmp_path: Path) -> None:
    written(tmp_path, "answers.jsonl", ANSWERS)
    written(tmp_path, "names.jsonl", NAMES)
    texts = DiseaseTexts(name="A", answers=("answers.jsonl",), names="names.jsonl", source="@A")
    found = texts.read(tmp_path, known=KNOWN)
    # the third has an acronym in common with measles alone, the fourth the names of two diseases
    assert [(one.number, one.text) for one in found] == [(1, "it (it) is a blotchy rash."), (2, "A it throbs. it too.")]
    with pytest.raises(InputError, match="diseases of the catalogue"):
        texts.read(tmp_path, known=[("gout",)])


def test_a_recipe_prints_a_table_with_the_baselines(tmp_path: Path, capsys) -> None:
    names = dict(zip(ROWS, KNOWN, strict=True))
    rows = [{"disease": name, "symptoms": some, "synonyms": names[name][1:]} for name, some in ROWS.items()]
    for name, some in {"a.jsonl": rows, "answers.jsonl": ANSWERS, "names.jsonl": NAMES}.items():
        written(tmp_path, name, some)
    (tmp_path / "other.jsonl").write_text('{"text": "play some music", "label": ""}\n', encoding="utf8")
    (tmp_path / "a.obo").write_text(OBO, encoding="utf8")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'evaluation = "diagnosis"\ncatalogue = ["a.jsonl"]\nqueries = "a.jsonl"\nsynonyms = "a.obo"\nsizes = [2]\n'
        "perturbed = 2\n"
        f'other = {{ file = "other.jsonl" }}\n[settings]\nmodel = "{write(tmp_path / "bert", "bert")}"\n'
        "vector_weight = 0.0\nletter_weight = 19.0\n[second]\n"
        'name = "A"\nanswers = ["answers.jsonl"]\nnames = "names.jsonl"\nsource = "@A"\n',
        encoding="utf8",
    )
    assert main(["evaluate", str(recipe), "--data", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "decision support, not medical advice" in shown
    assert "deletion test" in shown
    assert main(["evaluate", str(recipe), "--data", str(tmp_path), "--json"]) == 0
    every = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    table, others = ([row for row in every if ("wording" in row) is first] for first in (True, False))
    assert [row["wording"] for row in table] == [one for one in WORDINGS for _ in range(2)]
    assert all(row["lists"] == 3 and 0 <= row["R@1 ours"] <= row["R@10 ours"] == 1 for row in table)
    assert table[0]["R@1 ours"] == 1.0
    assert table[0]["risk area"] == 0.0
    assert all(0 <= row["Brier"] <= 2 for row in table)
    costs, texts = ([row for row in others if key in row] for key in ("figure", "texts"))
    assert [(row["figure"], row["system"]) for row in costs[:4]] == [
        ("R@1", one) for one in ("names", "words", "vectors", "ours")
    ]
    assert costs[0]["casing"] == 0.0
    assert costs[3]["exact"] == table[0]["R@1 ours"]
    assert [row["texts"] for row in texts] == [2] * 12
    assert texts[-1]["system"] == "ours"
    assert 0 <= texts[-1]["R@1"] <= texts[-1]["R@10"] == 1
    assert main(["evaluate", str(recipe), "--data", str(tmp_path), "--set", 'queries="b.jsonl"']) == 1
    assert "a file of the catalogue" in capsys.readouterr().err
