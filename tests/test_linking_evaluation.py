"""Linking measured: figures by hand, baselines, the deletion test, recipes on small files."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from latentalign import Linker
from latentalign.errors import InputError
from latentalign.evaluation.linking.baselines import Lookup, prior_of
from latentalign.evaluation.linking.deletion import link_deletion
from latentalign.evaluation.linking.recipe import Answer, LinkingRecipe, figures, found
from latentalign.evaluation.recipe import run
from latentalign.models.linking.aliases import AliasTable
from latentalign.tasks.alignment.linked_texts import LinkedTexts
from latentalign.tasks.linking.train_linker import LinkerRecipe
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.spans import Span
from tests.test_link import CATALOGUE, LEXICAL, write_catalogue

ROWS: list[dict[str, Any]] = [
    {"id": 1, "title": "Flu", "body": "and cold", "mentions": [(0, 3, "1"), (8, 12, "2")]},
    {"id": 2, "title": "Cancers", "body": "of the breast", "mentions": [(0, 21, "4|1")]},
    {"id": 3, "title": "The grippe", "body": "here", "mentions": [(4, 10, "1")]},
    {"id": 4, "title": "A rash", "body": "there", "mentions": [(2, 6, "77")]},
]


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker.load(CATALOGUE, scorer=LEXICAL)


def write_texts(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [
        {**row, "mentions": [{"start": a, "end": b, "concept": concept} for a, b, concept in row["mentions"]]}
        for row in rows
    ]
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in lines).encode()))


def texts_of(file: str) -> LinkedTexts:
    return LinkedTexts(file=file, text=("title", "body"), prefix="D:")


def test_linked_texts_are_read_with_their_concepts(tmp_path: Path) -> None:
    write_texts(tmp_path / "t.jsonl.gz", ROWS)
    texts = texts_of("t.jsonl.gz").read(tmp_path)
    assert texts[1].text == "Cancers of the breast"
    assert texts[1].mentions is not None
    assert texts[1].mentions[0].concepts == {"D:4", "D:1"}
    with pytest.raises(InputError, match="mentions"):
        LinkedTexts(file="t.jsonl.gz", text=("title",), mentions="absent").read(tmp_path)
    with pytest.raises(InputError, match=r"none\.jsonl"):
        texts_of("none.jsonl").read(tmp_path)


def test_figures_are_those_that_counting_gives(linker: Linker) -> None:
    mentions = [GivenMention(span=Span(0, 1), concepts=frozenset(one)) for one in (["D:1"], ["D:2"], ["D:77"], [])]
    texts = [MentionedText(text="abc", mentions=tuple(mentions))]
    answers = [
        Answer(best="D:1", given="D:1", probability=0.9),
        Answer(best="D:2", given=None, probability=0.6),
        Answer(best="D:1", given=None, probability=0.8),
        Answer(best=None, given="D:3", probability=0.7),
    ]
    row = figures(texts, [answers], linker)
    assert (row["accuracy"], row["with NIL"], row["NIL F1"]) == (50.0, 50.0, 50.0)
    assert row["ECE"] == pytest.approx((0.1 + 0.6 + 0.2 + 0.7) / 4)


def test_found_mentions_count_with_their_offsets(linker: Linker) -> None:
    texts = [
        MentionedText(text="a flu, a cold", mentions=(GivenMention(span=Span(2, 5), concepts=frozenset(["D:1"])),))
    ]
    said = [(Span(2, 5), "D:2"), (Span(9, 13), "D:2")]
    row = found(texts, lambda text: said, linker)
    assert (row["spans"], row["end to end"]) == (pytest.approx(200 / 3), 0.0)
    assert found(texts, None, linker) == {"spans": "–", "end to end": "–"}


def test_look_up_takes_the_concept_that_is_meant_most_often() -> None:
    from dataclasses import replace

    table = AliasTable.of([*CATALOGUE, replace(CATALOGUE[0], id="D:9")])
    texts = [MentionedText(text="flu", mentions=(GivenMention(span=Span(0, 3), concepts=frozenset(["D:9"])),))]
    assert Lookup(table=table, prior=prior_of([])).meaning("Flu") == "D:1"
    assert Lookup(table=table, prior=prior_of(texts)).meaning("Flu") == "D:9"
    assert Lookup(table=table, prior=prior_of([])).meaning("lung cancers") is None
    assert Lookup(table=table, prior=prior_of([]), nearest=True).meaning("lung cancers") == "D:5"
    found_there = Lookup(table=table, prior=prior_of([])).mentions("breast cancer, common cold")
    assert [concept for _, concept in found_there] == ["D:4", "D:2"]


def test_the_deletion_test_finds_that_the_value_rests_on_the_words_it_names(linker: Linker) -> None:
    names = ["severe pulmonary obstructive disease", "cancers of breast tissue", "an acute coryza"]
    texts = [MentionedText(text=one, mentions=(GivenMention(span=Span(0, len(one))),)) for one in names]
    assert link_deletion(linker, [linker.link_record(one) for one in texts]).effect.value > 0


def test_a_recipe_measures_every_system(tmp_path: Path) -> None:
    write_texts(tmp_path / "t.jsonl.gz", ROWS)
    catalogue = write_catalogue(tmp_path).name
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        f"""evaluation = "linking"
catalogue = {{ file = "{catalogue}" }}
test = {{ file = "t.jsonl.gz", text = ["title", "body"], prefix = "D:" }}
train = {{ file = "t.jsonl.gz", text = ["title", "body"], prefix = "D:" }}
[[linker.scorer.potentials]]
name = "lexical"
weight = 14.0
mode = "ngram"
[[linker.scorer.potentials]]
name = "null"
weight = 5.0
"""
    )
    report = run(recipe, data=tmp_path)
    names = [row["system"] for row in report.rows]
    assert names[2] == "ours, untaught"
    assert names[-1] == "ours, taught"
    taught = report.rows[-1]
    assert isinstance(taught["accuracy"], float)
    assert taught["accuracy"] >= 60
    assert "1 without a concept" in report.notes[0]
    assert all(row.keys() == report.rows[0].keys() for row in report.rows)


def test_a_recipe_trains_a_linker_into_a_folder(tmp_path: Path) -> None:
    write_texts(tmp_path / "t.jsonl.gz", ROWS)
    from latentalign import config
    from latentalign.formats.catalogue.catalogue_file import CatalogueFile

    recipe = config.parse(
        LinkerRecipe,
        {
            "catalogue": CatalogueFile(file=write_catalogue(tmp_path).name),
            "train": texts_of("t.jsonl.gz"),
            "linker": {"scorer": LEXICAL},
        },
    )
    recipe.run(tmp_path, tmp_path / "linker")
    linked = Linker.load(folder=tmp_path / "linker").link("la grippe", mentions=[(3, 9)])
    assert linked.mentions[0].ranked[0].concept == "D:1"


def test_the_recipes_that_are_shipped_are_read() -> None:
    from latentalign import config

    root = Path(__file__).parent.parent / "recipes"
    evaluation, trainer = config.read_toml(root / "linking-ncbi.toml"), config.read_toml(root / "link-ncbi.toml")
    assert config.parse(LinkingRecipe, {k: v for k, v in evaluation.items() if k != "evaluation"}).train is not None
    assert config.parse(LinkerRecipe, {k: v for k, v in trainer.items() if k != "trainer"}).train.prefix == "MESH:"
