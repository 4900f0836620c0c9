"""The pair scorer: the weighted sum of its potentials, on as few passes of the encoder as there are texts."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_models import write
from torch.testing import assert_close

from latentalign.errors import InputError, UnknownNameError
from latentalign.models.potentials.length import Length
from latentalign.models.potentials.lexical import Lexical
from latentalign.models.potentials.null import Null
from latentalign.models.potentials.pooled import Pooled
from latentalign.models.potentials.similarity import Similarity
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.models.units import Encoded, Units
from latentalign.text.segment import segment

SOURCES = ["The cat sat.", "a", "Die Straße ist schön im Café"]
TARGETS = ["The dog sat on the mat.", "The cat sat.", "x y"]
TOML = """
potentials = [{ name = "similarity", weight = 3.0, bias = -0.5 }, { name = "lexical", mode = "stem" }]
layer = -2
window = 24
"""


class Counting:
    """An encoder that makes states from the letters of a unit, and remembers what it was asked."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.wanted: list[tuple[bool, bool]] = []

    def encode(self, units: Sequence[Units], *, level: str, states: bool = True, pooled: bool = True) -> list[Encoded]:
        self.texts += [one.text for one in units]
        self.wanted.append((states, pooled))
        return [
            Encoded(
                states=torch.stack([vector(string) for string in one.strings]) if states else None,
                pooled=vector(one.text) if pooled else None,
            )
            for one in units
        ]


def vector(text: str) -> torch.Tensor:
    return torch.tensor([[float(letter in text) for letter in "abcdefghst"]])[0] + 0.1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


def rows(texts: Sequence[str], level: str = "word") -> list[Units]:
    return [Units(text=text, spans=segment(text, level=level)) for text in texts]


@pytest.mark.parametrize("level", ["word", "sentence"])
def test_scores_are_the_weighted_sum_and_0_in_the_padding(level: str) -> None:
    potentials = (Similarity(weight=2.0), Pooled(weight=3.0), Lexical(weight=0.5), Null(weight=1.5))
    scorer = PairScorer(encoder=Counting(), potentials=potentials)
    sources, targets = rows(SOURCES, level), rows(TARGETS, level)
    scores, mask = scorer.score(sources, targets, level=level)
    query, key = scorer.sides(sources, targets, level=level)
    for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
        real = torch.zeros(mask.shape[1:], dtype=torch.bool)
        real[: len(source.spans), : len(target.spans)] = True
        assert torch.equal(mask[index], real)
    wanted = sum(one.weight * one(query, key) for one in potentials)
    assert scores.dtype is torch.float32
    assert_close(scores, torch.where(mask, wanted, 0.0))


def test_a_batch_equals_the_loop_over_its_pairs(folder: Path) -> None:
    scorer = PairScorer.load(ScorerConfig(model=str(folder), device="cpu"))
    scores, _ = scorer.score(rows(SOURCES), rows(TARGETS), level="word")
    for index, pair in enumerate(zip(rows(SOURCES), rows(TARGETS), strict=True)):
        alone, mask = scorer.score([pair[0]], [pair[1]], level="word")
        assert mask.all()
        assert_close(scores[index, : alone.shape[1], : alone.shape[2]], alone[0], atol=2e-4, rtol=1e-4)


def test_the_encoder_reads_each_text_once_and_only_what_is_needed() -> None:
    counting = Counting()
    scorer = PairScorer(encoder=counting, potentials=(Similarity(),))
    scorer.score(rows(["the cat", "a", "a"]), rows(["a", "the cat", "b"]), level="word")
    assert counting.texts == ["the cat", "a", "b"]
    assert counting.wanted == [(True, False)]
    PairScorer(encoder=counting, potentials=(Pooled(),)).score(rows(["a"]), rows(["b"]), level="word")
    assert counting.wanted[-1] == (False, True)
    before = len(counting.wanted)
    PairScorer(encoder=counting, potentials=(Lexical(),)).score(rows(["a"]), rows(["b"]), level="word")
    assert len(counting.wanted) == before


def test_what_is_known_is_not_read_again() -> None:
    counting = Counting()
    scorer = PairScorer(encoder=counting, potentials=(Similarity(), Pooled()))
    known = scorer.encode(rows(["the cat", "a", "a"]), level="word")
    assert counting.texts == ["the cat", "a"]
    again, _ = scorer.score(rows(["the cat"]), rows(["b"]), level="word", known=known)
    assert counting.texts == ["the cat", "a", "b"]
    assert_close(again, scorer.score(rows(["the cat"]), rows(["b"]), level="word")[0])


def test_texts_without_units_give_empty_scores(folder: Path) -> None:
    scorer = PairScorer.load(ScorerConfig(model=str(folder), device="cpu"))
    scores, mask = scorer.score(rows(["", "the cat"]), rows(["the", ""]), level="word")
    assert scores.shape == (2, 2, 1)
    assert not mask.any()
    assert not scores.any()
    scores, _ = scorer.score(rows([""]), rows([""]), level="sentence")
    assert scores.shape == (1, 0, 0)
    assert scorer.score([], [], level="word")[0].shape == (0, 0, 0)


def test_gradients_reach_the_encoder_through_the_scores(folder: Path) -> None:
    for frozen in (True, False):
        scorer = PairScorer.load(ScorerConfig(model=str(folder), device="cpu", frozen=frozen))
        scores, _ = scorer.score(rows(SOURCES), rows(TARGETS), level="word")
        assert scores.requires_grad is not frozen
    scores.sum().backward()
    gradients = [one.grad for one in scorer.encoder.model.parameters() if one.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_an_encoder_is_loaded_only_if_a_potential_needs_it() -> None:
    lexical = PairScorer.load(ScorerConfig(model="/no/such/folder", potentials=[{"name": "lexical"}]))
    assert lexical.encoder is None
    assert lexical.score(rows(["a b"]), rows(["b"]), level="word")[0].tolist() == [[[0.0], [1.0]]]
    with pytest.raises(InputError, match="an encoder for the potentials pooled, similarity"):
        PairScorer(encoder=None, potentials=(Pooled(), Length(), Similarity()))


def test_both_sides_have_as_many_texts() -> None:
    scorer = PairScorer(encoder=None, potentials=(Null(),))
    assert scorer.score(rows(["a", "b"]), rows(["a", "b"]), level="word")[1].all()
    with pytest.raises(InputError, match="as many sources as targets, got 2 and 1"):
        scorer.score(rows(["a", "b"]), rows(["a"]), level="word")


def test_a_configuration_goes_to_toml_and_back(folder: Path) -> None:
    settings = replace(ScorerConfig.from_dict(tomllib.loads(TOML)), model=str(folder), device="cpu")
    assert settings.layer == -2
    assert ScorerConfig.from_dict(settings.to_dict()) == settings
    assert None not in settings.to_dict().values()
    scorer = PairScorer.load(settings)
    assert scorer.potentials == (Similarity(weight=3.0, bias=-0.5), Lexical(mode="stem"))
    assert (scorer.encoder.layer, scorer.encoder.window) == (-2, 24)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"layr": 1}, "did you mean 'layer'"),
        ({"potentials": [{"name": "similarty"}]}, "did you mean 'similarity'"),
        ({"potentials": [{"name": "null", "bais": 1.0}]}, "did you mean 'bias'"),
    ],
)
def test_an_unknown_key_is_named_beside_the_nearest_one(table: dict, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        PairScorer.load(ScorerConfig.from_dict(table))


@pytest.mark.parametrize(
    "table", [{"layer": "last"}, {"dtype": "float8"}, {"potentials": [{"name": "null", "bias": "much"}]}]
)
def test_a_value_of_the_wrong_type_is_refused(table: dict) -> None:
    with pytest.raises(InputError):
        PairScorer.load(ScorerConfig.from_dict(table))
