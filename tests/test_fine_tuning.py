"""An encoder taught by the statistical aligner: its loss, what it learns, its folder, and what is refused."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, UnsupportedError
from latentalign.families import Independent, LatentAlignment
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.models.units import Units
from latentalign.objectives.guided import guided
from latentalign.tasks.alignment.align import Aligner
from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner
from latentalign.tasks.alignment.train_encoder import EncoderRecipe
from latentalign.text.words import words
from latentalign.training.distillation import Weights
from latentalign.training.fine_tuning import EncoderInTraining
from tests.test_statistical import SENTENCES, SHORT
from tests.tiny_models import write

POTENTIALS = [{"name": "similarity", "weight": 8.0}, {"name": "null", "bias": 2.0}]
PAIRS = [
    (Units(text=source, spans=words(source)), Units(text=target, spans=words(target))) for source, target in SENTENCES
]


@pytest.fixture(scope="module")
def teacher() -> StatisticalAligner:
    return StatisticalAligner.train(SENTENCES * 8, SHORT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "bert", "bert")


def module(folder: Path, teacher: StatisticalAligner, **weights: float) -> EncoderInTraining:
    scorer = PairScorer.load(ScorerConfig(model=str(folder), device="cpu", potentials=POTENTIALS))
    return EncoderInTraining(scorer, PAIRS, teacher=teacher.model, weights=Weights(**weights))


def test_the_loss_is_that_of_the_teachers_masses_whatever_else_is_in_the_batch(folder, teacher) -> None:
    model = module(folder, teacher).eval()
    pair = PAIRS[0]
    scores, mask = model.scorer.score([pair[0]], [pair[1]], level="word")
    (posterior,) = teacher.model.posteriors([(pair[0].strings, pair[1].strings)])
    wanted = 0.0
    for matrix, real, mass in ((scores.mT, mask.mT, posterior.forward.T), (scores, mask, posterior.backward)):
        alignment = LatentAlignment(family=Independent(), scores=matrix, mask=real)
        wanted = wanted + guided(alignment, torch.tensor(mass[None].copy(), dtype=torch.float32), reduction="query")
    assert_close(model.loss(torch.tensor([0]))[0], wanted)
    longest = max(range(len(PAIRS)), key=lambda k: len(PAIRS[k][0].spans))
    sums = sum(model.loss(torch.tensor([k]))[1]["guided"] * len(PAIRS[k][0].spans) for k in (1, longest))
    # source and target have as many words in these two, so a mean over queries is a mean over words
    count = sum(len(PAIRS[k][0].spans) for k in (1, longest))
    assert model.loss(torch.tensor([1, longest]))[1]["guided"] == pytest.approx(sums / count, rel=1e-4)


def test_every_objective_has_a_gradient_to_the_encoder(folder, teacher) -> None:
    for weights in ({"guided": 1.0}, {"guided": 0.0, "agreement": 1.0}, {"guided": 0.0, "contrastive": 1.0}):
        model = module(folder, teacher, **weights)
        loss, figures = model.loss(torch.arange(3))
        loss.backward()
        assert len(figures) == 1
        assert any(one.grad is not None and one.grad.abs().sum() > 0 for one in model.backbone.parameters())


def test_it_learns_the_links_of_its_teacher(folder, teacher) -> None:
    torch.manual_seed(0)
    model = module(folder, teacher)
    batch = torch.arange(len(PAIRS))
    first = model.loss(batch)[0].item()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(40):
        optimizer.zero_grad()
        loss, _ = model.loss(batch)
        loss.backward()
        optimizer.step()
    assert model.loss(batch)[0].item() < first / 2


def test_hidden_words_and_other_encoders_are_refused(folder, teacher) -> None:
    with pytest.raises(UnsupportedError, match="hide no words"):
        module(folder, teacher, masked=0.5, hidden=0.2)
    scorer = PairScorer(encoder=None, potentials=())
    with pytest.raises(UnsupportedError, match="Hugging Face encoder"):
        EncoderInTraining(scorer, PAIRS, teacher=teacher.model, weights=Weights())
    with pytest.raises(InputError, match="at least 1 pair"):
        EncoderRecipe(texts=(), pairs=0)


def test_a_recipe_writes_a_folder_that_align_reads_and_goes_on_where_it_stopped(folder, tmp_path, capsys) -> None:
    rows = "".join(f"{source}\t{target}\n" for source, target in SENTENCES * 4)
    (tmp_path / "pairs.tsv").write_text(rows, encoding="utf-8")
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        f'trainer = "encoder"\nmodel = "{folder}"\npairs = 20\n[[texts]]\nreader = "tsv"\nfiles = ["pairs.tsv"]\n'
        "[settings]\nviews = [0]\nlexical_passes = 2\nsettling_passes = 1\naveraged_passes = 2\n"
        "[training]\nupdates = 3\n"
    )
    output = tmp_path / "tuned"
    arguments = ["train", str(recipe), "--data", str(tmp_path), "--output", str(output)]
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(output)
    evidence = Aligner.load(model=str(output)).align("the cat sleeps", "le chat dort")
    assert len(evidence.null_source) == 3
    assert main(arguments) == 1
    assert "resume" in capsys.readouterr().err
    assert main([*arguments, "--resume", "--set", "training.updates=4"]) == 0
    assert "update-00000004" in {path.name for path in (tmp_path / "tuned.run").iterdir()}
