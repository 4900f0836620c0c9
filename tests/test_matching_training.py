"""A matcher in training: the loss against its formula, gradients, and that it learns what it is taught."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import InputError, UnsupportedError
from latentalign.models.bert import Bert
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.matcher.candidate import candidates_of
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.saving import save_encoder
from latentalign.models.scorer import ScorerConfig
from latentalign.objectives.neighbours import neighbours
from latentalign.training.matching import MatcherInTraining, MatchingConfig
from tests.tiny_models import write
from tests.toy_training import descend

LABELS = {
    "pets": ["the cat sat", "a dog looked at the cat", "the dog sat on it"],
    "streets": ["die Straße ist schön", "schön ist die Straße", "im Café"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "bert", "bert")


@pytest.fixture
def matcher(folder: Path) -> Matcher:
    return MatcherConfig(scorer=ScorerConfig(model=str(folder), device="cpu"), whole_weight=3.0).build()


def module(matcher: Matcher, **settings: object) -> MatcherInTraining:
    return MatcherInTraining(
        matcher, matcher.remember(candidates_of(LABELS)), MatchingConfig(**{"dropout": 0.0, "mined": 6, **settings})
    )


def test_the_loss_is_that_of_the_values_that_answer_later(matcher: Matcher) -> None:
    model = module(matcher).eval()
    memory = matcher.remember(candidates_of(LABELS))
    values = matcher.values(list(memory.units), memory, without=list(range(6)))
    loss, figures = model.loss(torch.arange(6))
    assert_close(loss, neighbours(values, memory.owner), atol=2e-3, rtol=2e-3)
    assert figures["right"] == pytest.approx(float((values.argmax(dim=1) == memory.owner).float().mean()))


def test_gradients_reach_the_layers_and_the_weights_and_not_the_embedding(matcher: Matcher) -> None:
    model = module(matcher, frozen_layers=1)
    loss, _ = model.loss(torch.arange(6))
    loss.backward()
    learned = {name for name, one in model.named_parameters() if one.grad is not None and one.grad.abs().sum() > 0}
    assert "change" in learned
    assert any(name.startswith("backbone.layers.1.") for name in learned)
    assert not any("embedding" in name or name.startswith("backbone.layers.0.") for name in learned)


def test_it_learns_and_gives_back_a_matcher_that_is_only_read(matcher: Matcher) -> None:
    torch.manual_seed(0)
    model = module(matcher, dropout=0.1)
    first = model.eval().loss(torch.arange(6))[0].item()
    descend(model, torch.arange(6), steps=15)
    trained = model.trained(matcher)
    memory = trained.remember(candidates_of(LABELS))
    values = trained.values(list(memory.units), memory, without=list(range(6)))
    assert neighbours(values, memory.owner).item() < first / 2
    assert not values.requires_grad
    assert trained.scorer.encoder.frozen
    assert [one.weight for one in trained.scorer.potentials] != [one.weight for one in matcher.scorer.potentials]


def test_the_memory_follows_the_batches_in_training_only(matcher: Matcher) -> None:
    model = module(matcher)
    with torch.no_grad():
        model.backbone.layers[-1].bias["narrow"] += torch.randn(16)
    before = model.pooled.clone()
    model.eval().loss(torch.tensor([0, 3]))
    assert torch.equal(model.pooled, before)
    model.train().loss(torch.tensor([0, 3]))
    changed = (model.pooled != before).any(dim=1)
    assert changed.tolist() == [True, False, False, True, False, False]


def test_dropout_is_for_training(folder: Path) -> None:
    model = Bert.load(folder)
    ids, mask = torch.tensor([[2, 5, 6, 3]]), torch.ones(1, 4, dtype=torch.bool)
    plain = model.eval().hidden(ids, mask, layers=[3])[0]
    model.drop_out(0.5)
    assert torch.equal(model.hidden(ids, mask, layers=[3])[0], plain)
    assert not torch.equal(model.train().hidden(ids, mask, layers=[3])[0], plain)


def test_texts_are_misspelled_in_training_only_and_by_the_chance_of_torch(matcher: Matcher) -> None:
    plain, noisy = (module(matcher, misspelled=share) for share in (0.0, 1.0))
    batch = torch.arange(6)
    assert_close(noisy.eval().loss(batch)[0], plain.eval().loss(batch)[0], rtol=0, atol=0)
    seen = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        seen.append(module(matcher, misspelled=1.0).train().loss(batch)[0].item())
    assert seen[0] == seen[1] != seen[2]
    assert seen[0] != plain.train().loss(batch)[0].item()


@pytest.mark.parametrize("kind", ["bert", "roberta", "albert"])
def test_an_encoder_is_saved_and_read_again(kind: str, tmp_path: Path) -> None:
    first = write(tmp_path / "first", kind)
    encoder = HuggingFaceEncoder.load(first, device="cpu")
    with torch.no_grad():
        next(iter(encoder.model.parameters())).add_(0.01)
    save_encoder(encoder.model, tmp_path / "second", origin=first)
    again = HuggingFaceEncoder.load(tmp_path / "second", device="cpu")
    units = module_units()
    for one, other in zip(encoder.encode(units), again.encode(units), strict=True):
        assert_close(one.states, other.states)
        assert_close(one.pooled, other.pooled)


def module_units() -> list:
    from latentalign.models.matcher.memory import units_of

    return [units_of(text) for texts in LABELS.values() for text in texts]


def test_what_cannot_be_trained_is_refused(matcher: Matcher) -> None:
    with pytest.raises(InputError, match="two candidates or more"):
        MatcherInTraining(matcher, matcher.remember(candidates_of({"a": "x", "b": "y"})), MatchingConfig())
    with pytest.raises(InputError, match="at least 2 mined"):
        MatchingConfig(mined=1)
    words = replace(matcher, scorer=MatcherConfig(scorer=ScorerConfig(potentials=[{"name": "null"}])).build().scorer)
    with pytest.raises(UnsupportedError, match="a Hugging Face encoder"):
        MatcherInTraining(words, words.remember(candidates_of(LABELS)), MatchingConfig())


def test_a_checkpoint_has_the_memory_so_a_resumed_run_goes_on_from_the_same_loss(
    matcher: Matcher, folder: Path
) -> None:
    model = module(matcher)
    with torch.no_grad():
        model.backbone.layers[-1].bias["narrow"] += torch.randn(16)
    model.train().loss(torch.tensor([0, 3]))  # the memory is now neither the old nor a fresh one
    other = module(MatcherConfig(scorer=ScorerConfig(model=str(folder), device="cpu"), whole_weight=3.0).build())
    other.load_state_dict(model.state_dict())
    for one in (model, other):
        one.eval()
    assert torch.equal(model.loss(torch.arange(6))[0], other.loss(torch.arange(6))[0])
