"""What no section is worth, learned from sentences that are of none."""

import json
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.families import Independent, LatentAlignment
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.sections import SectionScorer
from latentalign.tasks.sections.sectioner import SectionClassifier
from latentalign.tasks.sections.strangers import with_strangers
from latentalign.text.split_texts import SplitText
from latentalign.training.section_null import with_learned_null
from tests.tiny_models import write

OWN = ["the cat sat on the mat", "a dog looked at the cat", "the dog sat on it", "the cat and the dog"]
STRANGE = ["die Straße ist schön", "schön ist die Straße", "im Café", "die Straße im Café"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


def test_a_stranger_is_one_more_sentence_and_the_seed_says_where() -> None:
    documents = [SplitText.of_sentences(OWN[:number]) for number in (1, 2, 4)]
    found = with_strangers(documents, STRANGE, seed=1)
    assert found == with_strangers(documents, STRANGE, seed=1)
    assert found != with_strangers(documents, STRANGE, seed=2)
    for (document, place), before in zip(found, documents, strict=True):
        assert document.strings[place] in STRANGE
        assert document.strings[:place] + document.strings[place + 1 :] == before.strings


def test_strangers_are_told_apart_and_the_sections_stay_as_they_were(folder: Path) -> None:
    encoder = HuggingFaceEncoder.load(folder, device="cpu")
    generator = torch.Generator().manual_seed(0)
    scorer = SectionScorer(
        encoder=encoder,
        vectors=0.1 * torch.randn(2, encoder.model.features, generator=generator),
        bias=torch.zeros(2),
    )
    documents = [SplitText.of_sentences(OWN[number:] + OWN[:number]) for number in range(4)]
    some, places = zip(*with_strangers(documents * 4, STRANGE, seed=0), strict=True)
    learned = with_learned_null(scorer, some, places, temperature=2.0)
    with torch.inference_mode():
        before, after = (
            LatentAlignment(family=Independent(temperature=2.0), scores=scores, mask=mask)
            for scores, mask in (scorer.scores(documents), learned.scores(documents))
        )
        (row,) = learned.scores([SplitText.of_sentences([*OWN, "die Straße ist schön"])])[0]
    given = [one.expected / one.expected.sum(dim=-1, keepdim=True) for one in (before, after)]
    assert_close(given[0], given[1], atol=1e-4, rtol=1e-4)
    evidence = (row / 2.0).logsumexp(dim=1)
    assert evidence[:4].min() > 0 > evidence[4]


def test_a_recipe_learns_null_and_the_evaluation_counts_strangers(folder: Path, tmp_path: Path, capsys) -> None:
    rows = [{"sentences": OWN, "labels": ["aim", "aim", "end", "end"]} for _ in range(12)]
    for name in ("train", "test"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    lines = [json.dumps({"text": text, "label": ""}, ensure_ascii=False) + "\n" for text in STRANGE]
    (tmp_path / "strange.jsonl").write_text("".join(lines), encoding="utf8")
    settings = f'[settings]\nmodel = "{folder}"\nwindow = 128\n[settings.training]\nepochs = 4\n'
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'trainer = "sections"\ndocuments = { file = "train.jsonl" }\nout_of_scope = { file = "strange.jsonl" }\n'
        + settings,
        encoding="utf8",
    )
    assert main(["train", str(recipe), "--data", str(tmp_path), "-o", str(tmp_path / "made")]) == 0
    made = SectionClassifier.load(folder=tmp_path / "made")
    assert made.fitted_on == "1 documents held out and 12 with a text out of scope in each"
    found = made.classify([*OWN, "die Straße ist schön"]).sentences
    assert found[4].nothing > max(one.nothing for one in found[:4])
    recipe.write_text(
        'evaluation = "sections"\ntrain = { file = "train.jsonl" }\ntest = { file = "test.jsonl" }\ndeletions = 0\n'
        'outside_train = { file = "strange.jsonl" }\nstrangers = { file = "strange.jsonl" }\nperturbations = []\n'
        'families = [{ name = "chain" }]\n' + settings,
        encoding="utf8",
    )
    capsys.readouterr()
    assert main(["evaluate", str(recipe), "--data", str(tmp_path), "--json"]) == 0
    table = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(row["AUROC"] > 0.9 for row in table[1:])
