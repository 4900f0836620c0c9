"""Potentials: each against its formula written as a loop, and the laws that all of them keep."""

import dataclasses
import math
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from strategies import quick
from torch.testing import assert_close

from latentalign import registry
from latentalign.errors import InputError, LatentAlignError, ModelError, UnknownNameError
from latentalign.models import bags
from latentalign.models.anisotropy import Centring
from latentalign.models.features import Featurizer, fold
from latentalign.models.idf import Idf
from latentalign.models.potentials.length import Length
from latentalign.models.potentials.lexical import Lexical
from latentalign.models.potentials.null import Null
from latentalign.models.potentials.pooled import Pooled
from latentalign.models.potentials.position import Position
from latentalign.models.potentials.similarity import Similarity
from latentalign.models.units import Encoded, Side, Units, side
from latentalign.text.pairs import TextPair
from latentalign.text.segment import segment

WORDS = ["the", "The", "cat", "cats", "sat", "Straße", "STRASSE", ",", "ﬁne", "fine", "3.14", "naïve"]
TABLE = Idf(documents=9, counts={"the": 9, "cat": 3, "sat": 1})
DOCUMENTS = ["the cat sat", "the dog", "The cat, the cats", "x"]
sentences = st.lists(st.sampled_from(WORDS), max_size=6)
batches = st.lists(st.tuples(sentences, sentences), min_size=1, max_size=4)
CASES = [
    Similarity(scale=2.0, bias=-0.3),
    Similarity(centring="pair"),
    Similarity(centring=Centring(mean=torch.ones(5), transform=torch.eye(5) * 2)),
    Pooled(bias=0.1),
    *(Lexical(mode=mode, idf=idf) for mode in ("exact", "stem", "ngram") for idf in (None, TABLE)),
    Position(band=0.1),
    Length(),
    Null(bias=0.7),
    Null(ease=2.0, idf=TABLE),
]


def given_words(words: list[str]) -> Units:
    pair = TextPair.from_words(words, [])
    return Units(text=pair.source, spans=pair.source_spans or ())


def encoded(one: Units) -> Encoded:
    """Return states that depend on the text alone, so that a batch and its items agree."""
    generator = torch.Generator().manual_seed(sum(map(ord, one.text)))
    return Encoded(
        states=torch.randn(len(one.spans), 5, generator=generator), pooled=torch.randn(5, generator=generator)
    )


def sides(texts: list[tuple[list[str], list[str]]]) -> tuple[Side, Side]:
    rows = [[given_words(pair[number]) for pair in texts] for number in (0, 1)]
    return tuple(side(row, [encoded(one) for one in row]) for row in rows)


def cosine(left: torch.Tensor, right: torch.Tensor) -> float:
    length = left.norm() * right.norm()
    return float(left @ right / length) if length > 0 else 0.0


def test_every_registered_potential_is_among_the_cases() -> None:
    assert {type(one) for one in CASES} == {registry.potentials.load(name) for name in registry.potentials}


@pytest.mark.parametrize("potential", CASES, ids=lambda one: type(one).__name__)
@settings(quick, max_examples=15)
@given(batches)
def test_a_batch_equals_the_loop_and_padding_is_finite(potential, texts) -> None:
    source, target = sides(texts)
    shape = (len(texts), source.mask.shape[1], target.mask.shape[1])
    found = potential(source, target).broadcast_to(shape)
    assert found.isfinite().all()
    for index, pair in enumerate(texts):
        one, other = sides([pair])
        alone = potential(one, other).broadcast_to(1, len(pair[0]), len(pair[1]))[0]
        assert_close(found[index, : len(pair[0]), : len(pair[1])], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("potential", CASES, ids=lambda one: type(one).__name__)
def test_a_potential_says_what_it_needs_and_leaves_its_weight_to_the_scorer(potential) -> None:
    source, target = sides([(["the", "cat"], ["sat"])])
    heavier = dataclasses.replace(potential, weight=7.0)
    assert_close(heavier(source, target), potential(source, target))
    without = {"states": None, "pooled": None}
    for name in ("states", "pooled"):
        if getattr(potential, f"needs_{name}"):
            del without[name]
    bare = [dataclasses.replace(one, **without) for one in (source, target)]
    assert_close(potential(*bare), potential(source, target))
    if potential.needs_states or potential.needs_pooled:
        with pytest.raises(InputError, match="sides without"):
            potential(*(dataclasses.replace(one, states=None, pooled=None) for one in bare))


@pytest.mark.parametrize("potential", [one for one in CASES if not isinstance(one, Null)], ids=repr)
def test_a_potential_is_the_same_from_both_directions(potential) -> None:
    source, target = sides([(["the", "cat", "sat"], ["Cats", "Straße"])])
    assert_close(potential(source, target).mT, potential(target, source))


def test_similarity_is_the_cosine_and_a_unit_without_state_is_like_nothing() -> None:
    source, target = sides([(["the", "cat"], ["a", "dog", "x"])])
    source.states[0, 1] = 0.0
    source.states.requires_grad_()
    found = Similarity(scale=3.0, bias=0.5)(source, target)
    wanted = [[3 * cosine(row, column) + 0.5 for column in target.states[0]] for row in source.states[0].detach()]
    assert_close(found[0], torch.tensor(wanted))
    assert_close(found[0, 1], torch.full((3,), 0.5))
    found.sum().backward()
    assert source.states.grad.isfinite().all()


def test_centring_a_pair_takes_off_the_mean_of_both_texts() -> None:
    source, target = sides([(["the", "cat"], ["a", "dog", "x"]), (["b"], ["c"])])
    mean = torch.cat([source.states[0], target.states[0]]).mean(dim=0)
    wanted = [[cosine(row - mean, column - mean) for column in target.states[0]] for row in source.states[0]]
    assert_close(Similarity(centring="pair")(source, target)[0], torch.tensor(wanted))


def test_pooled_is_one_number_a_pair() -> None:
    source, target = sides([(["the"], ["a", "dog"]), (["b"], ["c", "d"])])
    wanted = [2 * cosine(*pair) - 1 for pair in zip(source.pooled, target.pooled, strict=True)]
    assert_close(Pooled(scale=2.0, bias=-1.0)(source, target), torch.tensor(wanted)[:, None, None])


@pytest.mark.parametrize("at_once", [1, 5, 1 << 20])
@pytest.mark.parametrize("level", ["word", "sentence"])
@pytest.mark.parametrize("idf", [None, TABLE])
@pytest.mark.parametrize("mode", ["exact", "stem", "ngram"])
def test_lexical_is_the_cosine_of_weighted_bags(mode, idf, level, at_once, monkeypatch) -> None:
    monkeypatch.setattr(bags, "_AT_ONCE", at_once)
    texts = [("The cat sat. The cats, the cat!", "Cats sat on the Straße. STRASSE?"), ("ﬁne", "A fine the the.")]
    rows = [[Units(text=t, spans=segment(t, level=level)) for t in row] for row in zip(*texts, strict=True)]
    source, target = (side(row, level=level) for row in rows)
    found = Lexical(mode=mode, idf=idf)(source, target)
    weigh = idf or (lambda _: 1.0)
    rule = Featurizer(mode=mode)

    def bag(string: str) -> Counter[str]:
        parts = [string] if level == "word" else [span.of(string) for span in segment(string)]
        return Counter(feature for part in parts for feature in rule.of_word(part))

    def salience(one: Counter[str]) -> float:
        return sum(n * weigh(f) for f, n in one.items()) / one.total() / (idf.mean if idf else 1.0)

    for index, (query, key) in enumerate(zip(*rows, strict=True)):
        for i, left in enumerate(map(bag, query.strings)):
            for j, right in enumerate(map(bag, key.strings)):
                product = sum(left[f] * right[f] * weigh(f) ** 2 for f in left)
                lengths = [math.sqrt(sum((n * weigh(f)) ** 2 for f, n in one.items())) for one in (left, right)]
                wanted = product / math.prod(lengths) * math.sqrt(salience(left) * salience(right))
                assert found[index, i, j].item() == pytest.approx(wanted, abs=1e-5)


def test_without_salience_lexical_is_a_plain_cosine() -> None:
    source, target = sides([(["the", "cat"], ["the", "cat"])])
    assert_close(Lexical(idf=TABLE, salience=0.0)(source, target)[0], torch.eye(2))
    rare = Lexical(idf=TABLE)(source, target)[0].diagonal()
    assert rare[0] < 1 < rare[1]


def test_case_form_and_inflection() -> None:
    def score(left: str, right: str, **settings: object) -> float:
        return Lexical(**settings)(*sides([([left], [right])])).item()

    assert score("Straße", "STRASSE") == score("ﬁne", "FINE") == pytest.approx(1.0)
    assert score("cat", "cats") == 0.0
    assert score("cat", "cats", mode="stem") == pytest.approx(1.0)
    assert score("Häuser", "Haus", mode="stem", language="german") == score(
        "Haus", "Haus", mode="stem", language="german"
    )
    assert 0 < score("aligned", "alignment", mode="ngram") < 1
    assert score("a", "b", mode="ngram", sizes=(9,)) == 0.0
    assert fold(fold("ﬁnE")) == fold("FINE")


def test_position_is_the_distance_from_the_diagonal_beyond_the_band() -> None:
    source, target = sides([(["a"] * 4, ["b"] * 3), (["a"], ["b", "c"])])
    found = Position(band=0.2)(source, target)
    for index, (n, m) in enumerate([(4, 3), (1, 2)]):
        for i in range(n):
            for j in range(m):
                distance = abs((i + 0.5) / n - (j + 0.5) / m)
                assert found[index, i, j].item() == pytest.approx(-max(0.0, distance - 0.2), abs=1e-6)


def test_length_is_the_tail_of_gale_and_church() -> None:
    source, target = sides([(["aaaa", "a" * 30], ["bb", "b" * 200, "c"])])
    found = Length(ratio=1.2, variance=5.0, floor=-30.0)(source, target)[0]
    for i, left in enumerate((4, 30)):
        for j, right in enumerate((2, 200, 1)):
            delta = (right - 1.2 * left) / math.sqrt(5.0 * (left + right / 1.2) / 2)
            assert found[i, j].item() == pytest.approx(max(-30.0, math.log(2) + norm.logcdf(-abs(delta))), rel=1e-4)


def test_length_leaves_blanks_out_and_takes_empty_units() -> None:
    spaced, packed = (side([Units(text=text, spans=((0, len(text)),))]) for text in ("a b\nc ", "abc"))
    assert_close(Length()(spaced, packed), torch.zeros(1, 1, 1))
    blank = side([Units(text="  ", spans=((0, 2),))])
    assert_close(Length()(blank, blank), torch.zeros(1, 1, 1))


def test_null_is_a_constant_and_dearer_for_rare_words() -> None:
    source, target = sides([(["the", "cat"], ["the", "dog"])])
    assert Null(bias=2.0)(source, target).tolist() == [[[-2.0]]]
    ease = {word: 1 - TABLE(word) / TABLE.highest for word in ("the", "cat", "dog")}
    wanted = [[-(1 + 2 * (ease[row] + ease[column]) / 2) for column in ("the", "dog")] for row in ("the", "cat")]
    assert_close(Null(ease=2.0, idf=TABLE)(source, target)[0], torch.tensor(wanted))
    assert ease["dog"] == 0.0


def test_document_frequencies(tmp_path: Path) -> None:
    table = Idf.fit(DOCUMENTS)
    assert (table.documents, table.counts["the"], table.counts["cat"], table.counts["cats"]) == (4, 3, 2, 1)
    assert table("cat") == pytest.approx(math.log(1 + (4 - 2 + 0.5) / (2 + 0.5)))
    total = sum(table.counts.values())
    assert table.mean == pytest.approx(sum(n * table(f) for f, n in table.counts.items()) / total)
    table.save(tmp_path / "idf.json")
    again = Idf.load(tmp_path / "idf.json")
    assert (again.documents, again.counts) == (table.documents, table.counts)
    source, target = sides([(["cat", "the"], ["the"])])
    by_file = Lexical(idf=str(tmp_path / "idf.json"))(source, target)
    assert_close(by_file, Lexical().fit(DOCUMENTS)(source, target))
    (tmp_path / "idf.json").write_text("[]")
    with pytest.raises(ModelError, match="a table of document frequencies"):
        Lexical(idf=str(tmp_path / "idf.json"))
    with pytest.raises(InputError, match="at least one document"):
        Idf.fit([])


def test_centring_makes_of_a_sample_what_it_promises(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sample = torch.randn(200, 6) @ torch.randn(6, 6) + 3.0
    for kind, parts in (("centre", sample), ("whiten", sample.split(70)), ("components", [sample])):
        made = Centring.fit(parts, kind=kind, components=2)
        mapped = made(sample)
        assert_close(mapped.mean(dim=0), torch.zeros(6), atol=1e-4, rtol=0.0)
        spectrum = torch.linalg.eigvalsh(mapped.T.cov(correction=0))
        if kind == "whiten":
            assert_close(spectrum[1:], torch.ones(5), atol=0.05, rtol=0.0)
        if kind == "components":
            before = torch.linalg.eigvalsh(sample.T.cov(correction=0))
            assert_close(spectrum, torch.cat([torch.zeros(2), before[:-2]]), atol=1e-3, rtol=1e-3)
        made.save(tmp_path / f"{kind}.safetensors")
        assert_close(Centring.load(tmp_path / f"{kind}.safetensors")(sample), mapped)


def test_a_fitted_centring_may_be_given_by_its_file(tmp_path: Path) -> None:
    source, target = sides([(["a", "b"], ["c"])])
    made = Centring(mean=torch.arange(5.0), transform=torch.diag(torch.arange(5.0)))
    made.save(tmp_path / "fitted.safetensors")
    found = Similarity(centring=str(tmp_path / "fitted.safetensors"))(source, target)
    assert_close(found, Similarity(centring=made)(source, target))
    wanted = [[cosine(made(row), made(column)) for column in target.states[0]] for row in source.states[0]]
    assert_close(found[0], torch.tensor(wanted))


def test_settings_that_cannot_be_are_refused(tmp_path: Path) -> None:
    refused = [
        (lambda: Position(band=1.0), lambda: Position(band=1.1), "a band in"),
        (lambda: Length(variance=0.1), lambda: Length(variance=0.0), "a positive ratio and variance"),
        (lambda: Length(floor=0.0), lambda: Length(floor=1.0), "a floor of at most 0"),
        (lambda: Lexical(mode="ngram", sizes=(1,)), lambda: Lexical(mode="ngram", sizes=(0,)), "sizes of n-grams"),
        (lambda: Centring.fit(torch.ones(2, 3), kind="components", components=3),
         lambda: Centring.fit(torch.ones(2, 3), kind="components", components=4), "1 to 3 components"),
        (lambda: Centring.fit(torch.ones(1, 3)), lambda: Centring.fit(torch.ones(0, 3)), "at least one state"),
    ]  # fmt: skip
    for good, bad, message in refused:
        assert good() is not None
        with pytest.raises(LatentAlignError, match=message):
            bad()
    with pytest.raises(UnknownNameError, match="did you mean 'german'"):
        Lexical(mode="stem", language="germn")
    with pytest.raises(ModelError, match="'none', 'pair' or the file"):
        Similarity(centring="piar")
    (tmp_path / "broken.safetensors").write_bytes(b"xx")
    with pytest.raises(ModelError, match="fitted centring"):
        Centring.load(tmp_path / "broken.safetensors")
