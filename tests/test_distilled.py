"""The distilled aligner: parts, objectives, learning, rounds that can be stopped, files, and the command."""

import functools
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from latentalign.errors import InputError, ModelError, UnsupportedError
from latentalign.metrics.links import LinkCounts, aer
from latentalign.models.neural.batch import pairs as padded_pairs
from latentalign.models.neural.evidence import Prior, Said, prior
from latentalign.models.neural.network import NetworkConfig, NeuralAligner
from latentalign.models.neural.teacher import said
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.subwords import HIDDEN, Subwords
from latentalign.models.transformer.config import TransformerConfig
from latentalign.tasks.alignment.align import Aligner
from latentalign.tasks.alignment.distilled_aligner import DistilledAligner
from latentalign.text.pairs import Failure, TextPair
from latentalign.training.config import TrainingConfig
from latentalign.training.distill import Rounds
from latentalign.training.distillation import Distillation, Weights, forget, hide
from latentalign.training.lessons import Lesson, collate, pack_lessons
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.weak import WeakTeachers
from tests import synthetic

TEACHER = StatisticalConfig(views=(0, 3), lexical_passes=3, settling_passes=2, averaged_passes=3, diagonal=0.0)
TINY = NetworkConfig(
    words=True, encoder=TransformerConfig(width=16, heads=2, blocks=1), pieces=200, channels=8, layers=1, products=2
)
VIEWS = 2
TRAINING = TrainingConfig(epochs=2, batching=Batching(tokens=200), optimizer=AdamW(learning_rate=5e-3), save_every=5)
ALL = Weights(agreement=0.1, masked=0.1, contrastive=0.1, hidden=0.3, candidates=4)
SENTENCES = [
    ("the cat sleeps", "le chat dort"),
    ("the dog eats", "le chien mange"),
    ("the cat eats", "le chat mange"),
    ("the black dog sleeps", "le chien noir dort"),
    ("a black cat", "un chat noir"),
    ("a dog", "un chien"),
    ("Paris sleeps", "Paris dort"),
]
TEXT = [(source.lower().split(), target.lower().split()) for source, target in SENTENCES * 8]


def rounds(folder, **changes) -> Rounds:
    settings = {
        "settings": TEACHER,
        "network": TINY,
        "weak": WeakTeachers(sizes=(14, 28)),
        "weights": Weights(),
        "training": TRAINING,
    }
    return Rounds(folder=folder, **(settings | changes))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> DistilledAligner:
    folder = tmp_path_factory.mktemp("run") / "aligner.run"
    return DistilledAligner(model=rounds(folder, students=2, rounds=2).run(TEXT))


# Parts --------------------------------------------------------------------------------------------------------------
@functools.cache
def network() -> NeuralAligner:
    """A network whose weights are all random, so that nothing is 0 by its beginning."""
    torch.manual_seed(0)
    made = NeuralAligner(TINY, size=50, views=VIEWS)
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return made.eval()


def invented(n: int, m: int, seed: int) -> tuple[tuple, Said]:
    random = np.random.default_rng(seed)
    split = [np.sort(np.append(np.arange(size), random.integers(0, size, size=2))) for size in (n, m)]
    pieces = tuple((random.integers(3, 50, size=len(places)), places) for places in split)
    forward, backward = random.uniform(size=(2, VIEWS, n, m)) / (n + m)
    return pieces, Said(forward, backward, random.integers(1, 9, size=n), random.integers(1, 9, size=m))


@pytest.mark.parametrize("blind", [False, True])
def test_a_batch_is_its_pairs_one_by_one_whatever_stands_in_the_padding(blind) -> None:
    given = [invented(n, m, seed) for seed, (n, m) in enumerate([(1, 1), (3, 5), (6, 2), (4, 4)])]

    def read(members) -> tuple:
        told = None if blind else prior([told for _, told in members])
        return network()(padded_pairs([pieces for pieces, _ in members]), told)

    together = read(given)
    for row, one in enumerate(given):
        n, m = len(one[1].source), len(one[1].target)
        alone = read([one])
        torch.testing.assert_close(together.forward.expected[row, :m, :n], alone.forward.expected[0])
        torch.testing.assert_close(together.backward.expected[row, :n, :m], alone.backward.expected[0])
        assert not together.forward.expected[row, m:].any()
        assert not together.forward.expected[row, :, n:].any()


def test_an_untrained_network_repeats_the_mean_of_the_views() -> None:
    pieces, told = invented(4, 3, 0)
    untrained = NeuralAligner(TINY, size=50, views=VIEWS).eval()
    found = untrained(padded_pairs([pieces]), prior([told]))
    torch.testing.assert_close(
        found.forward.expected[0].mT.double(), torch.from_numpy(told.forward.mean(axis=0)), atol=3e-3, rtol=0
    )
    torch.testing.assert_close(
        found.backward.expected[0].double(), torch.from_numpy(told.backward.mean(axis=0)), atol=3e-3, rtol=0
    )


def test_a_family_that_is_no_distribution_is_refused() -> None:
    NeuralAligner(replace(TINY, family="markov"), size=9, views=1)
    with pytest.raises(UnsupportedError, match="a distribution"):
        NeuralAligner(replace(TINY, family="transport"), size=9, views=1)


@pytest.mark.parametrize("change", [{"pieces": 3}, {"channels": 0}, {"products": 5}, {"layers": -1}])
def test_sizes_of_a_network_outside_their_range_are_refused(change) -> None:
    with pytest.raises(InputError, match=next(iter(change))):
        NetworkConfig(**change)


def test_hidden_words_lose_their_pieces_and_what_was_said_of_them() -> None:
    pieces, told = invented(3, 2, 0)
    source, target = torch.tensor([[True, False, False]]), torch.tensor([[False, True]])
    hidden = hide(padded_pairs([pieces]), source, target)
    places = hidden.source.places[0]
    assert (hidden.source.pieces[0][places == 0] == HIDDEN).all()
    assert HIDDEN not in hidden.source.pieces[0][places > 0]
    found, before = forget(prior([told]), source, target), prior([told])
    torch.testing.assert_close(found.forward[0, :, :, 1], torch.full((VIEWS, 3), 1 / 4))
    torch.testing.assert_close(found.forward[0, :, :, 0], before.forward[0, :, :, 0])
    torch.testing.assert_close(found.backward[0, :, 0], torch.full((VIEWS, 2), 1 / 3))
    torch.testing.assert_close(found.backward[0, :, 1:], before.backward[0, :, 1:])
    assert found.source[0].tolist() == [1, *told.source[1:].tolist()]


# Objectives ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    subwords = Subwords.train([word for pair in TEXT for side in pair for word in side], size=200)
    path = tmp_path_factory.mktemp("lessons") / "some.packed"

    def lesson(pair) -> Lesson:
        flat = np.full((VIEWS, len(pair[0]), len(pair[1])), 0.1)
        told = Said(flat, flat, np.ones(len(pair[0])), np.ones(len(pair[1])))
        gold = np.eye(len(pair[0]), len(pair[1]))
        return Lesson(*pair, told, gold, gold)

    corpus = pack_lessons(path, map(lesson, TEXT[:7]), subwords)
    return collate([corpus[k] for k in range(len(corpus))]), len(subwords)


@pytest.mark.parametrize("name", ["guided", "agreement", "masked", "contrastive"])
def test_every_objective_alone_goes_down_and_one_of_weight_0_is_not_computed(batch, name) -> None:
    lessons, size = batch
    torch.manual_seed(0)
    hidden = 0.5 if name == "masked" else 0.0
    weights = Weights(**({"guided": 0.0} | {name: 1.0}), hidden=hidden, candidates=7)
    student = Distillation(NeuralAligner(TINY, size=size, views=VIEWS), weights)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    found = []
    for _ in range(100):
        optimizer.zero_grad()
        loss, figures = student.loss(lessons)
        loss.backward()
        optimizer.step()
        assert set(figures) == {name}
        found.append(loss.item())
    assert np.mean(found[-10:]) < 0.85 * np.mean(found[:10])


def test_the_total_is_the_weighted_sum(batch) -> None:
    lessons, size = batch
    student = Distillation(NeuralAligner(TINY, size=size, views=VIEWS), ALL).eval()
    loss, figures = student.loss(lessons)
    assert loss.item() == pytest.approx(sum(getattr(ALL, name) * value for name, value in figures.items()), rel=1e-5)


@pytest.mark.parametrize(
    "bad", [{"guided": -1.0}, {"guided": 0.0}, {"hidden": 1.0}, {"masked": 1.0}, {"candidates": 1}]
)
def test_weights_outside_their_range_are_refused(bad) -> None:
    Weights(agreement=0.5, hidden=0.5)
    with pytest.raises(InputError, match="weights of at least 0"):
        Weights(**bad)


def test_the_words_alone_teach_a_student_where_it_is_told_nothing(batch) -> None:
    """The transformer's states find the links of a text in which the same words always belong together."""
    lessons, size = batch
    torch.manual_seed(0)
    student = NeuralAligner(TINY, size=size, views=VIEWS)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        student(lessons.pairs).forward.loss_against(lessons.forward).mean().backward()
        optimizer.step()
    assert torch.equal(student.eval()(lessons.pairs).forward.best, lessons.forward > 0.5)


# Training -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "kinds"), [("same", {}), ("reversed", {}), ("permuted", {"fertile": True, "nulls": True})]
)
def test_it_finds_the_true_links_of_an_invented_language(order, kinds, tmp_path) -> None:
    corpus = synthetic.sentences(order=order, **kinds)
    text, gold = as_words(corpus)
    weak, training = WeakTeachers(sizes=(60, 120, 200)), replace(TRAINING, epochs=4)
    model = rounds(tmp_path / "run", settings=replace(TEACHER, views=(0,)), weak=weak, training=training).run(text)
    masses = [(found.forward + found.backward) / 2 for found in model.posteriors(text)]
    links = [set(zip(*(side.tolist() for side in (mass >= 0.5).nonzero()), strict=True)) for mass in masses]
    assert aer(LinkCounts.of(found, sure=true) for found, true in zip(links, gold, strict=True)) < 0.05


def as_words(corpus: synthetic.Sentences) -> tuple[list, list[set[tuple[int, int]]]]:
    text, gold = [], []
    for k in range(len(corpus.source)):
        source = [chr(97 + word) for word in corpus.source[k, : corpus.source_lengths[k]].tolist()]
        target = [chr(0x4E00 + word) for word in corpus.target[k, : corpus.target_lengths[k]].tolist()]
        text.append((source, target))
        gold.append({(i, j) for j, i in corpus.gold[k].nonzero().tolist()})
    return text, gold


@pytest.mark.parametrize("stage", ["lessons", "train"])
def test_a_run_that_was_stopped_goes_on_to_the_same_model(stage, tmp_path, monkeypatch) -> None:
    whole = rounds(tmp_path / "whole", weights=ALL, students=2).run(TEXT)

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"latentalign.training.distill.{stage}", stopped)
        with pytest.raises(KeyboardInterrupt):
            rounds(tmp_path / "run", weights=ALL, students=2).run(TEXT)
    with pytest.raises(InputError, match="resume it, remove it"):
        rounds(tmp_path / "run", weights=ALL, students=2).run(TEXT)
    with pytest.raises(InputError, match="the same weights as when the run began"):
        rounds(tmp_path / "run", students=2).run(TEXT, resume=True)
    resumed = rounds(tmp_path / "run", weights=ALL, students=2).run(TEXT, resume=True)
    for one, other in zip(whole.networks, resumed.networks, strict=True):
        assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("sizes", [(), (0,)])
def test_parts_that_are_none_are_refused(sizes) -> None:
    parts = list(WeakTeachers(sizes=(5, 7)).parts(20))
    assert [len(part) for part in parts] == [5, 7]
    assert len({pair for part in parts for pair in part}) == 12
    with pytest.raises(InputError, match="sizes of at least 1 pair"):
        WeakTeachers(sizes=sizes)


# Reading ------------------------------------------------------------------------------------------------------------
def test_evidence_is_the_mean_of_students_and_teacher(trained) -> None:
    words = ["the", "black", "cat"], ["le", "chat", "noir"]
    half = replace(trained.model, share=0.5).posteriors([words])[0]
    teacher, students = trained.model.teacher.posteriors([words])[0], trained.model.posteriors([words])[0]
    np.testing.assert_allclose(half.forward, (teacher.forward + students.forward) / 2, atol=1e-6)
    each = [replace(trained.model, networks=(one,)).posteriors([words])[0] for one in trained.model.networks]
    np.testing.assert_allclose(students.backward, np.mean([one.backward for one in each], axis=0), atol=1e-6)
    evidence = replace(trained, keep_matrix=True).align(*words)
    np.testing.assert_allclose(evidence.matrix, (students.forward + students.backward) / 2, atol=1e-6)
    np.testing.assert_allclose(evidence.null_target, 1 - students.forward.sum(axis=0), atol=1e-6)
    assert evidence.family == "independent"


def test_a_stream_gives_what_single_pairs_give(trained) -> None:
    pairs = [TextPair(source=source, target=target) for source, target in [*SENTENCES, ("a zebra", "un zèbre, là")]]
    stream = list(trained.align_many([*pairs, TextPair(source="", target="le", id="7")]))
    assert isinstance(stream.pop(), Failure)
    for pair, one in zip(pairs, stream, strict=True):
        alone = trained.align(pair.source, pair.target)
        assert [link[:2] for link in alone.links] == [link[:2] for link in one.links]
        np.testing.assert_allclose(
            [link.weight for link in alone.links], [link.weight for link in one.links], atol=1e-4
        )


def test_unknown_words_have_the_count_1(trained) -> None:
    (told,) = said(trained.model.teacher, [(["the", "zzz"], ["le"])])
    assert told.source[0] > told.source[1] == 1
    assert told.forward.shape == (VIEWS, 2, 1)
    assert isinstance(prior([told]), Prior)


def test_calibration_moves_weights_and_not_mass(trained) -> None:
    pairs = [TextPair.from_words(source.split(), target.split()) for source, target in SENTENCES]
    fitted = trained.calibrate(pairs, [[(0, 0)] for _ in pairs], fitted_on="a test")
    one, other = (replace(aligner, keep_matrix=True).align("the cat", "le chat") for aligner in (trained, fitted))
    assert one.matrix == other.matrix
    assert [link[:2] for link in one.links] == [link[:2] for link in other.links]


# Files --------------------------------------------------------------------------------------------------------------
def test_what_is_saved_is_loaded(trained, tmp_path) -> None:
    folder = trained.save(tmp_path / "model")
    loaded = Aligner.load(model=str(folder), threshold=0.4)
    assert isinstance(loaded, DistilledAligner)
    assert loaded.threshold == 0.4
    for source, target in SENTENCES:
        one, other = (
            replace(trained, threshold=0.0).align(source, target),
            replace(loaded, threshold=0.0).align(source, target),
        )
        np.testing.assert_allclose(
            [link.weight for link in one.links], [link.weight for link in other.links], atol=0.01
        )
    again = DistilledAligner.load(loaded.save(tmp_path / "again", memory=False))
    assert again.model.teacher.memory is None
    assert again.threshold == 0.4
    assert again.knows(["the", "zzz"], side="source") == 0.5


def test_a_changed_file_and_another_kind_are_refused(trained, tmp_path) -> None:
    from latentalign.training import checkpoint

    folder = trained.save(tmp_path / "model")
    found = checkpoint.load(folder)
    missing = {name: tensors for name, tensors in found.tensors.items() if name != "networks.safetensors"}
    with pytest.raises(ModelError, match="all tensors of a distilled model"):
        DistilledAligner.load(checkpoint.save(tmp_path, "less", tensors=missing, values=found.values))
    with pytest.raises(ModelError, match="a distilled word aligner"):
        DistilledAligner.load(checkpoint.save(tmp_path, "other", tensors={}, values={"kind": "a cake"}))
    weights = folder / "networks.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    with pytest.raises(ModelError, match=r"networks\.safetensors"):
        DistilledAligner.load(folder)


def test_the_command_trains_resumes_and_aligns(tmp_path, capsys) -> None:
    from latentalign.cli.main import main

    rows = "".join(f"{source}\t{target}\n" for source, target in SENTENCES * 8)
    (tmp_path / "pairs.tsv").write_text(rows, encoding="utf-8")
    texts = '[[texts]]\nreader = "tsv"\nfiles = ["pairs.tsv"]\n'
    short = "[settings]\nviews = [0]\nlexical_passes = 2\nsettling_passes = 1\naveraged_passes = 2\n"
    recipe, plain = tmp_path / "small.toml", tmp_path / "plain.toml"
    recipe.write_text(
        f'trainer = "distilled"\n{texts}{short}'
        "[weak]\nsizes = [20, 20]\n[training]\nepochs = 1\n"
        "[network]\nwords = true\npieces = 100\nchannels = 8\nlayers = 1\n"
        "[network.encoder]\nwidth = 16\nheads = 2\nblocks = 1\n"
    )
    plain.write_text(f'trainer = "aligner"\n{texts}{short}')
    folder = tmp_path / "model"
    arguments = ["train", str(recipe), "--data", str(tmp_path), "--output", str(folder)]
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    assert main(arguments) == 1
    assert "resume it" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0
    assert main(["align", "--model", str(folder), "the black cat", "le chat noir", "--json"]) == 0
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert record["family"] == "independent"
    assert main(["train", str(plain), "--data", str(tmp_path), "--output", str(tmp_path / "p"), "--resume"]) == 0
    assert "begins anew" in capsys.readouterr().err
    assert main([*arguments, "--set", "rounds=0"]) == 1
    assert "rounds and students of at least 1" in capsys.readouterr().err
