"""The statistical aligner: kernels against the families, training, reading again, files, and the packaged model."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latentalign.errors import InputError, LatentAlignError, MissingExtraError, ModelError, UnsupportedError
from latentalign.families import Independent, Markov
from latentalign.metrics.links import LinkCounts, aer
from latentalign.models.packaged import names
from latentalign.models.statistical import kernels, spelling
from latentalign.models.statistical.calibration import Calibration, gold_cells
from latentalign.models.statistical.emissions import nearness
from latentalign.models.statistical.room import room
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.statistical.vocabulary import spell
from latentalign.tasks.alignment.align import Aligner
from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner
from latentalign.text.clitics import split_clitics
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.words import words
from latentalign.training.bitext import Bitext, meetings
from latentalign.training.expectation import uniform, write_nearness
from tests import synthetic

SHORT = StatisticalConfig(views=(0, 3), lexical_passes=3, settling_passes=2, averaged_passes=3, chains=1)
SENTENCES = [
    ("the cat sleeps", "le chat dort"),
    ("the dog eats", "le chien mange"),
    ("the cat eats", "le chat mange"),
    ("the black dog sleeps", "le chien noir dort"),
    ("a black cat", "un chat noir"),
    ("a dog", "un chien"),
    ("Paris sleeps", "Paris dort"),
]


@pytest.fixture(scope="module")
def trained() -> StatisticalAligner:
    return StatisticalAligner.train(SENTENCES * 8, SHORT)


# Kernels ------------------------------------------------------------------------------------------------------------
SIZES = st.integers(1, 9)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.integers(0, 4), st.sampled_from([0.1, 1.0, 10.0, 50.0]), st.integers(0, 2**32 - 1))
def test_the_markov_kernel_is_the_family(rows, columns, reach, scale, seed) -> None:
    random = np.random.default_rng(seed)
    scores, weights = random.normal(size=(rows, columns)) * scale, random.normal(size=2 * reach + 1)
    wide, mass = kernels.all_jumps(np.exp(weights), columns), np.empty((rows, columns))
    jumps, space = np.zeros_like(wide), room(max(rows, columns), (rows + 1) * (columns + 1))
    value = kernels.markov(np.exp(scores), wide, 0.1, mass, jumps, space)
    seen = np.zeros(2 * reach + 1)
    np.add.at(seen, np.clip(np.arange(-columns - 1, columns + 2), -reach, reach) + reach, jumps * wide)
    family = Markov(jump=tuple(weights), null_log_odds=math.log(0.1 / 0.9), start="jump", end="jump")
    matrix = torch.from_numpy(scores)
    assert value == pytest.approx(family.value(matrix).item(), rel=1e-10, abs=1e-9)
    np.testing.assert_allclose(mass, family.expected(matrix).numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(seen, family.jump_counts(matrix)[0].numpy(), rtol=0, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(SIZES, SIZES, st.floats(0.01, 10), st.integers(0, 2**32 - 1))
def test_the_independent_kernel_is_the_family(rows, columns, factor, seed) -> None:
    scores = np.random.default_rng(seed).normal(size=(rows, columns)) * 5
    mass = np.empty((rows, columns))
    value = kernels.independent(np.exp(scores), factor, mass)
    matrix = torch.from_numpy(scores) + math.log(factor)
    assert value == pytest.approx(Independent().value(matrix).item(), rel=1e-12)
    np.testing.assert_allclose(mass, Independent().expected(matrix).numpy(), rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.floats(0, 40))
def test_the_nearness_of_training_is_that_of_reading(rows, columns, diagonal) -> None:
    near = np.empty((rows, columns))
    write_nearness(near, diagonal)
    np.testing.assert_allclose(near, nearness(rows, columns, diagonal), rtol=1e-12)


WORD = st.text("abcé'", min_size=1, max_size=9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=8))
def test_compiled_spelling_is_the_plain_one_and_follows_the_longest_common_subsequence(pairs) -> None:
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    order = np.arange(len(pairs), dtype=np.int32)
    found = [np.empty(len(pairs), np.int8) for _ in range(2)]
    for compare, steps in zip((kernels.likeness, spelling.likeness), found, strict=True):
        compare(order, order, *spell(left), *spell(right), steps)
    assert found[0].tolist() == found[1].tolist() == [step(*pair) for pair in pairs]


def step(one: str, other: str) -> int:
    one, other = one.replace("é", "e"), other.replace("é", "e")
    shorter, longer = sorted((len(one), len(other)))
    if one == other:
        return 11 + min(longer, 4)
    if shorter < 3:
        return 0
    if shorter / longer < 0.4:
        return 1
    return 1 + 10 * common(one, other) // longer


def common(one: str, other: str) -> int:
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + common(one[1:], other[1:])
    return max(common(one[1:], other), common(one, other[1:]))


def test_hashed_numbers_are_uniform() -> None:
    drawn = np.array([uniform(np.uint64(key), place) for key in (0, 2**63 + 5) for place in range(5000)])
    assert drawn.min() >= 0
    assert drawn.max() < 1
    shares = np.histogram(drawn, bins=10, range=(0, 1))[0] / len(drawn)
    assert np.abs(shares - 0.1).max() < 5 * math.sqrt(0.09 / len(drawn))


def test_every_cell_has_the_number_of_its_pair_of_types() -> None:
    text = Bitext.read([(["a", "b", "a"], ["x", "y"]), ([], ["x"]), (["b"], ["y", "z"])])
    met, source, target = meetings(text, 0)
    assert len(text) == 2
    found = [(source.words[met.rows[cell]], target.words[met.columns[cell]]) for cell in met.cells]
    assert found == [*[(s, t) for s in "aba" for t in "xy"], ("b", "y"), ("b", "z")]
    assert len(set(zip(met.rows.tolist(), met.columns.tolist(), strict=True))) == len(met.rows)


# Training -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", ["same", "reversed", "permuted"])
@pytest.mark.parametrize(("fertile", "nulls"), [(False, False), (True, False), (False, True), (True, True)])
def test_it_finds_the_true_links_of_an_invented_language(order, fertile, nulls) -> None:
    corpus = synthetic.sentences(order=order, fertile=fertile, nulls=nulls)
    pairs, gold = as_words(corpus)
    aligner = StatisticalAligner.train(pairs, replace(SHORT, views=(0,)))
    found = ({link[:2] for link in evidence.indexed_links()} for evidence in aligner.align_many(pairs))
    assert aer(LinkCounts.of(links, sure=true) for links, true in zip(found, gold, strict=True)) < 0.05


@pytest.mark.parametrize("left_out", [{"word_order": False}, {"agreement": False}, {"lexical_passes": 0}])
def test_each_part_of_the_model_can_be_left_out_and_changes_what_is_learnt(trained, left_out) -> None:
    other = StatisticalAligner.train(SENTENCES * 8, replace(SHORT, **left_out))
    assert counts(other) != counts(trained)
    assert ("cat", "chat") in {link[:2] for link in other.align("the cat sleeps", "le chat dort").pairs()}


def test_spelling_that_adds_nothing_leaves_unknown_names_alone() -> None:
    deaf = StatisticalAligner.train(SENTENCES * 8, replace(SHORT, spelling=0.0))
    assert all((table.alike == 0).all() for table in deaf.model.tables)


def as_words(corpus: synthetic.Sentences) -> tuple[list[TextPair], list[set[tuple[int, int]]]]:
    pairs, gold = [], []
    for k in range(len(corpus.source)):
        source = [chr(97 + word) for word in corpus.source[k, : corpus.source_lengths[k]].tolist()]
        target = [chr(0x4E00 + word) for word in corpus.target[k, : corpus.target_lengths[k]].tolist()]
        pairs.append(TextPair.from_words(source, target))
        gold.append({(i, j) for j, i in corpus.gold[k].nonzero().tolist()})
    return pairs, gold


def test_the_number_of_threads_changes_nothing_and_the_seed_does(trained, monkeypatch) -> None:
    monkeypatch.setattr("latentalign.training.em.BLOCK", 100)
    one, three = (StatisticalAligner.train(SENTENCES * 8, SHORT, threads=threads) for threads in (1, 3))
    other = StatisticalAligner.train(SENTENCES * 8, replace(SHORT, seed=1))
    assert counts(one) == counts(three)
    assert counts(other) != counts(trained)


def counts(aligner: StatisticalAligner) -> list[list[float]]:
    tables = aligner.model.tables
    return [array.ravel().tolist() for table in tables for array in (table.links, table.jump, table.alike)]


def test_every_pass_is_reported() -> None:
    passes = []
    StatisticalAligner.train(SENTENCES * 8, SHORT, report=passes.append)
    assert [(done.view, done.number) for done in passes] == [(view, n) for view in (0, 3) for n in range(1, 9)]
    assert passes[7].log_likelihood > passes[0].log_likelihood
    assert {done.stage for done in passes} == {"lexical", "settling", "averaged"}


def test_chains_begin_with_draws_of_their_own() -> None:
    """The first chain is the model of one chain; the second has drawn other links; a folder keeps both apart."""
    one, two = (StatisticalAligner.train(SENTENCES * 8, replace(SHORT, chains=chains)) for chains in (1, 2))
    assert [table.size for table in two.model.tables] == [0, 3, 0, 3]
    assert counts(two)[: len(counts(one))] == counts(one)
    assert counts(two)[len(counts(one)) :] != counts(one)
    assert [len(StatisticalConfig().for_text(pairs).views) for pairs in (50, 137, 227, 500)] == [20, 15, 10, 5]


def test_a_text_without_a_pair_is_refused() -> None:
    with pytest.raises(InputError, match="at least one pair"):
        StatisticalAligner.train([("", "le chat"), ("the cat", " ")], SHORT)


def test_without_numba_training_names_the_extra_and_aligning_works(trained, monkeypatch) -> None:
    wanted = trained.align("the cat sleeps", "le chat dort")
    monkeypatch.setitem(__import__("sys").modules, "numba", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"latentalign\[fast\]"):
        StatisticalAligner.train(SENTENCES, SHORT)
    assert close(next(trained.align_many([TextPair(source="the cat sleeps", target="le chat dort")])), wanted)


def close(one, other) -> bool:
    return [link[:2] for link in one.links] == [link[:2] for link in other.links] and np.allclose(
        [link.weight for link in one.links] + [one.score],
        [link.weight for link in other.links] + [other.score],
        atol=1e-6,
    )


# Reading ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("word_order", [True, False])
def test_both_engines_give_the_same_posteriors(trained, word_order) -> None:
    pairs = [(["the", "black", "cat"], ["le", "chat", "noir"]), (["zzz"], ["le", "qqq"]), (["a"] * 9, ["un"])]
    model = replace(trained.model, settings=replace(SHORT, word_order=word_order))
    compiled, plain = (model.posteriors(pairs, engine=engine) for engine in ("compiled", "torch"))
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_allclose(one.forward, other.forward, atol=1e-6)
        np.testing.assert_allclose(one.backward, other.backward, atol=1e-6)
        assert one.value == pytest.approx(other.value, abs=1e-6)


def test_a_training_pair_reads_the_same_alone_and_in_a_stream_and_as_if_it_were_new(trained) -> None:
    pairs = [TextPair(source=source, target=target) for source, target in SENTENCES]
    stream = list(trained.align_many(pairs * 2))
    assert stream[: len(pairs)] == stream[len(pairs) :]
    assert all(close(trained.align(*SENTENCES[k]), stream[k]) for k in range(len(pairs)))
    once = StatisticalAligner.train([*SENTENCES * 8, ("zork", "blim")], SHORT)
    known, new = once.align("zork", "blim"), once.align("zark", "blum")
    assert known.matrix == new.matrix
    # What a pair alone has taught does not make it surer of itself; without the memory it would.
    kept, lost = (
        model.posteriors([(["zork"], ["blim"])])[0].forward[0, 0] for model in (once.model, once.model.without_memory())
    )
    assert kept < lost


def test_unknown_words_link_by_spelling_and_the_others_go_to_null(trained) -> None:
    evidence = trained.align("Rome sleeps", "Rome dort")
    assert ("Rome", "Rome") in {link[:2] for link in evidence.pairs()}
    alone = trained.align("qqqq", "zzzzzzzzz")
    assert all(0 <= mass <= 1 for mass in (*alone.null_source, *alone.null_target))


def test_evidence_counts_up(trained) -> None:
    evidence = replace(trained, keep_matrix=True).align("the black cat sleeps", "le chat noir dort")
    posterior = trained.model.posteriors([(["the", "black", "cat", "sleeps"], ["le", "chat", "noir", "dort"])])[0]
    np.testing.assert_allclose(evidence.null_target, 1 - posterior.forward.sum(axis=0), atol=1e-6)
    np.testing.assert_allclose(evidence.null_source, 1 - posterior.backward.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(evidence.matrix, (posterior.forward + posterior.backward) / 2, atol=1e-6)
    assert all(weight >= trained.threshold for *_, weight in evidence.links)
    assert replace(trained, threshold=1.0).align("the cat", "le chat").links == ()


@pytest.mark.parametrize(("source", "target"), [("", "le chat"), ("the cat", "\u200b")])
def test_a_blank_side_is_refused_alone_and_a_failure_in_a_stream(trained, source, target) -> None:
    with pytest.raises(InputError, match="at least one word"):
        trained.align(source, target)
    good = TextPair(source="the cat", target="le chat")
    results = list(trained.align_many([good, TextPair(source=source, target=target, id="7"), good]))
    assert [isinstance(result, Failure) for result in results] == [False, True, False]
    assert results[1].id == "7"


def test_case_accents_and_apostrophes_are_one_word(trained) -> None:
    plain, odd = trained.align("the cat sleeps", "le chat dort"), trained.align("THE Cat Sleeps", "LE CHAT dort")
    assert [link.weight for link in plain.links] == [link.weight for link in odd.links]
    text = "L’été d'Anna"
    assert [span.of(text) for span in split_clitics(text, words(text), language="fr")] == ["L’", "été", "d'", "Anna"]


# Calibration --------------------------------------------------------------------------------------------------------
@settings(max_examples=20, deadline=None)
@given(st.floats(0.2, 3), st.floats(0.2, 3), st.floats(-2, 2), st.integers(0, 2**32 - 1))
def test_a_fit_finds_the_curve_that_made_the_answers_and_rises(rise, finish, offset, seed) -> None:
    random = np.random.default_rng(seed)
    mass = random.uniform(0.01, 0.99, size=20_000)
    true = Calibration(rise=rise, finish=finish, offset=offset)
    accepted = random.uniform(size=len(mass)) < true(mass)
    found = Calibration.fit(mass, accepted)
    assert np.abs(found(mass) - true(mass)).max() < 0.05
    assert (np.diff(found(np.linspace(0, 1, 101))) >= 0).all()


def test_a_fit_needs_both_answers() -> None:
    with pytest.raises(InputError, match="accepted and links that are not"):
        Calibration.fit(np.array([0.5, 0.6]), np.array([True, True]))
    with pytest.raises(InputError, match="rise and finish above 0"):
        Calibration.fit(np.array([0.2, 0.9] * 50), np.array([True, False] * 50))
    assert Calibration.fit(np.array([0.2, 0.9] * 50), np.array([False, True] * 50)).rise > 0
    assert gold_cells([(2, 1)], [[(1, 0)]]).tolist() == [False, True]


def test_calibration_moves_weights_and_not_mass(trained) -> None:
    pairs = [TextPair.from_words(source.split(), target.split()) for source, target in SENTENCES]
    fitted = trained.calibrate(pairs, [[(0, 0)] for _ in pairs], fitted_on="a test")
    one, other = (replace(aligner, keep_matrix=True).align("the cat", "le chat") for aligner in (trained, fitted))
    assert one.matrix == other.matrix
    assert fitted.model.calibration.fitted_on == "a test"
    assert [link[:2] for link in one.links] == [link[:2] for link in other.links]
    assert [link.weight for link in one.links] != [link.weight for link in other.links]


# Files --------------------------------------------------------------------------------------------------------------
def test_what_is_saved_is_loaded_bit_for_bit(trained, tmp_path) -> None:
    folder = trained.save(tmp_path / "model")
    loaded = StatisticalAligner.load(folder)
    pairs = [TextPair(source=source, target=target) for source, target in [*SENTENCES, ("a zebra", "un zèbre")]]
    assert list(loaded.align_many(pairs)) == list(trained.align_many(pairs))
    assert loaded.model.settings == trained.model.settings
    small = trained.save(tmp_path / "small", memory=False)
    assert StatisticalAligner.load(small).model.memory is None
    assert isinstance(Aligner.load(model=str(small)), StatisticalAligner)


def test_a_changed_file_is_refused(trained, tmp_path) -> None:
    folder = trained.save(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        StatisticalAligner.load(folder)


def test_another_kind_of_checkpoint_is_refused(trained, tmp_path) -> None:
    from latentalign.training import checkpoint

    with pytest.raises(ModelError, match="a statistical word aligner"):
        StatisticalAligner.load(checkpoint.save(tmp_path, "other", tensors={}, values={"kind": "a cake"}))
    with pytest.raises(ModelError, match="a packaged model"):
        StatisticalAligner.load("en-xx")


def test_a_trained_aligner_has_its_own_family_and_level(trained, tmp_path) -> None:
    folder = str(trained.save(tmp_path / "model"))
    assert Aligner.load(model=folder, threshold=0.9).threshold == 0.9
    for setting in ({"family": "markov"}, {"level": "sentence"}):
        with pytest.raises(UnsupportedError, match="brings its family"):
            Aligner.load(model=folder, **setting)


def test_a_recipe_trains_and_writes_a_folder(tmp_path, capsys) -> None:
    from latentalign.cli.main import main

    rows = "".join(f"{source}\t{target}\n" for source, target in SENTENCES * 8)
    (tmp_path / "pairs.tsv").write_text(rows, encoding="utf-8")
    gold = [{"src": ["a", "black", "cat"], "tgt": ["un", "chat", "noir"], "sure": [[2, 1]], "possible": [[0, 0]]}]
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in gold), encoding="utf-8")
    recipe = tmp_path / "small.toml"
    recipe.write_text(
        'trainer = "aligner"\n[[texts]]\nreader = "tsv"\nfiles = ["pairs.tsv"]\n[gold]\nfile = "gold.jsonl"\n'
        "[settings]\nviews = [0]\nlexical_passes = 2\nsettling_passes = 1\naveraged_passes = 2\n"
    )
    folder = tmp_path / "model"
    arguments = ["train", str(recipe), "--data", str(tmp_path), "--output", str(folder)]
    assert main([*arguments, "--set", "settings.seed=3"]) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    assert StatisticalAligner.load(folder).model.settings.seed == 3
    assert main([*arguments, "--set", "settings.sed=3"]) == 1
    assert "did you mean 'seed'" in capsys.readouterr().err


# The packaged model -------------------------------------------------------------------------------------------------
def test_the_packaged_model_is_small_and_links_what_belongs_together(capsys) -> None:
    from latentalign.cli.main import main

    folder = names()["en-fr"]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 16_000_000
    assert "tatoeba.org" in (folder / "README.md").read_text(encoding="utf-8")
    texts = ["the black cat sleeps on the mat", "le chat noir dort sur le tapis"]
    assert main(["align", "--model", "en-fr", *texts, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    found = {(link["source"], link["target"]) for link in record["links"]}
    assert {("black", "noir"), ("cat", "chat"), ("sleeps", "dort")} <= found


@pytest.mark.parametrize("field", ["views", "stray", "averaged_passes", "threshold"])
def test_settings_outside_their_range_are_refused(field) -> None:
    bad = {"views": (), "stray": 1.0, "averaged_passes": 0, "threshold": 1.5}[field]
    with pytest.raises(LatentAlignError, match=field):
        StatisticalConfig(**{field: bad})
