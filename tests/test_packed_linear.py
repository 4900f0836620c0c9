"""Weights in order: the same numbers as torch's own linear layers, also after the weights have changed."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_models import units, write
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from latentalign.models.bert import Bert
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.packed_linear import PackedLinear

SIZES = [(1, 1, 7, 5), (1, 11, 384, 384), (2, 3, 96, 1), (3, 40, 64, 256), (0, 4, 8, 8)]
CHANGES: dict[str, Callable[[nn.Parameter], object]] = {
    "in place": lambda weight: weight.mul_(3),
    "copied into": lambda weight: weight.copy_(torch.rand_like(weight)),
    "another tensor": lambda weight: weight.set_(torch.rand_like(weight)),
}


def layer(inputs: int, outputs: int) -> tuple[nn.Parameter, nn.Parameter]:
    return nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5), nn.Parameter(torch.randn(outputs))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_products_are_those_of_torch(size: tuple[int, int, int, int], mode: Callable[[], torch.no_grad]) -> None:
    batch, tokens, inputs, outputs = size
    states, (weight, bias), layers = torch.randn(batch, tokens, inputs), layer(inputs, outputs), PackedLinear()
    wanted, other_weight = F.linear(states, weight, bias), nn.Parameter(weight.detach() + 1)
    with mode():
        assert_close(layers("a", states, weight, bias), wanted, atol=1e-5, rtol=1e-5)
        assert_close(layers("a", states, weight, bias, gelu=True), F.gelu(wanted), atol=1e-5, rtol=1e-5)
        one, other = layers.several("b", states, [weight, other_weight], [bias, bias])
        assert_close(one, wanted, atol=1e-5, rtol=1e-5)
        assert_close(other, wanted + states @ torch.ones(inputs, 1), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("change", CHANGES)
def test_a_weight_that_has_changed_is_put_in_order_again(change: str) -> None:
    states, (weight, bias), layers = torch.randn(2, 9, 32), layer(32, 16), PackedLinear()
    with torch.no_grad():
        before = layers("a", states, weight, bias)
        CHANGES[change](weight)
        after = layers("a", states, weight, bias)
        assert_close(after, F.linear(states, weight, bias), atol=1e-5, rtol=1e-5)
    assert (after - before).abs().max() > 0.1


def test_a_step_of_an_optimizer_is_seen() -> None:
    states, (weight, bias), layers = torch.randn(2, 9, 32), layer(32, 16), PackedLinear()
    steps = torch.optim.AdamW([weight, bias], lr=0.5)
    for _ in range(3):
        with torch.no_grad():
            assert_close(layers("a", states, weight, bias), F.linear(states, weight, bias), atol=1e-5, rtol=1e-5)
        layers("a", states, weight, bias).square().sum().backward()
        steps.step()


def test_gradients_are_those_of_torch() -> None:
    states, (weight, bias), layers = torch.randn(2, 9, 32), layer(32, 16), PackedLinear()
    with torch.no_grad():
        layers("a", states, weight, bias)
    found = torch.autograd.grad(layers("a", states, weight, bias, gelu=True).sum(), [weight, bias])
    wanted = torch.autograd.grad(F.gelu(F.linear(states, weight, bias)).sum(), [weight, bias])
    assert_close(found, wanted)


def test_under_autocast_products_have_its_type() -> None:
    states, (weight, bias), layers = torch.randn(2, 9, 32), layer(32, 16), PackedLinear()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert layers("a", states, weight, bias).dtype is torch.bfloat16


def test_a_model_of_another_type_is_put_in_order_again(tmp_path: Path) -> None:
    encoder = HuggingFaceEncoder.load(write(tmp_path, "bert"), device="cpu")
    model = encoder.model
    assert isinstance(model, Bert)
    text = units("the cat sat on the mat")
    (before,) = encoder.encode([text])
    model.to(torch.bfloat16)
    (half,) = encoder.encode([text])
    model.to(torch.float32)
    (after,) = encoder.encode([text])
    assert 0 < (half.pooled - before.pooled).abs().max() < 0.1
    assert 0 < (after.pooled - before.pooled).abs().max() < 0.1


def test_a_copy_of_a_model_that_was_read_reads_the_same(tmp_path: Path) -> None:
    encoder = HuggingFaceEncoder.load(write(tmp_path, "bert"), device="cpu")
    ids, mask = torch.arange(2, 9)[None], torch.ones(1, 7, dtype=torch.bool)
    with torch.inference_mode():
        wanted = encoder.model.hidden(ids, mask, layers=[1])
        assert_close(copy.deepcopy(encoder.model).hidden(ids, mask, layers=[1]), wanted)


@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # the switch of torch sets that as well
def test_torch_s_own_switch_turns_it_off() -> None:
    states, (weight, bias), layers = torch.randn(2, 9, 32), layer(32, 16), PackedLinear()
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        assert layers("a", states, weight, bias).equal(F.linear(states, weight, bias))
