"""LoRA through the real peft: the same numbers at first, adapters alone trained, merged at the end."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import InputError
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.lora import Lora, merged
from latentalign.models.matcher.candidate import candidates_of
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.saving import save_encoder
from latentalign.models.scorer import ScorerConfig
from latentalign.training.matching import MatcherInTraining, MatchingConfig
from tests.tiny_models import units, write

TEXTS = [units("the cat sat on the mat"), units("die Straße ist schön")]
LABELS = {"pets": ["the cat sat", "a dog sat"], "streets": ["die Straße", "im Café"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


def states(encoder: HuggingFaceEncoder) -> list[torch.Tensor]:
    return [one.states.detach() for one in encoder.encode(TEXTS)]


def test_adapters_change_nothing_at_first_and_stay_when_they_are_merged(folder: Path, tmp_path: Path) -> None:
    encoder = HuggingFaceEncoder.load(folder, device="cpu")
    adapted = Lora(rank=2).adapted(encoder)
    assert_close(states(adapted), states(encoder), atol=1e-5, rtol=1e-5)
    learned = {name for name, one in adapted.model.named_parameters() if one.requires_grad}
    assert learned
    assert all("lora_" in name for name in learned)
    with torch.no_grad():
        for name, one in adapted.model.named_parameters():
            if name in learned:
                one.add_(0.1 * torch.randn_like(one))
    before = states(adapted)
    assert not torch.allclose(before[0], states(encoder)[0], atol=1e-2)
    done = merged(adapted)
    assert not [name for name, _ in done.model.named_parameters() if "lora_" in name]
    assert_close(states(done), before, atol=1e-4, rtol=1e-4)
    save_encoder(done.model, tmp_path / "saved", origin=folder)
    assert_close(states(HuggingFaceEncoder.load(tmp_path / "saved", device="cpu")), before, atol=1e-4, rtol=1e-4)


def test_a_matcher_learns_by_adapters_alone(folder: Path) -> None:
    matcher = MatcherConfig(scorer=ScorerConfig(model=str(folder), device="cpu")).build()
    memory = matcher.remember(candidates_of(LABELS))
    module = MatcherInTraining(matcher, memory, MatchingConfig(dropout=0.0, mined=2, lora=Lora(rank=4))).eval()
    optimizer = torch.optim.Adam([one for one in module.parameters() if one.requires_grad], lr=1e-2)
    first = module.loss(torch.arange(4))[0].item()
    for _ in range(10):
        optimizer.zero_grad()
        module.loss(torch.arange(4))[0].backward()
        optimizer.step()
    assert module.loss(torch.arange(4))[0].item() < first
    trained = module.trained(matcher)
    assert trained.scorer.encoder.frozen
    assert not [name for name, _ in trained.scorer.encoder.model.named_parameters() if "lora_" in name]


@pytest.mark.parametrize("bad", [{"rank": 0}, {"alpha": 0.0}, {"dropout": 1.0}])
def test_what_is_refused(bad: dict) -> None:
    with pytest.raises(InputError, match="Lora"):
        Lora(**bad)
